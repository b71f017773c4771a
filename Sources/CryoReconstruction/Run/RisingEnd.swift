/// When an anneal whose limit rises has come as far as it leads.
enum RisingEnd {
    /// By how many nats so many iterations as a lower limit has must raise the log-evidence at the last one for more to follow.
    ///
    /// The 30S at SNR 0.02 rose by 0.06 to 0.12 nats in twenty iterations before images recognised it, and by 0.3 then.
    static let leastGain = 0.05
    /// Iterations that must agree on it that images tell their poses.
    static let witnessCount = 5

    /// Whether the log-evidences of the iterations of a part have stopped rising.
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

    /// The place in its plan at which a rising anneal goes on, if the present part has led as far as it does; nil where it goes on as planned.
    ///
    /// Once images tell their poses that is the fine quadrature; else, where evidence rises no more at the last limit, another climb, if the last one led
    /// further than the one before.
    ///
    /// - Parameters:
    ///   - plans: The run's plan.
    ///   - entries: The iterations of its anneal so far.
    ///   - parameters: The settings.
    static func nextPart(
        of plans: [IterationPlan], after entries: [IterationStatistics],
        _ parameters: ReconstructionParameters
    ) -> Int? {
        guard let last = entries.last, last.phase == .anneal, plans[last.iteration].momentum > 0 else {
            return nil
        }
        let (present, rest) = (plans[last.iteration], plans[(last.iteration + 1)...])
        let fine = rest.firstIndex { $0.momentum == 0 }
        let accelerated = entries.filter { plans[$0.iteration].momentum > 0 }
        if isKnown(accelerated, atMost: parameters.annealEnd) { return fine }
        guard present.ringCount == plans.endOfAnneal?.ringCount else { return nil }
        let part = accelerated.filter {
            plans[$0.iteration].ringCount == present.ringCount && plans[$0.iteration].climb == present.climb
        }
        let next = plans[last.iteration + 1]
        let isLast = next.climb != present.climb || next.momentum == 0
        let window = max(1, parameters.annealIterations / 8)
        guard isLast || isSettled(part.map(\.logEvidence), window: window) else { return nil }
        let earlier = accelerated.last { plans[$0.iteration].climb < present.climb }
        let hasGained = earlier.map { last.logEvidence - $0.logEvidence >= leastGain } ?? true
        guard hasGained, !parameters.isTelling(effectivePoses: last.effectivePoses) else { return fine }
        return rest.firstIndex { $0.climb > present.climb } ?? fine
    }
}
