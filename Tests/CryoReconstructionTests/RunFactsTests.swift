import CryoReport
import Testing

@testable import CryoReconstruction

struct RunFactsTests {
    /// A long run says the same of itself when it keeps only what that needs.
    @Test(arguments: [1, 5, 11, 12, 40, 400])
    func fewIterationsHaveTheSameFacts(count: Int) throws {
        let all = (0..<count).map { index in
            IterationStatistics(
                iteration: index, phase: .march, resolution: 30, batchSize: 10 + index % 7, beta: 1,
                effectivePoses: 10, logEvidence: 1, relativeChange: 0.1, poseCount: 1000,
                evaluatedFraction: 1,
                halfSetFSC: index % 23 == 3 ? Double(index) : nil, seconds: Double(index * index),
                duration: Double(2 * index + 1), progress: 0)
        }
        var kept = [IterationStatistics]()
        for (index, entry) in all.enumerated() {
            kept.append(entry)
            if index % 5 == 4 { kept = RunFacts.needed(of: kept) }
            let (expected, facts) = (
                try #require(RunFacts(Array(all[...index]))), try #require(RunFacts(kept))
            )
            #expect(
                facts.imagesPerSecond == expected.imagesPerSecond && facts.agreement == expected.agreement)
        }
        #expect(RunFacts.needed(of: kept).count <= 11)
    }

    /// A later random start, and a run that goes on after an interruption, are no slower for what came before.
    @Test func whatCameBeforeIsNotCounted() throws {
        let entry = IterationStatistics(
            iteration: 0, phase: .anneal, resolution: 30, batchSize: 80, beta: 1, effectivePoses: 10,
            logEvidence: 1, relativeChange: 0.1, poseCount: 1000, evaluatedFraction: 1, seconds: 7200,
            duration: 2, progress: 0)
        #expect(try #require(RunFacts([entry])).imagesPerSecond == 40)
    }
}
