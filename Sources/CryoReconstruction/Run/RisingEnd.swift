import CryoCore

/// When an anneal whose limit rises has come as far as it leads.
enum RisingEnd {
    /// By how many nats so many iterations as a lower limit has must raise the log-evidence at the last one for more to follow.
    ///
    /// The 30S at SNR 0.02 rose by 0.06 to 0.12 nats in twenty iterations before images recognised it, and by 0.3 then.
    static let leastGain = 0.05
    /// Iterations that must agree on it that images tell their poses.
    static let witnessCount = 5

    /// Whether the log-evidences of the iterations at the last limit have stopped rising.
    static func isSettled(_ logEvidences: [Double], window: Int) -> Bool {
        guard logEvidences.count > window, let last = logEvidences.last else { return false }
        return last - logEvidences[logEvidences.count - 1 - window] < leastGain
    }

    /// Whether images tell their poses, by the effective poses of the iterations with momentum.
    ///
    /// Twice as many, as after any anneal, are too many here: images that creep along fit nineteen, and few of them a step lose the map then.
    static func isKnown(_ entries: [IterationStatistics], atMost few: Double) -> Bool {
        entries.count >= witnessCount
            && entries.suffix(witnessCount).allSatisfy { $0.effectivePoses <= few }
    }
}

extension Reconstruction {
    /// Whether a rising anneal has only its iterations on the fine quadrature left to do.
    func hasRisen(_ progress: RunProgress) -> Bool {
        let plans = plans[progress.repetition]
        guard let last = progress.lastStatistics, last.phase == .anneal, plans[last.iteration].momentum > 0
        else { return false }
        let entries = progress.course.statistics.filter { plans[$0.iteration].momentum > 0 }
        let limit = plans.endOfAnneal?.ringCount
        let atLimit = entries.filter { plans[$0.iteration].ringCount == limit }
        return RisingEnd.isKnown(entries, atMost: parameters.annealEnd)
            || RisingEnd.isSettled(
                atLimit.map(\.logEvidence), window: max(1, parameters.annealIterations / 8))
    }
}
