import CryoCore

/// Independent Gaussian voxels about zero: −ln p(V) = Σ V² / 2w².
///
/// The sum runs over the image's own voxels, so that the prior does not change with the density's grid.
public struct GaussianPrior: DensityPrior {
    /// The standard deviation w of a voxel.
    public var width: Double
    /// Voxels of the image's grid that one voxel of the density stands for.
    public var voxelRatio: Double

    /// Makes a prior.
    public init(width: Double, voxelRatio: Double) {
        self.width = width
        self.voxelRatio = voxelRatio
    }

    /// 1 / w² times the voxel ratio.
    public var curvature: Double { voxelRatio / (width * width) }

    /// Σ V² / 2w² over the image's own voxels.
    public func negativeLog(_ density: Volume) -> Double {
        voxelRatio / (2 * width * width) * density.voxels.reduce(0.0) { $0 + Double($1) * Double($1) }
    }

    /// V / w² times the voxel ratio.
    public func gradient(_ density: Volume) -> Volume {
        var result = density
        let slope = Float(voxelRatio / (width * width))
        for index in result.voxels.indices { result.voxels[index] *= slope }
        return result
    }
}
