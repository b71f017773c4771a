import Testing

@testable import CryoReconstruction

/// When a rising anneal has come as far as it leads.
struct RisingEndTests {
    /// A rising anneal ends where evidence does not rise any more at its last limit, or where images tell their poses.
    @Test func aRiseEndsWhereItLeadsNoFurther() {
        #expect(!RisingEnd.isSettled([1, 1, 1], window: 3))
        #expect(RisingEnd.isSettled([1, 1, 1, 1.04], window: 3))
        #expect(!RisingEnd.isSettled([1, 1, 1, 1.06], window: 3))
        #expect(RisingEnd.isSettled([1, 2, 2, 2, 2], window: 3))
        func entries(_ poses: [Double], beta: Double = 1) -> [IterationStatistics] {
            poses.map { Self.entry(0, poses: $0, beta: beta) }
        }
        let few = [Double](repeating: 20, count: 5)
        #expect(RisingEnd.isKnown(entries(few), atMost: 20))
        #expect(RisingEnd.isKnown(entries([300] + few), atMost: 20))
        #expect(!RisingEnd.isKnown(entries(few.dropLast()), atMost: 20))
        #expect(!RisingEnd.isKnown(entries([21] + few.dropLast()), atMost: 20))
        // Untempered they would fit fewer still.
        #expect(RisingEnd.isKnown(entries(few, beta: 0.9), atMost: 20))
    }

    /// From the last limit of a rise all those with momentum are gone through again, until images tell their poses.
    @Test func aRiseClimbsAgain() throws {
        let parameters = ReconstructionParameters.standard
        let plans = IterationSchedule.repeatedPlans(
            parameters, particleCount: 2000, boxLength: 320, boxSize: 64, diameter: 256)[3]
        let tops = plans.indices.filter { plans[$0].ringCount == 15 && plans[$0 - 1].ringCount == 14 }
        let climbs = plans.indices.filter { plans.beginsClimb(at: $0) }
        #expect(tops.count == 4 && climbs.map { plans[$0].ringCount } == [12, 12, 12])
        let fine = try #require(plans.firstIndex { $0.momentum == 0 && $0.ringCount == 15 })
        func next(_ iterations: Range<Int>, poses: Double, evidence: (Int) -> Double) -> Int? {
            Self.nextPart(of: plans, iterations, poses: poses, evidence: evidence)
        }
        let rise = { (iteration: Int) in 0.01 * Double(iteration) }
        // Few poses lead on from anywhere with momentum.
        #expect(next(tops[0] - 5..<tops[0], poses: 9, evidence: rise) == fine)
        #expect(next(tops[0] - 4..<tops[0], poses: 9, evidence: rise) == nil)
        // The last limit ends as planned or where evidence rises no more, for the fine quadrature or another climb.
        #expect(next(tops[0]..<tops[0] + 30, poses: 60, evidence: rise) == nil)
        #expect(next(tops[0]..<tops[0] + 30, poses: 60, evidence: { _ in 1 }) == climbs[0])
        #expect(next(tops[0]..<tops[0] + 30, poses: 19, evidence: { _ in 1 }) == fine)
        #expect(next(tops[0]..<climbs[0], poses: 60, evidence: rise) == climbs[0])
        #expect(next(tops[0]..<climbs[0], poses: 19, evidence: rise) == fine)
        // At the others it climbs as planned.
        #expect(next(climbs[0]..<climbs[0] + 15, poses: 60, evidence: { _ in 1 }) == nil)
        // A climb that led no further than the one before is the last, and so is the fourth.
        #expect(next(climbs[0] - 1..<climbs[1], poses: 60, evidence: rise) == climbs[1])
        #expect(next(climbs[0] - 1..<climbs[1], poses: 60, evidence: { _ in 1 }) == fine)
        #expect(next(climbs[2] - 1..<fine - 1, poses: 60, evidence: { _ in 1 }) == fine)
        #expect(next(0..<30, poses: 1, evidence: { _ in 1 }) == nil)
    }

    /// Where all of a rise is at one limit, each climb is looked at when it ends.
    @Test func climbsOfOneLimitEnd() throws {
        var parameters = ReconstructionParameters.standard
        (parameters.annealBeginning, parameters.annealResolution) = (20, 20)
        let plans = IterationSchedule.plans(
            parameters, particleCount: 2000, boxLength: 320, boxSize: 64, diameter: 256)
        let climb = try #require(plans.indices.first { plans.beginsClimb(at: $0) })
        #expect(plans[climb].ringCount == plans[climb - 1].ringCount)
        let beginning = try #require(plans.firstIndex { $0.momentum > 0 })
        func next(poses: Double) -> Int? {
            Self.nextPart(of: plans, beginning..<climb, poses: poses) { 0.01 * Double($0) }
        }
        #expect(next(poses: 60) == climb)
        #expect(next(poses: 19) == plans[climb...].firstIndex { $0.momentum == 0 })
    }

    /// Where a rise goes on after iterations with these poses and log-evidences.
    private static func nextPart(
        of plans: [IterationPlan], _ iterations: Range<Int>, poses: Double, evidence: (Int) -> Double
    ) -> Int? {
        RisingEnd.nextPart(
            of: plans, after: iterations.map { entry($0, poses: poses, logEvidence: evidence($0)) }, .standard
        )
    }

    /// What is told of an iteration of an anneal.
    private static func entry(
        _ iteration: Int, poses: Double, logEvidence: Double = 0, beta: Double = 1
    ) -> IterationStatistics {
        IterationStatistics(
            iteration: iteration, phase: .anneal, resolution: 20, batchSize: 1, beta: beta,
            effectivePoses: poses, logEvidence: logEvidence, relativeChange: 0, poseCount: 1,
            evaluatedFraction: 1, seconds: 0, progress: 0)
    }
}
