import CryoCore
import CryoFourier
import CryoTestSupport
import Testing

@testable import CryoReconstruction

/// Several random starts, ranked by what they explain.
@Suite(.serialized) struct StartTests {
    static func run(starts: Int?, symmetry: String = "C1") throws -> Reconstruction {
        let source = try TestSource(EndToEndTests.phantom, count: 120, diameter: 140, signalToNoise: 1)
        var parameters = EndToEndTests.reduced
        parameters.annealIterations = 6
        parameters.annealBatch = 20
        parameters.maxIterations = 6
        parameters.starts = starts
        parameters.symmetry = symmetry
        return try Reconstruction(source: source, parameters: parameters)
    }

    @Test func theStartOfMostEvidenceGoesOn() throws {
        let result = try Self.run(starts: 3).run()
        #expect(result.starts.map(\.seed) == [1, 1001, 2001])
        let kept = result.starts.filter(\.isKept)
        #expect(kept.count == 1)
        #expect(kept.first?.logEvidence == result.starts.map(\.logEvidence).max())
        // The statistics are those of one start, in order, and all the work is counted.
        #expect(result.statistics.map(\.iteration) == Array(0..<7))
        #expect(result.statistics.last?.progress == 1)
    }

    /// Two right starts have the same map, whatever their orientations and hands.
    @Test func itIsKnownHowFarStartsAgree() throws {
        let source = try TestSource(EndToEndTests.phantom, count: 300, diameter: 140, signalToNoise: 1)
        var parameters = EndToEndTests.reduced
        (parameters.starts, parameters.annealRetries, parameters.maxResolution) = (2, 0, 26)
        let starts = try Reconstruction(source: source, parameters: parameters).run().starts
        let other = try #require(starts.first { !$0.isKept })
        // The anneal ends at 32 Å, shells are of 1/192 Å.
        #expect(try #require(other.agreement) < 39, "\(starts)")
        #expect(starts.first { $0.isKept }?.agreement == nil)
    }

    /// A start does not depend on those before it: the last of three is the same where the others were not made.
    @Test func startsAreIndependent() throws {
        let several = try Self.run(starts: 3).run().starts
        let run = try Self.run(starts: 3)
        let last = try run.run(from: run.beginning(2, of: several)).starts[2]
        #expect(last.seed == several[2].seed && last.logEvidence == several[2].logEvidence)
        #expect(last.effectivePoses == several[2].effectivePoses)
        // A record that was damaged begins with the first kind of anneal, and traps nowhere.
        for damage in [-1, 99] {
            var damaged = several
            damaged[2].repetition = damage
            #expect(run.beginning(2, of: damaged).repetition == 0)
        }
    }

    /// A finer limit is worth a tenth of a nat; at the same one more evidence is better.
    @Test func aFinerLimitMustTellSomething() {
        func start(_ resolution: Double, _ logEvidence: Double) -> StartRecord {
            var start = StartRecord(seed: 1, logEvidence: logEvidence, isKept: false)
            start.resolution = resolution
            return start
        }
        let coarse = [start(32, 0.01), start(32, 0.02)]
        #expect(coarse.best == coarse[1] && (coarse + [start(25.6, 0.1)]).best == coarse[1])
        #expect((coarse + [start(25.6, 0.2)]).best?.resolution == 25.6)
        #expect([StartRecord]().best == nil)
        // As many free values as there are images gain a nat by chance.
        var free = start(32, 1)
        free.chance = StartRecord.chance(diameter: 200, resolution: 20, imageCount: 2193)
        #expect(abs((free.chance ?? 0) - 1) < 0.001)
        #expect(!free.isBetter(than: start(32, 0.01)) && coarse[0].isBetter(than: free))
        free.logEvidence = 1.02
        #expect(free.isBetter(than: start(32, 0.01)))
    }

    /// A start says why it is made and what is different about it.
    @Test func aStartSaysWhyItIsMade() throws {
        let source = try TestSource(EndToEndTests.phantom, count: 120, diameter: 140, signalToNoise: 1)
        var parameters = EndToEndTests.reduced
        (parameters.annealIterations, parameters.annealBatch, parameters.starts) = (6, 10, 2)
        let run = try Reconstruction(source: source, parameters: parameters)
        var progress = run.beginning()
        #expect(run.startText(of: progress) == nil)
        /// What is said of a start after others, of which images fit so many poses.
        func text(_ repetition: Int, after earlier: [Int], poses: Double = 1000) -> String? {
            progress.records = earlier.map { repetition in
                var record = StartRecord(seed: 1, resolution: 32, logEvidence: 1, isKept: false)
                (record.repetition, record.effectivePoses, record.explainedShare) = (repetition, poses, 1)
                return record
            }
            (progress.start, progress.repetition) = (earlier.count, repetition)
            return run.startText(of: progress)
        }
        #expect(text(0, after: [0]) == "random start 2 of 2, at 32.0 Å, with 10 images a step (seed 1001)")
        let lost = "images do not tell their poses at 32.0 Å: from the start once more, at"
        #expect(text(2, after: [0, 0]) == "\(lost) 27.4 Å, with 40 images a step (seed 2001)")
        #expect(
            text(1, after: [0, 0], poses: 5)
                == "images hold more than the map explains at 32.0 Å: from the start once more, at 32.0 Å, with 40 images a step (seed 2001)"
        )
        let rise = "limits from 38.4 to 21.3 Å, with up to 120 images a step"
        #expect(text(3, after: [0, 0, 1, 2]) == "\(lost) \(rise) (seed 4001)")
        #expect(text(4, after: [0, 0, 1, 2, 3]) == "\(lost) \(rise), without positivity (seed 5001)")
        #expect(
            text(3, after: [0, 0, 1, 2, 3, 4])
                == "images tell their poses in no map: another random start, at \(rise) (seed 6001)")
        // Once one was chosen there is none.
        progress.start = nil
        #expect(run.startText(of: progress) == nil)
    }

    /// A limit that rises leads another random start elsewhere; one limit does not.
    @Test func onlyAnAnnealThatRisesHasFurtherStarts() throws {
        let plans = IterationSchedule.repeatedPlans(
            .standard, particleCount: 2000, boxLength: 320, boxSize: 64, diameter: 256)
        func records(_ repetitions: [Int]) -> [StartRecord] {
            repetitions.map {
                var start = StartRecord(seed: 1, logEvidence: Double($0), isKept: false)
                start.repetition = $0
                return start
            }
        }
        #expect(records([0, 1, 2]).unsettled(among: plans, atMost: 2) { _ in 1 } == nil)
        #expect(records([0, 1, 2, 3]).unsettled(among: plans, atMost: 2) { _ in 1 } == 3)
        #expect(records([0, 1, 2, 3, 3]).unsettled(among: plans, atMost: 2) { _ in 1 } == 3)
        #expect(records([0, 1, 2, 3, 3, 3]).unsettled(among: plans, atMost: 2) { _ in 1 } == nil)
        // Another kind has no more of them.
        #expect(records([0, 1, 2, 3, 4, 3]).unsettled(among: plans, atMost: 2) { _ in 1 } == 4)
        #expect(records([0, 1, 2, 3, 4, 3, 4]).unsettled(among: plans, atMost: 2) { _ in 1 } == nil)
        // Rounds of two starts, as of two contrasts.
        #expect(records([0, 1, 3, 3]).unsettled(among: plans, atMost: 1) { _ in 2 } == 3)
        #expect(records([0, 1, 3, 3, 3, 3]).unsettled(among: plans, atMost: 1) { _ in 2 } == nil)
        #expect([StartRecord]().unsettled(among: plans, atMost: 2) { _ in 1 } == nil)
    }

    /// Where images fit more poses than they should, all begins anew, with more of them a step and at finer limits; the best
    /// of all goes on.
    @Test func imagesThatDoNotTellTheirPosesAreAnnealedAnew() throws {
        let source = try TestSource(EndToEndTests.phantom, count: 120, diameter: 140, signalToNoise: 0.1)
        var parameters = EndToEndTests.reduced
        (parameters.annealIterations, parameters.annealBatch, parameters.maxResolution) = (4, 20, 26)
        // So little noisy images learn in four iterations that none has one pose.
        (parameters.starts, parameters.annealEnd) = (2, 1)
        let run = try Reconstruction(source: source, parameters: parameters)
        let result = try run.run()
        let starts = result.starts
        // Two starts first, one in each anneal that follows: each kind but those of more images than there are, since none was good enough;
        // then two more of those with a limit that rises, of the one that images prefer.
        #expect(
            starts.map(\.batchSize) == [20, 20, 80, 80, 120, 120, 120, 120]
                && starts.prefix(6).map(\.repetition) == [0, 0, 1, 2, 3, 4])
        #expect(starts.suffix(2).allSatisfy { [3, 4].contains($0.repetition) })
        // One whose limit rises is the best of four short ones.
        #expect(starts.map { $0.seed / 1000 } == Array(0..<8))
        for (place, start) in starts.enumerated() {
            let first = 1000 * UInt64(place) + parameters.seed
            guard place >= 4 else {
                #expect(start.seed == first && start.shortStarts == nil)
                continue
            }
            let short = try #require(start.shortStarts)
            #expect(short.map(\.seed) == (0..<4).map { first + 100 * $0 })
            #expect(short.first { $0.seed == start.seed }?.logEvidence == short.map(\.logEvidence).max())
        }
        let limits = starts.compactMap(\.resolution)
        #expect(limits[0] == limits[1] && limits[1] == limits[2] && limits[2] > limits[3])
        let kept = try #require(starts.first { $0.isKept })
        #expect(kept == starts.best)
        #expect(try #require(kept.effectivePoses) > 2)
        // What follows is the plan of the limit that was kept, and its statistics alone are told.
        let anneal = result.statistics.filter { $0.phase == .anneal }
        #expect(anneal.last?.resolution == kept.resolution)
        #expect(result.statistics.prefix(4).map(\.iteration) == Array(0..<4))
        #expect(AnnealKind.inOrder.count == run.plans.count)
    }

    /// Images that tell their poses are annealed anew if they hold more than the map explains, and else are not.
    @Test(arguments: [false, true]) func whatImagesHoldIsExplained(isRight: Bool) throws {
        let source = try TestSource(EndToEndTests.phantom, count: 300, diameter: 140, signalToNoise: 1)
        var parameters = EndToEndTests.reduced
        parameters.maxResolution = 26
        // Any number of poses will do.
        parameters.annealEnd = isRight ? 10 : 1e8
        if !isRight { parameters.annealIterations = 4 }
        let starts = try Reconstruction(source: source, parameters: parameters).run().starts
        #expect((starts.count == 1) == isRight)
        let shares = try starts.map { try #require($0.explainedShare) }
        #expect(shares.first.map { $0 >= ExplainedSignal.most } == isRight)
    }

    /// Images whose low frequencies do not tell whether protein is white or black are begun with both; evidence tells.
    @Test(arguments: [1, -1] as [Float])
    func contrastIsFoundByEvidence(gain: Float) throws {
        var transform = FourierVolume(EndToEndTests.phantom)
        transform.forEachFrequency { offset, kx, ky, kz in
            if kx * kx + ky * ky + kz * kz < 16 { transform.coefficients[offset] = .zero }
        }
        var phantom = transform.volume()
        phantom.pixelSize = EndToEndTests.phantom.pixelSize
        let source = try TestSource(phantom, count: 300, diameter: 140, signalToNoise: 1, gain: gain)
        var parameters = EndToEndTests.reduced
        (parameters.annealRetries, parameters.maxResolution) = (0, 26)
        let run = try Reconstruction(source: source, parameters: parameters)
        #expect(run.triesBothContrasts && run.startCount == 2)
        let result = try run.run()
        #expect(run.contrast.sign == Int(gain))
        #expect(Set(result.starts.compactMap(\.contrast)) == [1, -1])
        let kept = try #require(result.starts.first { $0.isKept })
        #expect(kept.contrast == Int(gain) && kept.logEvidence == result.starts.map(\.logEvidence).max())
        // A contrast that lost is not annealed again.
        (parameters.annealRetries, parameters.annealEnd, parameters.annealIterations) = (1, 1, 30)
        let again = try Reconstruction(source: source, parameters: parameters).run().starts
        #expect(again.count > 2 && again.dropFirst(2).allSatisfy { $0.contrast == Int(gain) })
        // Who tells the contrast is taken at their word.
        parameters.contrast = Int(gain)
        #expect(try !Reconstruction(source: source, parameters: parameters).triesBothContrasts)
    }

    @Test func symmetricRunsHaveThreeStarts() throws {
        #expect(try Self.run(starts: nil).startCount == 1)
        #expect(try Self.run(starts: nil, symmetry: "D2").startCount == 3)
        #expect(try Self.run(starts: 2, symmetry: "D2").startCount == 2)
    }
}
