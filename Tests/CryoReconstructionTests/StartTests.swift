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

    /// A start does not depend on those before it: the kept one is what a run from its seed alone would be.
    @Test func startsAreIndependent() throws {
        let several = try Self.run(starts: 3).run()
        let kept = try #require(several.starts.first { $0.isKept })
        let run = try Self.run(starts: 3)
        let number = try #require([1, 1001, 2001].firstIndex(of: kept.seed))
        var parameters = run.parameters
        parameters.starts = 1
        parameters.seed = kept.seed
        let source = try TestSource(EndToEndTests.phantom, count: 120, diameter: 140, signalToNoise: 1)
        let alone = try Reconstruction(source: source, parameters: parameters).run()
        #expect(run.startState(number).seed == kept.seed)
        let anneals = [several, alone].map { $0.statistics.prefix(6).map(\.logEvidence) }
        #expect(anneals[0] == anneals[1])
    }

    /// Where images fit more poses than they should, all begins anew at finer limits; the best of all goes on.
    @Test func imagesThatDoNotTellTheirPosesAreAnnealedAtFinerLimits() throws {
        let source = try TestSource(EndToEndTests.phantom, count: 120, diameter: 140, signalToNoise: 0.1)
        var parameters = EndToEndTests.reduced
        (parameters.annealIterations, parameters.annealBatch, parameters.maxResolution) = (4, 20, 26)
        // So little noisy images learn in four iterations that none has one pose.
        (parameters.starts, parameters.annealEnd) = (2, 1)
        let run = try Reconstruction(source: source, parameters: parameters)
        let result = try run.run()
        let limits = result.starts.compactMap(\.resolution)
        let levels = Set(limits).count
        #expect(levels > 1 && limits == limits.sorted(by: >) && result.starts.count % 2 == 0)
        // Two starts each; what the best so far lacks is what is done next.
        for count in stride(from: 2, to: result.starts.count, by: 2) {
            let best = try #require(result.starts.prefix(count).max { $0.logEvidence < $1.logEvidence })
            let (last, next) = (result.starts[count - 1], result.starts[count])
            let isFiner = try #require(best.effectivePoses) > 2
            #expect(isFiner || !best.explainsEnough)
            #expect((next.resolution != last.resolution) == isFiner)
            #expect((next.batchSize != last.batchSize) == !isFiner)
        }
        let kept = try #require(result.starts.first { $0.isKept })
        #expect(kept.logEvidence == result.starts.map(\.logEvidence).max())
        // In the end the best is good enough, or no anneal is left that would make up for what it lacks.
        let (limit, batch) = (try #require(limits.last), result.starts.last?.batchSize)
        let present = try #require(
            run.plans.firstIndex {
                $0[0].ringCount == Int((192 / limit).rounded()) && $0[0].batchSize == batch
            })
        let isFiner = try #require(kept.effectivePoses) > 2
        #expect(
            !isFiner && kept.explainsEnough
                || IterationSchedule.repetition(after: present, of: run.plans, isFiner: isFiner) == nil)
        // What follows is the plan of the limit that was kept, and its statistics alone are told.
        #expect(result.statistics.first?.resolution == kept.resolution)
        #expect(result.statistics.prefix(4).map(\.iteration) == Array(0..<4))
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
        #expect(shares.first.map { $0 >= ExplainedSignal.enough } == isRight)
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
