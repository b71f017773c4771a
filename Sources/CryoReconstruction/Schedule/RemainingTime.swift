import Foundation

/// How long a run will still take, from what its iterations took so far.
///
/// The plan names what may happen; what will happen depends on the images. The march ends where half-sets disagree, and what
/// is planned beyond is never done. So the end is foretold from how their agreement falls, ring by ring.
struct RemainingTime {
    let plans: [IterationPlan]
    let parameters: ReconstructionParameters
    /// Random starts to be annealed, all told.
    let starts: Int
    /// Short ones of which each is the best.
    var shortStarts = 1
    /// Particles to learn from.
    let particleCount: Int
    /// Where the march stops.
    var stops: AgreementWatch.Stops

    /// Where a run stands.
    struct Place {
        /// The next iteration of the plan.
        var iteration: Int
        /// By how much the numbers of iterations are ahead of the plan's.
        var numberOffset = 0
        /// The random start that is being annealed; nil once one was chosen.
        var start: Int?
        /// Short starts that follow the present one.
        var shortStarts = 0
        var watch: AgreementWatch
    }

    /// Seconds from here to the end; nil before anything is known.
    ///
    /// - Parameters:
    ///   - place: Where the run stands.
    ///   - statistics: Its iterations so far, of the present start.
    func seconds(from place: Place, _ statistics: [IterationStatistics]) -> Double? {
        guard let rate = rate(place, statistics) else { return nil }
        let end = expectedEnd(place, statistics)
        let leaps = expectedLeaps(place, statistics, end)
        func total(_ plans: some Sequence<IterationPlan>) -> Double {
            plans.reduce(0) { $0 + self.cost($1, atMost: end) }
        }
        var cost = total(plans[place.iteration...].filter { isExpected($0, place, end, leaps) })
        let short = plans.shortCount.map { total(plans[..<$0]) } ?? 0
        cost += Double(place.shortStarts) * short
        if let start = place.start {
            let anneal = total(plans.anneal.filter { $0.climb == 0 })
            let others = Double(shortStarts - 1) * short
            cost += Double(max(0, starts - 1 - start)) * (anneal + others)
        }
        return cost * rate
    }

    /// Work in arbitrary units: images times what one takes at the frequency limit.
    ///
    /// Measured from ring 8 to 24 on ribosomes, β-galactosidase and the phantom, an image that is evaluated on drawn nodes
    /// takes about ring^1.2, and where the march begins 0.4 to 1 times what it takes in the anneal; complete sums take ring³.
    private func cost(_ plan: IterationPlan, atMost end: Int) -> Double {
        let first = Double(plans.endOfAnneal?.ringCount ?? 1)
        let ring = Double(min(plan.ringCount, end)) / first
        let drawn = plan.isSampled(parameters) || plan.isFirstLook
        let image = drawn ? 0.7 * pow(ring, 1.2) : pow(ring, 3)
        return Double(images(plan)) * image
    }

    /// Images that an iteration visits; those met before look for their poses anew only if they are badly explained.
    private func images(_ plan: IterationPlan) -> Int {
        guard plan.phase == .introduction else { return plan.batchSize }
        let met = min(plans.metCount, particleCount)
        return particleCount - met + met / 2
    }

    /// Seconds a unit of work, from the latest iterations.
    private func rate(_ place: Place, _ statistics: [IterationStatistics]) -> Double? {
        guard let last = statistics.last else { return nil }
        let recent = statistics.suffix(last.phase == .anneal ? 40 : 10)
        let work = recent.reduce(0) { sum, entry in
            guard let plan = plan(of: entry, place) else { return sum }
            let ratio = Double(entry.batchSize) / Double(max(1, images(plan)))
            return sum + cost(plan, atMost: .max) * ratio
        }
        let seconds = recent.totalDuration
        return work > 0 && seconds > 0 ? seconds / work : nil
    }

    /// What an iteration was planned to be; nil for one of another plan, which was extended.
    private func plan(of entry: IterationStatistics, _ place: Place) -> IterationPlan? {
        let number = entry.iteration - place.numberOffset
        return plans.indices.contains(number) ? plans[number] : nil
    }

    /// The rings at which the march will probably stop on its way, if halves agree well for as long as they are expected to; nil
    /// where it goes ring by ring.
    private func expectedLeaps(_ place: Place, _ statistics: [IterationStatistics], _ end: Int) -> Set<Int>? {
        guard let next = place.watch.nextRing, place.watch.lastRing == nil,
            let latest = statistics.last(where: { $0.phase == .march && $0.halfSetFSC != nil }),
            let agreement = latest.halfSetFSC,
            AgreementWatch.isGood(agreement, effectivePoses: latest.effectivePoses)
        else { return nil }
        return Set(
            sequence(first: next) { ring in
                ring < end ? stops.ring(after: ring, isLeaping: true) : nil
            })
    }

    /// Whether an iteration will probably be carried out.
    private func isExpected(_ plan: IterationPlan, _ place: Place, _ end: Int, _ leaps: Set<Int>?) -> Bool {
        var watch = place.watch
        // Another climb follows only where images do not tell their poses by then.
        let climb = place.iteration > 0 ? plans[place.iteration - 1].climb : 0
        guard plan.climb <= climb, watch.admitted(plan) != nil else { return false }
        guard plan.phase == .march else { return true }
        // Better poses agree further, typically by a ring or two.
        if plan.isResumed { return plan.ringCount >= end - 1 && plan.ringCount <= end }
        return plan.ringCount <= end && leaps?.contains(plan.ringCount) ?? true
    }

    /// The ring at which half-sets will probably stop agreeing, or agree well enough.
    func expectedEnd(_ place: Place, _ statistics: [IterationStatistics]) -> Int {
        let limit = stops.last
        let first = (plans.endOfAnneal ?? plans.first)?.ringCount ?? 0
        guard plans.contains(where: { $0.phase == .introduction || $0.phase == .march }),
            parameters.halves, parameters.schedule == .annealed
        else { return limit }
        let readings = statistics.filter { $0.phase == .march }.compactMap {
            entry -> (ring: Double, value: Double, effectivePoses: Double)? in
            guard let value = entry.halfSetFSC, let plan = plan(of: entry, place) else { return nil }
            return (Double(plan.ringCount), value, entry.effectivePoses)
        }
        if let last = place.watch.lastRing { return last + (place.watch.hasResumed ? 0 : 1) }
        guard let latest = readings.last else { return (first + limit + 1) / 2 }
        let recent = readings.suffix(4)
        let slope = Self.slope(recent.map(\.ring), recent.map(\.value))
        func ring(at value: Double) -> Int {
            let rings = slope < -1e-3 ? (latest.value - value) / -slope : 1e3
            return Int((latest.ring + max(1, min(rings, 1e3))).rounded())
        }
        let good = AgreementWatch.goodAgreement(effectivePoses: latest.effectivePoses)
        if let sufficient = stops.sufficient, good.isFinite, ring(at: good) >= sufficient {
            return min(limit, max(sufficient, Int(latest.ring) + 1))
        }
        return min(limit, ring(at: AgreementWatch.leastAgreement))
    }

    /// The slope of the straight line nearest to some points; 0 for fewer than two.
    private static func slope(_ x: [Double], _ y: [Double]) -> Double {
        let count = Double(x.count)
        let (mx, my) = (x.reduce(0, +) / max(1, count), y.reduce(0, +) / max(1, count))
        let spread = x.reduce(0) { $0 + ($1 - mx) * ($1 - mx) }
        guard spread > 0 else { return 0 }
        return zip(x, y).reduce(0) { $0 + ($1.0 - mx) * ($1.1 - my) } / spread
    }
}
