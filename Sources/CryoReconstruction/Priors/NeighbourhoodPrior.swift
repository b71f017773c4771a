import CryoCore
import Foundation

/// A conditional autoregressive prior: a voxel is expected to be like its neighbours.
///
///     −ln p(V) = ½ V·(V − W V) / w²
///
/// W averages a voxel's neighbours with Gaussian weights of 0.5 voxels' standard deviation over 5³ voxels, the centre
/// left out, on the density's own grid; beyond the box lies zero. W is symmetric, so the gradient is (V − W V) / w².
public struct NeighbourhoodPrior: DensityPrior {
    /// The standard deviation w of a voxel about its neighbours' mean.
    public var width: Double
    /// Voxels of the image's grid that one voxel of the density stands for.
    public var voxelRatio: Double

    private static let reach = 2
    private static let sigma = 0.5

    /// Makes a prior.
    public init(width: Double, voxelRatio: Double) {
        self.width = width
        self.voxelRatio = voxelRatio
    }

    /// 2 / w² times the voxel ratio: W averages, so its eigenvalues lie in [−1, 1].
    public var curvature: Double { 2 * voxelRatio / (width * width) }

    /// ½ V·(V − W V) / w² times the voxel ratio.
    public func negativeLog(_ density: Volume) -> Double {
        zip(density.voxels, gradient(density).voxels).reduce(0.0) {
            $0 + 0.5 * Double($1.0) * Double($1.1)
        }
    }

    /// (V − W V) / w² times the voxel ratio.
    public func gradient(_ density: Volume) -> Volume {
        let profile = (-Self.reach...Self.reach).map { offset in
            Float(exp(-Double(offset * offset) / (2 * Self.sigma * Self.sigma)))
        }
        var blurred = density
        for axis in 0..<3 { blurred = Self.convolved(blurred, profile, axis: axis) }
        let total = profile.reduce(0, +)
        // The separable blur holds the centre with weight one; the rest is normalised.
        let share = 1 / (total * total * total - 1)
        var result = density
        let slope = Float(voxelRatio / (width * width))
        for index in result.voxels.indices {
            let neighbours = (blurred.voxels[index] - density.voxels[index]) * share
            result.voxels[index] = (density.voxels[index] - neighbours) * slope
        }
        return result
    }

    private static func convolved(_ volume: Volume, _ profile: [Float], axis: Int) -> Volume {
        let n = volume.boxSize
        let stride = [1, n, n * n][axis]
        var result = volume
        for index in volume.voxels.indices {
            let place = index / stride % n
            var sum: Float = 0
            for offset in -reach...reach where (0..<n).contains(place + offset) {
                sum += volume.voxels[index + offset * stride] * profile[offset + reach]
            }
            result.voxels[index] = sum
        }
        return result
    }
}
