import CryoCore
import Foundation

/// Where slices and images are sampled: rings k = 1 … ringCount of angleCount points each.
///
/// Ring k has the radius k/box; point j lies at φ_j = 2π j / angleCount. Friedel's law gives the second half of
/// a ring, so arrays on the grid hold `angleCount / 2` points a ring; shape `[ring][angle]`.
public struct PolarGrid: Sendable, Equatable {
    /// The number of rings.
    public let ringCount: Int
    /// The number of points on a whole ring; even.
    public let angleCount: Int

    /// Makes a grid.
    public init(ringCount: Int, angleCount: Int) {
        precondition(ringCount > 0 && angleCount > 0 && angleCount % 2 == 0)
        self.ringCount = ringCount
        self.angleCount = angleCount
    }

    /// Points on half a ring.
    public var halfCount: Int { angleCount / 2 }
    /// Points on the half grid.
    public var pointCount: Int { ringCount * halfCount }

    /// The stored points (x, y), in units of 1/box; shape `[ring][angle]`.
    public var points: [SIMD2<Float>] {
        (1...ringCount).flatMap { ring in
            (0..<halfCount).map { index in
                let angle = 2 * .pi * Double(index) / Double(angleCount)
                return SIMD2<Float>(Float(Double(ring) * cos(angle)), Float(Double(ring) * sin(angle)))
            }
        }
    }

    /// The area of frequency space that a point of ring k stands for, in units of 1/box²: 2πk / angleCount.
    public func measure(ring: Int) -> Double { 2 * .pi * Double(ring) / Double(angleCount) }
}
