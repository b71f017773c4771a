import Foundation

/// The plan of a whole run, worked out before it starts.
public enum IterationSchedule {
    /// The plan of each iteration.
    ///
    /// - Parameters:
    ///   - parameters: The settings.
    ///   - particleCount: Particles in the set.
    ///   - boxLength: The edge of the box, in Å.
    ///   - boxSize: Pixels along it.
    ///   - diameter: The particle's diameter, in Å.
    ///   - kind: How its anneal goes about it.
    public static func plans(
        _ parameters: ReconstructionParameters, particleCount: Int, boxLength: Double, boxSize: Int,
        diameter: Double, kind: AnnealKind = .first
    ) -> [IterationPlan] {
        let highest = (boxSize - 1) / 2
        func rings(_ resolution: Double) -> Int { min(highest, max(3, Int(boxLength / resolution + 1e-6))) }
        let limit = rings(
            parameters.maxResolution
                ?? defaultResolution(parameters, boxLength: boxLength, boxSize: boxSize))
        let coarsest = min(
            limit, rings(parameters.annealResolution ?? defaultAnnealResolution(diameter: diameter)))
        let first = min(limit, Int(kind.refinement * Double(coarsest) + 1e-6))
        let weighsJunk =
            (first > coarsest || parameters.annealBeginning != nil) && parameters.weighsJunk
            && !parameters.optimizer.searches
        let anneal =
            kind.rises || parameters.annealBeginning != nil
            ? rising(
                parameters, particleCount: particleCount,
                batch: max(kind.thoroughness, AnnealKind.rising.thoroughness) * parameters.annealBatch,
                from: rings(parameters.annealBeginning ?? diameter / coarsestDetail), to: first)
            : constant(
                parameters, ring: first,
                batch: min(kind.thoroughness * parameters.annealBatch, particleCount))
        let learning =
            switch parameters.schedule {
            case .annealed:
                anneal
                    + march(
                        parameters, after: anneal, particleCount: particleCount, from: first + 1, to: limit)
            case .frequencyMarching where parameters.optimizer == .projectionMatching:
                matching(parameters, particleCount: particleCount, limit: limit, boxLength: boxLength)
            case .frequencyMarching:
                marching(parameters, particleCount: particleCount, limit: limit, boxLength: boxLength)
            }
        let kept = Array(learning.prefix(max(1, parameters.maxIterations ?? learning.count)))
        let last = kept.last?.ringCount ?? limit
        let search = introduction(
            parameters, of: particleCount, hasNewcomers: kept.metCount < particleCount, first: first,
            last: last)
        // Whatever was cut short, the last passes see every particle.
        let all =
            kept + search + (search.isEmpty ? [] : kept.filter { $0.phase == .march }.map(\.resumed))
            + (0..<max(1, parameters.finalEpochs)).map { _ in
                IterationPlan(
                    phase: .final, ringCount: last, batchSize: particleCount,
                    weight: 1)
            }
        return all.map {
            var plan = $0
            plan.isPositive = parameters.isPositive && kind.isPositive
            plan.weighsJunk = weighsJunk && plan.phase == .anneal
            return plan
        }
    }

    /// The plans of a run for each kind of anneal that it may carry out, in their order.
    ///
    /// At finer limits images count by the probability that they show a particle: junk hides what noisy images hold. Not from the first anneal
    /// on, since of images of nothing the map is learnt that happens to resemble some, and half-sets that begin with it agree to the last shell.
    /// So it must be a better map to all images than one that was learnt from all.
    ///
    /// Who asks for so many iterations gets no more.
    public static func repeatedPlans(
        _ parameters: ReconstructionParameters, particleCount: Int, boxLength: Double, boxSize: Int,
        diameter: Double
    ) -> [[IterationPlan]] {
        let mayRepeat =
            parameters.schedule == .annealed && parameters.annealIterations > 0
            && parameters.maxIterations == nil
        return AnnealKind.inOrder.prefix(1 + (mayRepeat ? parameters.annealRetries : 0)).map { kind in
            plans(
                parameters, particleCount: particleCount, boxLength: boxLength, boxSize: boxSize,
                diameter: diameter, kind: kind)
        }
    }

    /// The one of the repeated plans that follows another; nil if there is none.
    ///
    /// Few particles, or a limit of the run's, may leave nothing to add to what was done.
    ///
    /// - Parameters:
    ///   - present: The one that was carried out.
    ///   - plans: All of them.
    ///   - mayBeFiner: Whether a finer limit is of use too, or more images a step alone.
    ///   - best: The one of the best map so far: with as many images as a step may have its constraints alone are tried.
    static func repetition(
        after present: Int, of plans: [[IterationPlan]], mayBeFiner: Bool, best: Int
    ) -> Int? {
        plans.indices.dropFirst(present + 1).first { next in
            let kind = AnnealKind.inOrder[next]
            return plans[next].anneal.goBeyond(plans[present].anneal) && (mayBeFiner || kind.refinement == 1)
                && (!kind.isPlentiful || kind.isPositive == AnnealKind.inOrder[best].isPositive)
        }
    }

    /// Details of the first map of a rising anneal along the particle's diameter.
    private static let coarsestDetail = 4.5

    /// The weight of minibatches of an anneal that rises, without momentum.
    private static let risingWeight = 0.3

    /// The weight of those on the fine quadrature at its end.
    private static let fineWeight = 0.2

    /// By how much minibatches are larger with momentum: noisy images want averages of thousands.
    private static let momentumThoroughness = 16
    /// Their weight, and the momentum with which iterations are as good as many more.
    private static let (momentumWeight, momentum) = (0.8, 0.95)

    /// How often a rise may go through its limits with momentum once more.
    ///
    /// Thousands of noisy images agree on a map that holds much of their noise, by which each finds its pose again: 5,000 of the 30S at SNR 0.02
    /// stood still with 3.15 nats, 54 poses and correlations with the truth of 0.85, 0.42, 0.33 and 0.23 at 85, 51, 36 and 28 Å. From that map, as far as the
    /// first limit with momentum goes, they climbed to 0.89, 0.57, 0.53 and 0.29 at 25.6 Å and 0.94, 0.78, 0.72 and 0.62 fifteen iterations on.
    private static let furtherClimbs = 3

    /// By how much the first limit with momentum is coarser than the last one.
    private static let acceleratedShare = 1.25

    /// Introduces particles that the anneal had no time for, and again those that it did not understand.
    ///
    /// The first look is a third beyond the anneal's limit and on its coarse quadrature, an eighth of the time of the fine one for the
    /// same map. The anneal's own limit tells whole sets their map, but not each image its pose: in the true map of the 30S at SNR 0.02,
    /// images that looked for their poses at 32 Å first were 74° from them in the end (median), at 21 Å 8.1°, at 16 Å 4.8°
    /// and at 12.8 Å 4.4°. Each further limit is a third finer than the last, so that a pose is looked
    /// for in a few nodes about what is known of it: at the final limit all poses of an image cost a hundred times what they
    /// cost at the anneal's.
    private static func introduction(
        _ parameters: ReconstructionParameters, of count: Int, hasNewcomers: Bool, first: Int, last: Int
    ) -> [IterationPlan] {
        // Not much beyond the anneal's limit images say no more than they said there.
        guard hasNewcomers || Double(last) > 1.6 * Double(first) else { return [] }
        guard parameters.annealIterations > 0, parameters.schedule == .annealed,
            parameters.sampling == .joint
        else { return [] }
        func next(_ limit: Int) -> Int { Int((Double(limit) * 1.33).rounded(.up)) }
        let limits = Array(sequence(first: min(next(first), last)) { next($0) < last ? next($0) : nil })
        return limits.enumerated().map { place, limit in
            IterationPlan(
                phase: .introduction, ringCount: limit, batchSize: count, weight: 1, isCoarse: place == 0,
                isFirstLook: place == 0)
        }
    }

    /// A sixth of the diameter, and at most 32 Å.
    ///
    /// What tells poses apart is detail on the scale of secondary structure bundles, whatever the molecule's size:
    /// a ribosome's images hold 3 nats at 46 Å and 21 at 32 Å, and only the latter tell a wrong map from the right.
    static func defaultAnnealResolution(diameter: Double) -> Double { min(32, diameter / 6) }

    /// Four pixels, twice the Nyquist resolution; two and a half where half-sets say when it is enough, but no finer than
    /// 5 Å, which is a refinement's work: the march's cost grows with the fifth power of the limit.
    static func defaultResolution(
        _ parameters: ReconstructionParameters, boxLength: Double, boxSize: Int
    ) -> Double {
        let pixels = parameters.halves && parameters.schedule == .annealed ? 2.5 : 4
        return max(5, pixels * boxLength / Double(boxSize))
    }

    /// The first ring, of three and a half pixels and no finer than 6 Å, at which the march ends if half-sets agree well or images fit
    /// one pose (``AgreementWatch``); nil if a limit was told, or nothing tells.
    ///
    /// What is beyond is back-projected from images at poses that are known well: GroEL–GroES in boxes of 128 px of 2 Å came to
    /// 4.15 Å from 7.1 Å as from 6.1 Å, for 450 CPU s instead of 730, and β-galactosidase to 9.0 Å from 13.3 Å, for 62 instead of 113 from
    /// 9.1 Å with 8.9 Å. Else poses do gain from every ring.
    static func sufficientRing(
        _ parameters: ReconstructionParameters, boxLength: Double, boxSize: Int
    ) -> Int? {
        guard parameters.maxResolution == nil, parameters.halves, parameters.schedule == .annealed else {
            return nil
        }
        return Int((boxLength / max(6, 3.5 * boxLength / Double(boxSize))).rounded(.up))
    }

    /// The iterations of an anneal at one limit, those on the coarse quadrature and those on the fine one at its end.
    private static func counts(_ parameters: ReconstructionParameters) -> (coarse: Int, fine: Int) {
        let coarse = (parameters.annealCoarseShare * Double(parameters.annealIterations)).rounded(.up)
        return (Int(coarse), parameters.annealIterations - Int(coarse))
    }

    /// An anneal at one limit, the last part of it on the fine quadrature.
    private static func constant(
        _ parameters: ReconstructionParameters, ring: Int, batch: Int
    ) -> [IterationPlan] {
        let coarse = counts(parameters).coarse
        return tempered(
            (0..<parameters.annealIterations).map { iteration in
                IterationPlan(
                    phase: .anneal, ringCount: ring, batchSize: batch, weight: parameters.annealWeight,
                    isCoarse: iteration < coarse)
            })
    }

    /// An anneal's iterations with their places in it; further climbs, which most do without, have none.
    private static func tempered(_ plans: [IterationPlan]) -> [IterationPlan] {
        let count = plans.count { $0.climb == 0 }
        var place = 0
        return plans.map { plan in
            var plan = plan
            // With momentum the course is at its end: a tempered likelihood would hold images back from telling their poses.
            plan.annealProgress = plan.momentum > 0 ? 1 : Double(place) / Double(max(1, count - 1))
            if plan.climb == 0 { place += 1 }
            return plan
        }
    }

    /// An anneal whose limit rises from ring to ring.
    ///
    /// A random start at the limit at which noisy images tell their poses ends in a wrong map, whatever its minibatches. At 51 Å the
    /// same images lead to the right coarse shape, which leads on to the next ring, and so on.
    ///
    /// Coarse rings take a few hundred images a step, a quarter of the iterations of an anneal at one limit and the first one three
    /// quarters. From a quarter below the last limit on, where images begin to tell their poses, the same thousands come at each
    /// iteration, with momentum: an eighth of the iterations a ring, and at the last one up to half, since images take tens of iterations
    /// to recognise the molecule; where they do not, all that is done again from the map so far, and so on; see ``RisingEnd``. As many iterations as in any anneal follow on the fine quadrature, which has
    /// nine times the points, in which as many images as come with momentum are seen about once, the same ones where those are all: with one iteration alone the 30S at SNR 0.03 had 6.4 nats in the end, with
    /// eight of 320 images 7.8, and of 625 that weigh less 8.3.
    private static func rising(
        _ parameters: ReconstructionParameters, particleCount: Int, batch: Int, from beginning: Int,
        to last: Int
    ) -> [IterationPlan] {
        let beginning = min(beginning, last)
        let firstWithMomentum = Int(Double(last) / acceleratedShare)
        let fineCount = max(1, counts(parameters).fine)
        let (few, most) = (min(batch, particleCount), min(momentumThoroughness * batch, particleCount))
        func some(_ share: Double, of plan: IterationPlan) -> [IterationPlan] {
            let count = (share * Double(parameters.annealIterations)).rounded(.up)
            return [IterationPlan](repeating: plan, count: Int(count))
        }
        let coarse = (beginning...last).flatMap { ring in
            guard ring >= firstWithMomentum else {
                return some(
                    ring == beginning ? 0.75 : 0.25,
                    of: IterationPlan(
                        phase: .anneal, ringCount: ring, batchSize: few, weight: risingWeight, isCoarse: true)
                )
            }
            let plan = IterationPlan(
                phase: .anneal, ringCount: ring, batchSize: most, weight: momentumWeight, momentum: momentum,
                isCoarse: true)
            return some(ring == last ? 0.5 : 0.125, of: plan)
        }
        let further = (1...furtherClimbs).flatMap { climb in
            coarse.filter { $0.momentum > 0 }.map { plan in
                var plan = plan
                plan.climb = climb
                return plan
            }
        }
        let fine = IterationPlan(
            phase: .anneal, ringCount: last, batchSize: max(few, most / fineCount), weight: fineWeight)
        return tempered(coarse + further + [IterationPlan](repeating: fine, count: fineCount))
    }

    /// Ring by ring, with the particles that the anneal has met.
    private static func march(
        _ parameters: ReconstructionParameters, after anneal: [IterationPlan], particleCount: Int,
        from first: Int, to limit: Int
    ) -> [IterationPlan] {
        let batch = min(parameters.marchBatch, particleCount)
        let met = anneal.isEmpty ? particleCount : min(particleCount, anneal.metCount)
        let steps = max(1, Int((parameters.marchEpochs * Double(met) / Double(batch)).rounded()))
        return stride(from: first, through: limit, by: 1).flatMap { ring in
            (0..<steps).map { _ in
                IterationPlan(
                    phase: .march, ringCount: ring, batchSize: batch, weight: parameters.marchWeight)
            }
        }
    }

    /// The paper's clock: 1/50 Å⁻¹ for the first n₀ iterations, 1/40 for the next, then 0.005 Å⁻¹ more every 150.
    private static func marching(
        _ parameters: ReconstructionParameters, particleCount: Int, limit: Int, boxLength: Double
    ) -> [IterationPlan] {
        let batch =
            parameters.optimizer == .batch ? particleCount : min(parameters.marchBatch, particleCount)
        let batchCount = max(1, particleCount / min(parameters.marchBatch, particleCount))
        let start = max(150, 50 * ((batchCount + 49) / 50))
        var plans = [IterationPlan]()
        var iteration = 0
        while true {
            let frequency =
                iteration < start
                ? 0.020
                : iteration < 2 * start ? 0.025 : 0.020 + 0.005 * Double(2 + (iteration - 2 * start) / 150)
            let ring = max(3, Int(frequency * boxLength + 1e-6))
            if ring > limit { break }
            plans.append(
                IterationPlan(
                    phase: .march, ringCount: ring, batchSize: batch, weight: parameters.marchWeight))
            iteration += 1
        }
        guard plans.isEmpty else { return plans }
        return [IterationPlan(phase: .march, ringCount: limit, batchSize: batch, weight: 1)]
    }

    /// Best-match refinement: from 1/50 Å⁻¹ ring by ring, four passes over all particles at each.
    ///
    /// Each takes half the step to the solution of its assignments: whole steps overshoot, since the curvature's
    /// diagonal is not all of it, and diverge.
    private static func matching(
        _ parameters: ReconstructionParameters, particleCount: Int, limit: Int, boxLength: Double
    ) -> [IterationPlan] {
        let first = min(limit, max(3, Int(0.020 * boxLength + 1e-6)))
        return (first...limit).flatMap { ring in
            (0..<4).map { _ in
                IterationPlan(
                    phase: .march, ringCount: ring, batchSize: particleCount, weight: 0.5,
                    sharpness: IterationPlan.bestMatch)
            }
        }
    }
}
