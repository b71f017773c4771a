import CryoFourier

/// Leads the march: by how much its limit rises, and where it ends.
///
/// It ends where the half-sets no longer agree, or where images tell their poses so well that no finer detail is needed for them.
struct AgreementWatch: Codable, Sendable {
    /// The limit at which the march ended; later rings are not visited.
    private(set) var lastRing: Int?
    /// Whether it ended there in agreement; nil while it goes on, and in checkpoints of older versions.
    private(set) var isEnough: Bool?
    /// The first ring that is visited next; nil for whichever comes.
    private(set) var nextRing: Int?
    /// The FSC in any shell below which there is nothing more to learn.
    static let leastAgreement = 0.143

    /// Where the march ended before particles looked for their poses anew.
    private var firstEnd: Int?
    /// Whether the march goes on since particles looked for their poses anew.
    var hasResumed: Bool { firstEnd != nil }

    /// The rings of a march at which it stops however far it leaps.
    struct Stops {
        /// The first ring at which good agreement ends the march; nil if it does not.
        var sufficient: Int?
        /// The last ring of the plan.
        var last: Int
        /// By how much the limit rises where halves agree well.
        var leap: Double

        /// The ring that follows another.
        func ring(after ring: Int, isLeaping: Bool) -> Int {
            let next = isLeaping ? max(ring + 1, Int((leap * Double(ring)).rounded())) : ring + 1
            let first = [sufficient ?? last, last].filter { $0 > ring }.min() ?? last
            return min(next, first)
        }
    }

    /// The FSC of all shells at which halves agree well: half where images fit several poses, any agreement where they fit one.
    ///
    /// With one pose the sum has one term, which back-projection makes as well. Where images fit hundreds halves agree in what they began
    /// with, so no agreement is good. Of the 30S in 128 px at SNR 0.1 halves agreed
    /// to 0.31 at 7.1 Å and nothing was lost beyond; in 64 px at SNR 0.05, with five poses an image, to 0.27 at 12.2 Å, and 0.7 Å were.
    static func goodAgreement(effectivePoses: Double) -> Double {
        switch effectivePoses {
        case ...1.5: leastAgreement
        case ...100: 0.5
        default: .infinity
        }
    }

    /// Whether halves agree so well that the limit may leap, and the march end.
    static func isGood(_ agreement: Double, effectivePoses: Double) -> Bool {
        agreement >= goodAgreement(effectivePoses: effectivePoses)
    }

    /// The plan if it is to be carried out, at the ring that was reached.
    ///
    /// Better poses may agree further, so after the introduction the march goes on where it ended.
    mutating func admitted(_ plan: IterationPlan) -> IterationPlan? {
        if plan.isResumed {
            if let lastRing, firstEnd == nil { (firstEnd, self.lastRing, nextRing) = (lastRing, nil, nil) }
            guard let firstEnd, plan.ringCount >= firstEnd else { return nil }
        }
        if plan.phase == .march, let nextRing, plan.ringCount < nextRing { return nil }
        guard let lastRing, plan.ringCount > lastRing else { return plan }
        guard plan.phase == .final else { return nil }
        var last = plan
        last.ringCount = lastRing
        return last
    }

    /// The first of some iterations that is carried out, as it is.
    func firstAdmitted(of plans: some Sequence<IterationPlan>) -> IterationPlan? {
        var watch = self
        for plan in plans {
            if let admitted = watch.admitted(plan) { return admitted }
        }
        return nil
    }

    /// The last of some iterations that was carried out, as it was.
    func lastAdmitted(of plans: some BidirectionalCollection<IterationPlan>) -> IterationPlan? {
        // Where the limit leaps from the end of a ring, that ring is not to be visited any more.
        var watch = self
        watch.nextRing = nil
        return watch.firstAdmitted(of: plans.reversed())
    }

    /// Looks at the FSC at the end of a ring; returns the least of all shells.
    ///
    /// Of all, not of the outermost alone: maps of nothing but noise agree in outer shells, where mask, positivity and
    /// the common beginning are alike, and in the inner ones they do not.
    ///
    /// - Parameters:
    ///   - fsc: Of the half-sets' densities.
    ///   - plan: The ring's last iteration.
    ///   - effectivePoses: How many poses fit an image there.
    ///   - stops: Where the march stops.
    mutating func look(
        at fsc: FourierShellCorrelation, _ plan: IterationPlan, effectivePoses: Double, _ stops: Stops
    ) -> Double? {
        guard let least = fsc.least(upTo: plan.ringCount) else { return nil }
        guard plan.phase == .march else { return least }
        let isGood = Self.isGood(least, effectivePoses: effectivePoses)
        let isEnough = isGood && stops.sufficient.map { plan.ringCount >= $0 } ?? false
        nextRing = stops.ring(after: plan.ringCount, isLeaping: isGood)
        if isEnough || least < Self.leastAgreement {
            (lastRing, self.isEnough) = (plan.ringCount, isEnough)
        }
        return least
    }
}

extension FourierShellCorrelation {
    /// The least correlation of the shells from 1 to a ring; nil if there are none.
    func least(upTo ring: Int) -> Double? { correlations.prefix(ring + 1).dropFirst().min() }
}
