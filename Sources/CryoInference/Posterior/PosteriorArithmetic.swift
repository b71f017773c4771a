import CryoKernelInterface
import Foundation

/// Floating-point operations that the evidence of one image costs, counted from the quadrature and the layout.
public struct PosteriorArithmetic: Sendable, Equatable {
    /// Products over rings: Σap, Σbq, Σaq, Σbp for each direction pair, shift and (order, ring) entry.
    public let products: Double
    /// One complex FFT for each direction pair and shift, at 5 N log₂ N.
    public let transforms: Double
    /// Exponentials and sums over in-plane angles, at 10 a pose.
    public let exponentials: Double
    /// What comparing every pose with the image point by point would cost: |X − C T|² at 8 a point of a half ring.
    public let fullProduct: Double

    /// All that is done.
    public var total: Double { products + transforms + exponentials }
}

extension PosteriorEngine {
    /// What the exact evidence of one image costs.
    public var arithmetic: PosteriorArithmetic {
        let circles = Double(directions.pairCount * shifts.offsets.count)
        let angles = Double(grid.angleCount)
        return PosteriorArithmetic(
            products: circles * 8 * Double(layout.entryCount),
            transforms: circles * 5 * angles * log2(angles),
            exponentials: circles * 2 * angles * 10,
            fullProduct: circles * 2 * angles * 8 * Double(points.count))
    }
}
