import CryoCore
import CryoFiles
import CryoReconstruction
import CryoReport
import Foundation

/// The run of this process, as its page sees it.
///
/// The run hands over statistics after each iteration, which costs nothing, and copies of density and poses only while
/// somebody looks, every few seconds at most. It never waits for a page.
public final class LiveRun: RunSource {
    /// The least time between two snapshots, in seconds.
    static let interval = 4.0

    let name: String
    let folder: String
    private let images: ParticleSet
    private let askToStop: @Sendable () -> Void
    private let state: Mutex<Known>

    /// What is known.
    private struct Known {
        var iterations = [IterationStatistics]()
        var snapshot: RunSnapshot?
        var subtitle = ""
        var shiftExtent: Double?
        var state = RunSight.State.running
        var message: String?
        var version = 0
        var figuresVersion = 0
        var lastSnapshot: ContinuousClock.Instant?
        var lastLook: ContinuousClock.Instant?
    }

    /// A run that is about to begin.
    ///
    /// - Parameters:
    ///   - folder: The run folder.
    ///   - images: The particles.
    ///   - stop: Asks the run to stop after its iteration.
    public init(folder: String, images: ParticleSet, stop: @escaping @Sendable () -> Void) {
        self.folder = folder
        name = URL(fileURLWithPath: folder).standardizedFileURL.lastPathComponent
        self.images = images
        askToStop = stop
        state = Mutex(Known())
    }

    /// A run begins, or the next one with the symmetry that was found.
    ///
    /// - Parameters:
    ///   - run: The run.
    ///   - input: The STAR file as it was named.
    ///   - part: Which of the run's two parts this is; nil for a run of one.
    public func begin(_ run: Reconstruction, input: String, part: Int? = nil) {
        let parameters = run.parameters
        state.withLock {
            $0.subtitle =
                "\(input) · \(images.count) particles · symmetry \(parameters.symmetry) · seed \(parameters.seed)"
                + (part.map { " · part \($0) of 2" } ?? "")
            $0.shiftExtent = parameters.shiftExtent
            $0.iterations = []
            $0.version += 1
        }
    }

    /// An iteration has ended.
    public func note(_ entry: IterationStatistics) {
        state.withLock { known in
            known.iterations.note(entry)
            known.version += 1
        }
    }

    /// Copies what there is to see, if somebody looks and has not been served for a while.
    public func look(at progress: RunProgress, of run: Reconstruction) {
        let now = ContinuousClock.now
        let isDue = state.withLock { known in
            guard let looked = known.lastLook, (now - looked) < .seconds(5) else { return false }
            guard let last = known.lastSnapshot else { return true }
            return (now - last) / .seconds(1) >= Self.interval
        }
        guard isDue else { return }
        let snapshot = run.snapshot(of: progress)
        state.withLock {
            $0.snapshot = snapshot
            $0.iterations = snapshot.iterations
            $0.lastSnapshot = now
            $0.figuresVersion += 1
            $0.version += 1
        }
    }

    /// The run has ended.
    ///
    /// - Parameters:
    ///   - message: What is to be said about it.
    ///   - isFinished: Whether there is a result; otherwise it was stopped and can go on.
    public func end(_ message: String, isFinished: Bool) {
        state.withLock {
            $0.state = isFinished ? .finished : .interrupted
            $0.message = message
            $0.version += 1
        }
    }

    var canStop: Bool { state.withLock { $0.state == .running } }

    func stop() {
        state.withLock {
            guard $0.state == .running else { return }
            $0.state = .stopping
            $0.message = "The run stops when its iteration is done; everything is kept."
            $0.version += 1
        }
        askToStop()
    }

    private var boxLength: Double { Double(images.boxSize) * images.pixelSize }

    func look() -> RunSight {
        state.withLock { known in
            known.lastLook = .now
            // Made outside the lock, by whoever wants them.
            let figures = known.snapshot.map { [boxLength, images, known] snapshot in
                { @Sendable in
                    RunFigures(
                        snapshot, boxLength: boxLength, shiftExtent: known.shiftExtent, images: images)
                }
            }
            return RunSight(
                state: known.state, subtitle: known.subtitle, message: known.message,
                iterations: known.iterations, version: known.version, figuresVersion: known.figuresVersion,
                figures: figures)
        }
    }
}

extension RunFigures {
    /// The figures of a run that goes on; the density on at most 64 voxels an edge.
    init(_ snapshot: RunSnapshot, boxLength: Double, shiftExtent: Double?, images: ParticleSet?) {
        self.init(
            iterations: snapshot.iterations, map: snapshot.density(atMost: 64), poses: snapshot.poses,
            agreement: snapshot.agreement, noiseVariance: snapshot.noiseVariance, boxLength: boxLength,
            shiftExtent: shiftExtent, images: images, isDark: snapshot.isDark)
    }
}
