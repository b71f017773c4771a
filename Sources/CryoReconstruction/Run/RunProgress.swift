import CryoCore
import CryoFiles
import Foundation

/// Everything that a run has come to know at the end of an iteration; with it the run goes on as if it had never stopped.
///
/// What follows from files and settings alone is not in it. Random numbers are functions of what they are for, so there
/// is no generator's state either.
public struct RunProgress: Codable, Sendable {
    /// The next iteration of the plan.
    public internal(set) var iteration = 0
    /// The random start that is being annealed, counted over all repetitions; nil once one was chosen.
    public internal(set) var start: Int? = 0
    /// Which of the run's plans is followed; see
    /// ``IterationSchedule/repeatedPlans(_:particleCount:boxLength:boxSize:diameter:)``.
    public internal(set) var repetition = 0
    /// The best start so far, with its statistics and the particles' centres.
    var best: RankedStart?
    var records = [StartRecord]()
    /// The density of each at the end of its anneal, until one was chosen; nil in checkpoints of older versions.
    var startDensities: [Volume?]? = []
    /// The short starts of which the present start is the best; nil in checkpoints of older versions.
    var shortStarts: ShortStarts? = ShortStarts()
    /// One state, and from the end of the anneal one for each half-set.
    var states: [RunState]
    var watch = AgreementWatch()
    var course: RunCourse
    /// What is added to an iteration's place in the plan to number it; 0 unless the run was extended.
    var numberOffset = 0
    var centres = [SIMD2<Double>]()
    var scales = [Float]()
    /// +1 where protein is taken for white, −1 where for black; nil before the first iteration.
    var sign: Int?
    var setAside = [Int: String]()

    /// The number of the last iteration, from 1; 0 before the first.
    public var iterationNumber: Int { lastStatistics.map { $0.iteration + 1 } ?? 0 }

    /// Of which short starts the present start is the best, in words; nil where it is none, and before it is known.
    public var shortStartsText: String? { shortStarts?.compared?.text }

    /// The statistics of the last iteration.
    public var lastStatistics: IterationStatistics? { course.statistics.last }

    /// The SHA-256 of the voxels of the present densities, one after the other.
    var densityHash: String {
        let hash = ContentHash()
        for state in states { hash.add(state.density?.voxels ?? []) }
        return hash.digits()
    }

    /// The mean of the present densities, on a grid of `boxSize` voxels; nil before the first iteration.
    public func density(boxSize: Int, pixelSize: Double) -> Volume? {
        let densities = states.compactMap(\.density).map { $0.resampled(to: boxSize) }
        guard !densities.isEmpty else { return nil }
        var mean = densities.mean
        mean.pixelSize = pixelSize
        return mean
    }
}

/// A start that has come to the end of its anneal, or of a short start.
struct RankedStart: Codable, Sendable {
    let repetition: Int
    let state: RunState
    let statistics: [IterationStatistics]
    let centres: [SIMD2<Double>]

    /// The present start.
    init(_ progress: RunProgress) {
        repetition = progress.repetition
        var state = progress.states[0]
        // Its engine would stay in memory beside those of the starts that follow.
        state.stage = nil
        self.state = state
        statistics = progress.course.statistics
        centres = progress.centres
    }
}
