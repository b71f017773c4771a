import CryoCore
import CryoReconstruction

/// Density far from the middle is unlikely: −ln p(V) = Σ (r/R)² V² / 2w².
///
/// The sum runs over the image's own voxels, so that the prior does not change with the density's grid.
public struct RimPrior: DensityPrior {
    /// The standard deviation w of a voxel at the distance R from the middle.
    public var width: Double
    /// The distance R, in Å.
    public var radius: Double
    /// Voxels of the image's grid that one voxel of the density stands for.
    public var voxelRatio: Double

    /// Makes a prior.
    public init(width: Double, radius: Double, voxelRatio: Double) {
        self.width = width
        self.radius = radius
        self.voxelRatio = voxelRatio
    }

    /// −ln p(V).
    public func negativeLog(_ density: Volume) -> Double {
        zip(density.voxels, weights(density)).reduce(0.0) { $0 + 0.5 * $1.1 * Double($1.0) * Double($1.0) }
    }

    /// (r/R)² V / w².
    public func gradient(_ density: Volume) -> Volume {
        let slopes = zip(density.voxels, weights(density)).map { $0 * Float($1) }
        return Volume(boxSize: density.boxSize, pixelSize: density.pixelSize, voxels: slopes)
    }

    /// The weight at the rim, r = R.
    ///
    /// With R the particle's radius the mask leaves nothing beyond it.
    public var curvature: Double { voxelRatio / (width * width) }

    /// The second derivative by each voxel; shape `[z][y][x]`.
    private func weights(_ density: Volume) -> [Double] {
        let middle = density.boxSize / 2
        let unit = density.pixelSize / radius
        let squares = (0..<density.boxSize).map { index in
            let distance = Double(index - middle) * unit
            return distance * distance
        }
        let scale = voxelRatio / (width * width)
        return squares.flatMap { z in squares.flatMap { y in squares.map { x in scale * (x + y + z) } } }
    }
}
