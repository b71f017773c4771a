import CryoCore
import Foundation
import Testing

@testable import CryoInference

/// Systematic draws with given inclusion probabilities.
struct InclusionSamplingTests {
    @Test(arguments: [1.0, 3.5, 9, 19.5]) func inclusionsSumToTheCount(count: Double) {
        var stream = RandomStream(seed: 3)
        let q = (0..<40).map { _ in Float(pow(stream.uniform(), 4)) }
        let inclusions = InclusionSampling.inclusions(q, count: count)
        #expect(abs(inclusions.reduce(0.0) { $0 + Double($1) } - count) < 1e-3)
        #expect(inclusions.allSatisfy { $0 >= 0 && $0 <= 1 })
        // As probable as its weight, unless certain.
        let open = q.indices.filter { inclusions[$0] < 1 && q[$0] > 1e-6 }
        for (a, b) in zip(open, open.dropFirst()) {
            #expect(abs(inclusions[a] * q[b] - inclusions[b] * q[a]) < 1e-5)
        }
    }

    @Test func asManyDrawsAsItemsTakeAllThatMayBe() {
        #expect(InclusionSampling.inclusions([0.5, 0, 0.1], count: 3) == [1, 0, 1])
    }

    @Test func theNumberOfDrawsIsTheSumOfInclusions() {
        let inclusions: [Float] = [0.25, 1, 0.5, 0.25, 1, 0.75, 0.25]
        for step in 0..<50 {
            #expect(InclusionSampling.draw(inclusions, start: Double(step) / 50).count == 4)
        }
    }

    /// Rounding must not leave an image without a node.
    @Test func whatSumsToOneIsNeverEmpty() {
        let inclusions = [Float](repeating: 0.099_99, count: 10)
        #expect(InclusionSampling.draw(inclusions, start: 0.999_99).count == 1)
        #expect(InclusionSampling.draw([0.2, 0.1], start: 0.9).isEmpty)
    }

    @Test func effectiveCountIsThatOfEqualWeights() {
        #expect(abs(InclusionSampling.effectiveCount([0.2, 0.2, 0.2]) - 3) < 1e-6)
        #expect(abs(InclusionSampling.effectiveCount([1, 0, 0]) - 1) < 1e-6)
    }
}
