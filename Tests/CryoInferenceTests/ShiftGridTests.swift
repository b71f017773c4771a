import Foundation
import Testing

@testable import CryoInference

/// The quadrature in the plane.
struct ShiftGridTests {
    @Test(arguments: [(30.0, 8.0), (9, 8), (20, 5), (60, 7.5), (3, 8), (0, 1)])
    func nodesFillTheCircle(extent: Double, spacing: Double) {
        let grid = ShiftGrid(extent: extent, spacing: spacing, priorSigma: 10)
        #expect(grid.offsets.contains(.zero))
        let lengths = grid.offsets.map { ($0 * $0).sum().squareRoot() }
        #expect(lengths.allSatisfy { $0 <= extent * (1 + 1e-6) })
        let reach = Int(extent / spacing) + 1
        var expected = 0
        for y in -reach...reach {
            for x in -reach...reach where hypot(Double(x), Double(y)) * spacing <= extent * (1 + 1e-6) {
                expected += 1
            }
        }
        #expect(grid.offsets.count == expected)
        #expect(grid.offsets.allSatisfy { grid.offsets.contains(-$0) })
    }

    @Test(arguments: [SIMD2(0.0, 0), [12, -5], [400, 300], [1e6, 0]])
    func weightsSumToOne(centre: SIMD2<Double>) {
        let grid = ShiftGrid(extent: 25, spacing: 4, priorSigma: 10)
        let weights = grid.logWeights(around: centre)
        #expect(weights.allSatisfy { $0.isFinite })
        let sum = weights.reduce(0.0) { $0 + exp(Double($1)) }
        // Logarithms down to −10⁶ in single precision; only those near zero count, so 10⁻⁶ of the sum.
        #expect(abs(sum - 1) < 1e-6)
    }

    @Test func weightsFollowTheGaussianOfTheWholeShift() {
        let grid = ShiftGrid(extent: 12, spacing: 4, priorSigma: 7)
        let centre = SIMD2(6.0, -3)
        let weights = grid.logWeights(around: centre)
        let middle = weights[grid.offsets.firstIndex(of: .zero) ?? 0]
        for (offset, weight) in zip(grid.offsets, weights) {
            let shift = centre + offset
            let expected = -((shift * shift).sum() - (centre * centre).sum()) / (2 * 49)
            // Differences of single-precision logarithms of size 10.
            #expect(abs(Double(weight - middle) - expected) < 1e-5)
        }
    }
}
