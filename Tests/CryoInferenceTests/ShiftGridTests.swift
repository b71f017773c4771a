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
    func sharesSumToOne(centre: SIMD2<Double>) {
        let grid = ShiftGrid(extent: 25, spacing: 4, priorSigma: 10)
        #expect(grid.logWeights(around: centre).allSatisfy { $0.isFinite })
        // Exponents of −10¹⁰ have a rounding of 10⁻⁶.
        #expect(abs(grid.shares(around: centre).reduce(0, +) - 1) < 1e-5)
    }

    private func mass(_ grid: ShiftGrid, _ centre: SIMD2<Double>) -> Double {
        grid.logWeights(around: centre).reduce(0) { $0 + exp(Double($1)) }
    }

    /// The mass of a window is that of the Gaussian in it: all of a wide one, 1 − exp(−R²/2σ²) of a circle about its centre.
    @Test func windowsHoldTheirPartOfTheGaussian() {
        // The error of the sum falls as exp(−2π²σ²/s²); of the circle nodes take whole squares.
        #expect(abs(mass(ShiftGrid(extent: 80, spacing: 4, priorSigma: 10), .zero) - 1) < 1e-5)
        #expect(abs(mass(ShiftGrid(extent: 80, spacing: 4, priorSigma: 10), [9, -7]) - 1) < 1e-5)
        let circle = mass(ShiftGrid(extent: 10, spacing: 0.25, priorSigma: 10), .zero)
        #expect(abs(circle - (1 - exp(-0.5))) < 0.005)
        #expect(mass(ShiftGrid(extent: 80, spacing: 8, priorSigma: 0.01), .zero) == 1)
    }

    /// What an image says does not depend on the window that its shift lies in.
    @Test func weightsDoNotDependOnTheWindow() {
        let wide = ShiftGrid(extent: 40, spacing: 4, priorSigma: 10)
        let small = ShiftGrid(extent: 6, spacing: 4, priorSigma: 10)
        let (all, some) = (wide.logWeights(around: .zero), small.logWeights(around: [16, -8]))
        for (offset, weight) in zip(small.offsets, some) {
            let same = wide.offsets.firstIndex(of: offset + [16, -8])
            // Single-precision logarithms of size 10.
            #expect(abs(weight - (same.map { all[$0] } ?? 0)) < 1e-5)
        }
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
