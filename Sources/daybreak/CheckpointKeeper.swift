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
    private var phase: IterationPlan.Phase?

    init(folder: RunFolder, particles: ParticleSet, transcript: Transcript, interval: Double) {
        self.folder = folder
        self.particles = particles
        self.transcript = transcript
        self.interval = interval
    }

    /// Looks at the state after an iteration.
    ///
    /// - Throws: ``Interrupted`` if the run is to stop, or what writing throws.
    mutating func look(at progress: RunProgress) throws {
        let signal = Interruption.signal
        let isDue = (ContinuousClock.now - last) / .seconds(1) >= interval
        let beginsPhase = phase != nil && progress.lastStatistics?.phase != phase
        phase = progress.lastStatistics?.phase ?? phase
        guard signal != nil || isDue || beginsPhase || progress.isComplete else { return }
        try folder.write(progress, version: Version.current)
        try folder.write(transcript.data, to: "log.txt")
        last = .now
        guard let signal else { return }
        if let map = progress.density(boxSize: particles.boxSize, pixelSize: particles.pixelSize) {
            try MRCFile.write(map, to: folder.file("current.mrc"))
        }
        throw Interrupted(signal: signal, iteration: progress.iterationNumber, folder: folder.path)
    }
}
