import CryoFiles
import CryoReconstruction
import Foundation

/// Keeps checkpoints while a run goes on, and stops it when that is asked for.
struct CheckpointKeeper {
    let folder: RunFolder
    let particles: ParticleSet
    let transcript: Transcript
    /// Seconds between checkpoints; 0 for one after each iteration.
    let interval: Double
    private var last = ContinuousClock.now

    init(folder: RunFolder, particles: ParticleSet, transcript: Transcript, interval: Double) {
        self.folder = folder
        self.particles = particles
        self.transcript = transcript
        self.interval = interval
    }

    /// Looks at the state after an iteration, which may end a phase.
    ///
    /// - Throws: ``Interrupted`` if the run is to stop, or what writing throws.
    mutating func look(at progress: RunProgress, endsPhase: Bool) throws {
        let signal = Interruption.signal
        let isDue = (ContinuousClock.now - last) / .seconds(1) >= interval
        guard signal != nil || isDue || endsPhase else { return }
        try folder.write(progress, version: Version.current)
        try folder.write(transcript.data, to: "log.txt")
        last = .now
        guard let signal else { return }
        throw try interruption(by: signal, after: progress)
    }

    /// The end of a run that gave up an iteration: it goes on from the last checkpoint, or from the start if there is none yet.
    func interruptionWithinIteration() throws -> Interrupted {
        try interruption(
            by: Interruption.signal ?? SIGINT, after: folder.checkpoint(version: Version.current))
    }

    /// Writes the map so far.
    private func interruption(by signal: Int32, after progress: RunProgress?) throws -> Interrupted {
        let map = progress?.density(boxSize: particles.boxSize, pixelSize: particles.pixelSize)
        if let map { try MRCFile.write(map, to: folder.file("current.mrc")) }
        return Interrupted(
            signal: signal, iteration: progress?.iterationNumber ?? 0, hasMap: map != nil, folder: folder.path
        )
    }
}
