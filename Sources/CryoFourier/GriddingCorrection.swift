import CryoCore
import Foundation

/// The real-space transform of the trilinear interpolation kernel of ``FourierBall``.
///
///     g(x) = Π_i sinc²(x_i / (padding · n))
public struct GriddingCorrection: Sendable {
    private let factors: [Float]

    /// Works out the factors of one axis.
    public init(boxSize n: Int, padding: Int) {
        factors = (0..<n).map { index in
            let u = Double.pi * Double(index - n / 2) / Double(padding * n)
            let sinc = u == 0 ? 1 : sin(u) / u
            return Float(1 / (sinc * sinc))
        }
    }

    /// Divides a density by g.
    public func divide(_ volume: inout Volume) {
        let n = volume.boxSize
        var voxels = volume.voxels.mutableSpan
        for z in 0..<n {
            for y in 0..<n {
                let factor = factors[z] * factors[y]
                let row = (z * n + y) * n
                for x in 0..<n { voxels[row + x] *= factor * factors[x] }
            }
        }
    }
}
