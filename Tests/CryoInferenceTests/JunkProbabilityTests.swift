import CryoCore
import CryoReconstruction
import Testing

/// Images of nothing.
struct JunkProbabilityTests {
    @Test func theShareIsLearnt() {
        var stream = RandomStream(seed: 2)
        let evidences = (0..<1000).map { $0 < 200 ? -6 + stream.normal() : 20 + 8 * stream.normal() }
        let junk = JunkProbability(logEvidences: evidences)
        // The few particles of low evidence are the error.
        #expect(abs(junk.share - 0.2) < 0.01)
        #expect(junk(-6) > 0.99 && junk(20) < 1e-6)
        #expect(evidences.prefix(200).allSatisfy { junk($0) > 0.5 })
    }

    @Test func nothingIsCertainFromOneClass() {
        #expect(JunkProbability(logEvidences: [30, 40, 50]).share == 1e-4)
        #expect(JunkProbability(logEvidences: [-30, -40]).share == 0.99)
        #expect(JunkProbability(logEvidences: []).share == 0.1)
        #expect(JunkProbability(logEvidences: [.nan, 30])(.infinity) < 1e-300)
    }
}
