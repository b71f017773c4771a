/// How far a run has come, and what it has seen on the way.
struct RunCourse: Codable, Sendable {
    private var secondsBefore = 0.0
    /// When the last iteration ended, in seconds of work.
    private var lastEnd = 0.0
    private var start = ContinuousClock.now
    private var emptyIterations = 0
    private var progress = 0.0
    /// One entry an iteration.
    var statistics = [IterationStatistics]()

    private enum CodingKeys: CodingKey { case secondsBefore, emptyIterations, progress, statistics }

    init() {}

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        secondsBefore = try container.decode(Double.self, forKey: .secondsBefore)
        lastEnd = secondsBefore
        emptyIterations = try container.decode(Int.self, forKey: .emptyIterations)
        progress = try container.decode(Double.self, forKey: .progress)
        statistics = try container.decode([IterationStatistics].self, forKey: .statistics)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        // Time goes on counting where it stood.
        try container.encode(seconds, forKey: .secondsBefore)
        try container.encode(emptyIterations, forKey: .emptyIterations)
        try container.encode(progress, forKey: .progress)
        try container.encode(statistics, forKey: .statistics)
    }

    /// Seconds of work, those before an interruption included.
    private var seconds: Double { secondsBefore + (ContinuousClock.now - start) / .seconds(1) }

    /// Completes the statistics of an iteration and keeps them.
    ///
    /// - Parameters:
    ///   - entry: What happened.
    ///   - isEmpty: Whether nothing is left of a density.
    ///   - remaining: Foretells the rest of the run from its iterations, this one included.
    /// - Throws: ``ReconstructionError/diverged(iteration:)`` or ``ReconstructionError/vanished(iteration:)``.
    mutating func note(
        _ entry: IterationStatistics, isEmpty: Bool, remaining: ([IterationStatistics]) -> Double?
    ) throws(ReconstructionError) -> IterationStatistics {
        var entry = entry
        entry.seconds = seconds
        entry.duration = entry.seconds - lastEnd
        lastEnd = entry.seconds
        statistics.append(entry)
        if let rest = remaining(statistics) {
            progress = max(progress, rest > 0 ? entry.seconds / (entry.seconds + rest) : 1)
            entry.remaining = rest
        }
        entry.progress = progress
        statistics[statistics.count - 1] = entry
        guard entry.relativeChange.isFinite else { throw .diverged(iteration: entry.iteration + 1) }
        emptyIterations = isEmpty ? emptyIterations + 1 : 0
        // It may come back from nothing, but not often.
        guard emptyIterations < 20, !(isEmpty && entry.phase == .final) else {
            throw .vanished(iteration: entry.iteration + 1)
        }
        return entry
    }

    /// Goes on with more than was planned: what was nearly done is not any more.
    mutating func extend() { progress = 0 }

    /// Another density begins.
    mutating func forgetEmptiness() { emptyIterations = 0 }
}
