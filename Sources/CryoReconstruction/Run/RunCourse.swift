/// How far a run has come, and what it has seen on the way.
struct RunCourse: Codable, Sendable {
    private var secondsBefore = 0.0
    private var start = ContinuousClock.now
    private var totalWork: Double
    private var emptyIterations = 0
    /// Work done, in the units of ``IterationPlan/work(_:boxLength:)``.
    var done = 0.0
    /// One entry an iteration.
    var statistics = [IterationStatistics]()

    private enum CodingKeys: CodingKey { case secondsBefore, totalWork, emptyIterations, done, statistics }

    init(totalWork: Double) { self.totalWork = totalWork }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        secondsBefore = try container.decode(Double.self, forKey: .secondsBefore)
        totalWork = try container.decode(Double.self, forKey: .totalWork)
        emptyIterations = try container.decode(Int.self, forKey: .emptyIterations)
        done = try container.decode(Double.self, forKey: .done)
        statistics = try container.decode([IterationStatistics].self, forKey: .statistics)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        // Time goes on counting where it stood.
        try container.encode(seconds, forKey: .secondsBefore)
        try container.encode(totalWork, forKey: .totalWork)
        try container.encode(emptyIterations, forKey: .emptyIterations)
        try container.encode(done, forKey: .done)
        try container.encode(statistics, forKey: .statistics)
    }

    /// Seconds of work, those before an interruption included.
    private var seconds: Double { secondsBefore + (ContinuousClock.now - start) / .seconds(1) }

    /// Completes the statistics of an iteration and keeps them.
    ///
    /// - Throws: ``ReconstructionError/diverged(iteration:)`` or ``ReconstructionError/vanished(iteration:)``.
    mutating func note(
        _ entry: IterationStatistics, isEmpty: Bool
    ) throws(ReconstructionError) -> IterationStatistics {
        var entry = entry
        entry.seconds = seconds
        let part = done / totalWork
        // Sums in another order may miss the end by a last bit.
        entry.progress = part > 1 - 1e-9 ? 1 : part
        statistics.append(entry)
        guard entry.relativeChange.isFinite else { throw .diverged(iteration: entry.iteration + 1) }
        emptyIterations = isEmpty ? emptyIterations + 1 : 0
        // It may come back from nothing, but not often.
        guard emptyIterations < 20, !(isEmpty && entry.phase == .final) else {
            throw .vanished(iteration: entry.iteration + 1)
        }
        return entry
    }

    /// Goes on with more work than was planned.
    mutating func extend(by work: Double) { totalWork = done + work }

    /// Hands over the statistics so far, and begins anew.
    mutating func takeStatistics() -> [IterationStatistics] {
        defer { statistics = [] }
        return statistics
    }
}
