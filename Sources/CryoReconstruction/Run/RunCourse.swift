/// How far a run has come, and what it has seen on the way.
struct RunCourse {
    private let clock = ContinuousClock()
    private let start = ContinuousClock.now
    private let totalWork: Double
    private var emptyIterations = 0
    /// Work done, in the units of ``IterationPlan/work(_:boxLength:)``.
    var done = 0.0
    /// One entry an iteration.
    var statistics = [IterationStatistics]()

    init(totalWork: Double) { self.totalWork = totalWork }

    /// Completes the statistics of an iteration and keeps them.
    ///
    /// - Throws: ``ReconstructionError/diverged(iteration:)`` or ``ReconstructionError/vanished(iteration:)``.
    mutating func note(
        _ entry: IterationStatistics, isEmpty: Bool
    ) throws(ReconstructionError) -> IterationStatistics {
        var entry = entry
        entry.seconds = (clock.now - start) / .seconds(1)
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

    /// Hands over the statistics so far, and begins anew.
    mutating func takeStatistics() -> [IterationStatistics] {
        defer { statistics = [] }
        return statistics
    }
}
