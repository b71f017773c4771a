import Foundation
import Testing

@testable import CryoReconstruction

/// How long a run will still take.
struct RemainingTimeTests {
    private let parameters = ReconstructionParameters()
    private let time: RemainingTime
    private let plans: [IterationPlan]

    init() {
        plans = IterationSchedule.plans(
            parameters, particleCount: 5000, boxLength: 320, boxSize: 64, diameter: 256)
        time = RemainingTime(
            plans: plans, parameters: parameters, starts: 1, particleCount: 5000,
            stops: AgreementWatch.Stops(last: plans.map(\.ringCount).max() ?? 0, leap: 1))
    }

    /// Iterations up to a place of the plan, of so many seconds each.
    private func iterations(_ count: Int, fsc: (Int) -> Double?, seconds: (IterationPlan) -> Double)
        -> [IterationStatistics]
    {
        var now = 0.0
        return plans.prefix(count).enumerated().map { index, plan in
            now += seconds(plan)
            let endsRing = index + 1 < plans.count && plans[index + 1].ringCount != plan.ringCount
            return IterationStatistics(
                iteration: index, phase: plan.phase, resolution: 320 / Double(plan.ringCount),
                batchSize: plan.batchSize, beta: 1, effectivePoses: 10, logEvidence: 1, relativeChange: 0.1,
                poseCount: 1000, evaluatedFraction: 1,
                halfSetFSC: plan.phase == .march && endsRing ? fsc(plan.ringCount) : nil, seconds: now,
                duration: seconds(plan), progress: 0)
        }
    }

    private func place(_ iteration: Int, _ watch: AgreementWatch = AgreementWatch()) -> RemainingTime.Place {
        RemainingTime.Place(iteration: iteration, start: nil, watch: watch)
    }

    @Test func nothingIsLeftAtTheEnd() {
        let all = iterations(plans.count, fsc: { _ in 0.9 }, seconds: { _ in 1 })
        #expect(time.seconds(from: place(plans.count), all) == 0)
        #expect(time.seconds(from: place(0), []) == nil)
    }

    /// Halves that lose 0.1 a ring from 0.943 fall below 0.143 eight rings after the first.
    @Test func theEndOfTheMarchIsForetold() throws {
        let first = try #require(plans.first { $0.phase == .march }?.ringCount)
        let middle = try #require(
            plans.lastIndex { $0.phase == .march && !$0.isResumed && $0.ringCount == first + 3 })
        let seen = iterations(middle + 1, fsc: { 0.943 - 0.1 * Double($0 - first) }, seconds: { _ in 1 })
        #expect(
            time.expectedEnd(place(middle + 1), seen) == min(first + 8, plans.map(\.ringCount).max() ?? 0))
        // Halves that agree as well as before are followed to the limit.
        let steady = iterations(middle + 1, fsc: { _ in 0.9 }, seconds: { _ in 1 })
        #expect(time.expectedEnd(place(middle + 1), steady) == plans.map(\.ringCount).max())
        // Or to where that is enough; those that fall below a half before are not.
        var time = time
        time.stops.sufficient = first + 5
        #expect(time.expectedEnd(place(middle + 1), steady) == first + 5)
        // Where images fit hundreds of poses no agreement is enough.
        var vague = steady
        for index in vague.indices { vague[index].effectivePoses = 300 }
        #expect(time.expectedEnd(place(middle + 1), vague) == plans.map(\.ringCount).max())
        #expect(time.expectedEnd(place(middle + 1), seen) == first + 8)
    }

    /// What is planned beyond a march that ended is not waited for.
    @Test func whatWillNotBeDoneTakesNoTime() throws {
        let ring = try #require(plans.first { $0.phase == .march }?.ringCount) + 2
        let end =
            try #require(plans.lastIndex { $0.phase == .march && !$0.isResumed && $0.ringCount == ring }) + 1
        let seen = iterations(end, fsc: { _ in 0.9 }, seconds: { Double($0.batchSize) / 100 })
        var watch = AgreementWatch()
        let open = try #require(time.seconds(from: place(end, watch), seen))
        _ = watch.look(
            at: .init(boxLength: 320, correlations: [Double](repeating: 0.1, count: 32)), plans[end - 1],
            effectivePoses: 10, time.stops)
        let ended = try #require(time.seconds(from: place(end, watch), seen))
        #expect(ended < 0.5 * open, "\(ended) s, \(open) s")
        #expect(ended > 0)
    }

    /// Rings that are leapt over take no time.
    @Test func leapsAreForetold() throws {
        let ring = try #require(plans.first { $0.phase == .march }?.ringCount) + 2
        let end =
            try #require(plans.lastIndex { $0.phase == .march && !$0.isResumed && $0.ringCount == ring }) + 1
        let seen = iterations(end, fsc: { _ in 0.9 }, seconds: { Double($0.batchSize) / 100 })
        func seconds(leap: Double) throws -> Double {
            var (time, watch) = (time, AgreementWatch())
            time.stops.leap = leap
            _ = watch.look(
                at: .init(boxLength: 320, correlations: [Double](repeating: 0.9, count: 32)), plans[end - 1],
                effectivePoses: 10, time.stops)
            return try #require(time.seconds(from: place(end, watch), seen))
        }
        // Each ring of the march costs the like; a leap of a fifth makes a third of them.
        let (leaping, walking) = (try seconds(leap: 1.2), try seconds(leap: 1))
        #expect(leaping < 0.8 * walking && leaping > 0.2 * walking, "\(leaping) s, \(walking) s")
    }

    /// A run whose anneal rises, of 5,000 images.
    private var rise: RemainingTime {
        let plans = IterationSchedule.plans(
            parameters, particleCount: 5000, boxLength: 320, boxSize: 64, diameter: 256, kind: .rising)
        return RemainingTime(
            plans: plans, parameters: parameters, starts: 1, particleCount: 5000,
            stops: AgreementWatch.Stops(last: plans.finestRing ?? 0, leap: 1))
    }

    /// What was seen of iterations of its anneal, which took so many seconds each.
    private func seen(
        _ range: Range<Int>, of plans: [IterationPlan], duration: (Int) -> Double
    ) -> [IterationStatistics] {
        range.map {
            IterationStatistics(
                iteration: $0, phase: .anneal, resolution: 20, batchSize: plans[$0].batchSize, beta: 1,
                effectivePoses: 100, logEvidence: 1, relativeChange: 0.1, poseCount: 1000,
                evaluatedFraction: 1, seconds: 0, duration: duration($0), progress: 0)
        }
    }

    /// Climbs that follow only where images do not tell their poses are waited for once they have begun.
    @Test func furtherClimbsAreNotExpected() throws {
        let (time, plans) = (rise, rise.plans)
        let last = Double(try #require(plans.endOfAnneal?.ringCount))
        /// Seconds that an iteration with momentum takes, if one at the last limit takes one.
        func duration(_ iteration: Int) -> Double { pow(Double(plans[iteration].ringCount) / last, 3) }
        /// The rest from an iteration on.
        func seconds(_ iteration: Int) throws -> Double {
            let seen = seen(iteration - 40..<iteration, of: plans, duration: duration)
            return try #require(time.seconds(from: place(iteration), seen))
        }
        let climb = try #require(plans.firstIndex { $0.climb == 1 })
        let next = try #require(plans.firstIndex { $0.climb == 2 })
        let rest = try seconds(climb)
        #expect(abs(try seconds(climb - 1) - rest - 1) < 1e-6)
        #expect(abs(try seconds(next) - rest) < 1e-6)
        let begun = (climb + 1..<next).map(duration).reduce(0, +)
        #expect(abs(try seconds(climb + 1) - rest - begun) < 1e-6)
    }

    /// Further short starts take what the first one took.
    @Test func shortStartsAreCounted() throws {
        let (time, plans) = (rise, rise.plans)
        let end = try #require(plans.shortCount)
        // A second for each iteration's images, were they all at the last limit.
        let last = Double(try #require(plans.endOfAnneal?.ringCount))
        let work = plans[..<end].map { Double($0.batchSize) * pow(Double($0.ringCount) / last, 3) }
        let seen = seen(0..<end, of: plans) { work[$0] }
        var place = place(end)
        let alone = try #require(time.seconds(from: place, seen))
        place.shortStarts = 3
        let several = try #require(time.seconds(from: place, seen))
        #expect(abs(several - alone - 3 * work.reduce(0, +)) < 1e-6 * several)
    }

    /// Where images take as long as the rule says, the forecast in the march is right to the particles it cannot know of.
    @Test func theForecastFollowsTheClock() throws {
        let first = Double(plans[0].ringCount)
        func cost(_ plan: IterationPlan) -> Double {
            plan.phase == .anneal
                ? 0.08 : 0.0007 * Double(plan.batchSize) * 1.19 * (Double(plan.ringCount) / first)
        }
        let half = try #require(plans.firstIndex { $0.phase == .march }) + 20
        let seen = iterations(half, fsc: { _ in 0.9 }, seconds: cost)
        let forecast = try #require(time.seconds(from: place(half), seen))
        // To the limit without a resumed march; half of the particles look for their poses anew.
        let truth = plans[half...].filter { !$0.isResumed }.reduce(0.0) {
            $0 + cost($1) * ($1.phase == .introduction ? 0.5 : 1)
        }
        #expect(forecast / truth > 0.7 && forecast / truth < 1.6, "\(forecast) s, \(truth) s")
    }
}
