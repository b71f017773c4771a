import CryoCore
import Foundation
import Testing

@testable import CryoReconstruction

/// What a run does in which order, decided before it starts.
struct ScheduleTests {
    static func plans(
        _ parameters: ReconstructionParameters, count: Int = 2000, boxLength: Double = 320, boxSize: Int = 64
    ) -> [IterationPlan] {
        IterationSchedule.plans(
            parameters, particleCount: count, boxLength: boxLength, boxSize: boxSize, diameter: 250)
    }

    static let variants: [(String, String)] = [
        ("finalEpochs", "3"), ("annealIterations", "0"), ("annealIterations", "1"),
        ("annealResolution", "12"),
        ("annealResolution", "500"), ("maxResolution", "1"), ("maxResolution", "400"), ("maxIterations", "7"),
        ("marchEpochs", "0"), ("marchBatch", "100000"), ("annealBatch", "1"), ("finalEpochs", "0"),
    ]

    @Test(arguments: [ReconstructionParameters.standard, .paper], variants)
    func resolutionNeverCoarsensAndAllParticlesComeLast(
        preset: ReconstructionParameters, change: (String, String)
    ) throws {
        let parameters = try preset.setting(change.0, to: change.1)
        for (count, boxSize) in [(1, 16), (50, 31), (2000, 64)] {
            let plans = Self.plans(parameters, count: count, boxSize: boxSize)
            let learning = plans.filter { $0.phase != .introduction && !$0.isResumed }
            for (before, after) in zip(learning, learning.dropFirst()) {
                #expect(after.ringCount >= before.ringCount)
            }
            for plan in plans {
                #expect((1...count).contains(plan.batchSize) && plan.weight > 0 && plan.weight <= 1)
                // Rings must lie below the Nyquist frequency.
                #expect(plan.ringCount >= 3 && 2 * plan.ringCount < boxSize)
            }
            let last = try #require(plans.last)
            #expect(last.phase == .final && last.batchSize == count && last.annealProgress == nil)
        }
    }

    @Test func annealedRunsGoThroughThreePhases() {
        let plans = Self.plans(.standard)
        let anneal = plans.prefix { $0.phase == .anneal }
        let march = plans.dropFirst(anneal.count).prefix { $0.phase == .march }
        #expect(anneal.count == 160 && anneal.allSatisfy { $0.ringCount == 10 && $0.batchSize == 80 })
        #expect(anneal.first?.annealProgress == 0 && anneal.last?.annealProgress == 1)
        let progress = anneal.compactMap(\.annealProgress)
        #expect(progress == progress.sorted())
        #expect(
            anneal.prefix(152).allSatisfy(\.isCoarse) && !anneal.dropFirst(152).contains(where: \.isCoarse))
        #expect(march.allSatisfy { !$0.isCoarse })
        // 32 Å to two and a half pixels of 5 Å, ring by ring; 0.4 epochs of 2000 by 400 are two minibatches.
        #expect(march.map(\.ringCount) == (11...25).flatMap { [Int](repeating: $0, count: 2) })
        // Then poses are looked for anew, and the march may go on where it ended.
        let search = plans.dropFirst(anneal.count + march.count).prefix { $0.phase == .introduction }
        #expect(search.map(\.ringCount) == [14, 19])
        #expect(search.map(\.isFirstLook) == [true, false])
        #expect(search.map(\.isCoarse) == [true, false])
        let rest = plans.dropFirst(anneal.count + march.count + search.count)
        #expect(rest.dropLast().map(\.ringCount) == march.map(\.ringCount))
        #expect(rest.dropLast().allSatisfy { $0.isResumed })
    }

    /// First with four times as many images a step, then at finer limits, as far as the run goes; none where iterations were
    /// counted beforehand.
    @Test func annealsAreRepeatedWithMoreImagesAndToFinerLimits() {
        var parameters = ReconstructionParameters.standard
        func plans(_ count: Int) -> [[IterationPlan]] {
            IterationSchedule.repeatedPlans(
                parameters, particleCount: count, boxLength: 320, boxSize: 64, diameter: 256)
        }
        /// The last limits of those that are carried out if all ends in vain.
        func limits(_ count: Int = 2000, best: Int = 3) -> [Int?] {
            let plans = plans(count)
            let order = sequence(first: 0) {
                IterationSchedule.repetition(after: $0, of: plans, mayBeFiner: true, best: best)
            }
            return order.map { (plans[$0].endOfAnneal ?? plans[$0].first)?.ringCount }
        }
        func largest(_ count: Int) -> [Int] { plans(count).map { $0.anneal.largestBatch } }
        // The last limit once more without positivity.
        #expect(limits() == [10, 10, 12, 15, 15])
        #expect(largest(2000) == [80, 320, 320, 2000, 2000, 2000, 2000])
        #expect(
            plans(2000).map { $0.allSatisfy { $0.isPositive } } == [
                true, true, true, true, false, true, false,
            ])
        // The rise is done again where four times as many images a step are at least half as many again.
        #expect(limits(7000) == [10, 10, 12, 15, 15] && limits(8000) == [10, 10, 12, 15, 15, 15])
        #expect(largest(8000).suffix(3) == [5120, 8000, 8000] && largest(50_000).last == 20_480)
        // With the constraint of the better map alone.
        #expect(
            [3, 4].map { IterationSchedule.repetition(after: 4, of: plans(8000), mayBeFiner: true, best: $0) }
                == [5, 6])
        // Only a finer limit weighs junk.
        #expect(plans(2000).map { $0[0].weighsJunk } == [false, false, true, true, true, true, true])
        // Where there are no more particles, an anneal at one limit would be the same again.
        #expect(limits(60) == [10, 12, 15, 15])
        parameters.maxResolution = 25
        #expect(limits() == [10, 10, 12, 12, 12])
        parameters.maxResolution = 32
        #expect(limits() == [10, 10, 10, 10])
        #expect(plans(2000).joined().allSatisfy { !$0.weighsJunk })
        parameters.maxResolution = nil
        parameters.annealRetries = 1
        #expect(limits() == [10, 10])
        parameters.annealRetries = 0
        #expect(limits() == [10])
        parameters.annealRetries = 6
        parameters.maxIterations = 500
        #expect(limits() == [10])
        parameters = .paper
        #expect(limits().count == 1)
    }

    /// The last begins with the coarse shape, of 4.5 details along the diameter, and ends on the fine quadrature.
    @Test func theLastAnnealRises() throws {
        var parameters = ReconstructionParameters.standard
        func anneals(_ count: Int = 2000) -> [[IterationPlan]] {
            IterationSchedule.repeatedPlans(
                parameters, particleCount: count, boxLength: 320, boxSize: 64, diameter: 256
            ).map { $0.filter { $0.phase == .anneal } }
        }
        let steps = anneals()
        #expect(
            steps.map { Set($0.map(\.ringCount)) } == [[10], [10], [12]]
                + Array(repeating: Set(5...15), count: 4))
        #expect(steps.prefix(3).allSatisfy { $0.count == 160 && $0.allSatisfy { $0.weight == 0.5 } })
        let rising = steps[3]
        let rings =
            [Int](repeating: 5, count: 120) + (6...11).flatMap { [Int](repeating: $0, count: 40) }
            + (0..<4).flatMap { _ in
                (12...14).flatMap { [Int](repeating: $0, count: 20) } + [Int](repeating: 15, count: 80)
            } + [Int](repeating: 15, count: 8)
        #expect(rising.map(\.ringCount) == rings)
        let (coarse, accelerated) = (
            rising.prefix { $0.ringCount < 12 }, rising.dropLast(8).dropFirst(360)
        )
        #expect(coarse.allSatisfy { $0.weight == 0.3 && $0.momentum == 0 && $0.batchSize == 320 })
        #expect(accelerated.allSatisfy { $0.weight == 0.8 && $0.momentum == 0.95 && $0.batchSize == 2000 })
        #expect(accelerated.map(\.climb) == (0..<4).flatMap { [Int](repeating: $0, count: 140) })
        let fine = rising.suffix(8)
        #expect(fine.allSatisfy { $0.weight == 0.2 && $0.momentum == 0 && $0.batchSize == 320 })
        #expect(steps[5].suffix(8).allSatisfy { $0.batchSize == 1280 })
        // Short starts end with the first limit with momentum, and there are none at a constant one.
        #expect(steps.map { $0.shortCount } == [nil, nil, nil] + [Int?](repeating: 380, count: 4))
        // Where there are more images, each of those with momentum is seen about once in the end.
        #expect([3, 5].map { anneals(20_000)[$0].last?.batchSize } == [640, 2500])
        #expect(steps.prefix(3).allSatisfy { !$0.rises && $0.metCount > 12_000 })
        #expect(steps[5].first?.batchSize == 1280 && steps[5].map(\.ringCount) == rings)
        #expect(rising.rises && rising.metCount == 2000)
        // Further climbs have no part in it.
        #expect(rising[359].annealProgress == 359.0 / 507)
        #expect(rising.first?.annealProgress == 0 && rising.last?.annealProgress == 1)
        #expect(accelerated.allSatisfy { $0.annealProgress == 1 })
        #expect(rising.dropLast(8).allSatisfy(\.isCoarse) && !fine.contains { $0.isCoarse })
        // Who says where they begin wants all to rise, with as many images from the first one on.
        parameters.annealBeginning = 40
        #expect(anneals().map { $0.first?.ringCount } == [8, 8, 8, 8, 8, 8, 8])
        parameters.annealBeginning = 20
        #expect(anneals().map { $0.first?.ringCount } == [10, 10, 12, 15, 15, 15, 15])
        #expect(anneals().allSatisfy { $0.first?.momentum == 0.95 && $0.rises })
        // As in the last kind of anneal, images count by their probability to show a particle.
        #expect(anneals().joined().allSatisfy { $0.weighsJunk })
    }

    /// Images that tell their poses need no finer limit, but may need more of them in a step.
    @Test func aFinerLimitIsForImagesThatDoNotTellTheirPoses() {
        func next(_ present: Int, _ count: Int, mayBeFiner: Bool) -> Int? {
            let plans = IterationSchedule.repeatedPlans(
                .standard, particleCount: count, boxLength: 320, boxSize: 64, diameter: 256)
            return IterationSchedule.repetition(after: present, of: plans, mayBeFiner: mayBeFiner, best: 3)
        }
        #expect((0..<5).map { next($0, 2000, mayBeFiner: true) } == [1, 2, 3, 4, nil])
        #expect((0..<4).map { next($0, 2000, mayBeFiner: false) } == [1, nil, nil, nil])
        #expect(next(0, 60, mayBeFiner: true) == 2 && next(0, 60, mayBeFiner: false) == nil)
    }

    @Test func shiftsAreLookedForAsFarAsTheDiameterSays() {
        var parameters = ReconstructionParameters.standard
        var search = ShiftSearch(parameters, diameter: 180)
        #expect(search.extent == 30 && search.sigma == 10)
        parameters.shiftExtent = 12
        search = ShiftSearch(parameters, diameter: 180)
        #expect(search.extent == 12 && search.sigma == 4)
        let settled = parameters.settled(diameter: 180)
        #expect(settled.shiftExtent == 12 && settled.shiftSigma == 4)
    }

    /// A coarse quadrature has about a ninth of the points, on the same sphere and disc.
    @Test func coarseQuadraturesHaveANinthOfThePoints() throws {
        let plans = Self.plans(.standard)
        let coarse = try #require(plans.first { $0.isCoarse })
        let fine = try #require(plans.first { $0.phase == .anneal && !$0.isCoarse })
        let frame = DensityFrame(imageSize: 64, boxLength: 320, ringCount: 10)
        let search = ShiftSearch(.standard, diameter: 256)
        let nodes = [coarse, fine].map {
            Quadrature($0, frame, .standard, search, radius: 128, symmetry: .c1)
        }
        let counts = nodes.map { Double($0.directions.directionCount * $0.shifts.offsets.count) }
        #expect(nodes[0].share == counts[0] / counts[1] && nodes[1].share == 1)
        // Shifts on the rim of the disc come and go.
        #expect(abs(nodes[0].share * 9 - 1) < 0.2)
    }

    @Test func newcomersAreIntroducedStepByStep() {
        // The anneal meets 160 · 80 of 40 000 particles; 0.4 epochs of those are 13 minibatches of 400.
        let plans = Self.plans(.standard, count: 40_000)
        let steps = plans.filter { $0.phase == .introduction }
        #expect(steps.count == 2)
        #expect(plans.count { $0.phase == .march && $0.ringCount == 11 && !$0.isResumed } == 13)
    }

    /// The clock of the paper's code for 39 800 images in minibatches of 199; method.md §3.5 lists the radii.
    @Test func marchingFollowsThePapersClock() throws {
        var parameters = ReconstructionParameters.paper
        parameters.marchBatch = 199
        parameters.maxResolution = 10
        let plans = Self.plans(parameters, count: 39_800, boxLength: 358.4, boxSize: 128)
        let table: [(start: Int, frequency: Double)] = [
            (0, 0.020), (200, 0.025), (400, 0.030), (550, 0.035), (700, 0.040), (1000, 0.050), (1450, 0.065),
        ]
        for (start, frequency) in table {
            let ring = Int(frequency * 358.4)
            #expect(plans[start].ringCount == ring, "iteration \(start)")
            if start > 0 { #expect(plans[start - 1].ringCount < ring) }
        }
        #expect(plans.allSatisfy { $0.ringCount <= 35 && $0.annealProgress == nil })
        let marching = plans.filter { $0.phase == .march }
        #expect(marching.allSatisfy { $0.batchSize == 199 })
        // A small set has few minibatches, but the clock waits 150 iterations.
        let few = Self.plans(parameters, count: 500, boxLength: 358.4, boxSize: 128)
        #expect(few[149].ringCount == 7 && few[150].ringCount == 8 && few[300].ringCount == 10)
    }

    @Test func iterationsCanBeCapped() {
        var parameters = ReconstructionParameters()
        parameters.maxIterations = 5
        let plans = Self.plans(parameters)
        #expect(plans.prefix { $0.phase == .anneal }.count == 5)
        #expect(plans.allSatisfy { $0.phase != .march })
        #expect(plans.last?.ringCount == plans[4].ringCount)
        #expect(plans.last?.ringCount == plans[4].ringCount)
    }

    @Test func defaultsAreThoseOfTheManual() {
        #expect(IterationSchedule.defaultAnnealResolution(diameter: 120) == 20)
        #expect(IterationSchedule.defaultAnnealResolution(diameter: 300) == 32)
        #expect(IterationSchedule.defaultResolution(.standard, boxLength: 320, boxSize: 64) == 12.5)
        #expect(IterationSchedule.defaultResolution(.paper, boxLength: 320, boxSize: 64) == 20)
    }
}

/// Optimizers that want plans of their own.
struct OptimizerPlanTests {
    private static func plans(_ optimizer: ReconstructionParameters.OptimizerKind) -> [IterationPlan] {
        var parameters = ReconstructionParameters()
        (parameters.optimizer, parameters.schedule) = (optimizer, .frequencyMarching)
        (parameters.maxResolution, parameters.maxIterations) = (40, 500)
        return IterationSchedule.plans(
            parameters, particleCount: 1000, boxLength: 320, boxSize: 64, diameter: 200)
    }

    @Test func batchDescentSeesAllParticlesEveryTime() {
        #expect(Self.plans(.batch).allSatisfy { $0.batchSize == 1000 })
        #expect(Self.plans(.sagd).dropLast().allSatisfy { $0.batchSize == 400 })
    }

    @Test func bestMatchesAreSharpAndClimbRingByRing() {
        let plans = Self.plans(.projectionMatching)
        #expect(plans.allSatisfy { $0.batchSize == 1000 })
        // Evidence at the end is that of the model, to compare with other optimizers'.
        #expect(plans.dropLast().allSatisfy { $0.sharpness == IterationPlan.bestMatch })
        #expect(plans.last?.sharpness == 1)
        // 320 Å / 50 Å = 6 rings to 320 Å / 40 Å = 8, four times each, and the final pass.
        #expect(plans.map(\.ringCount) == [6, 6, 6, 6, 7, 7, 7, 7, 8, 8, 8, 8, 8])
        #expect(Self.plans(.momentum).allSatisfy { $0.sharpness == 1 })
    }
}
