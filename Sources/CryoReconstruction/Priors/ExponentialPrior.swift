import CryoCore

/// Independent exponential voxels: p(V) ∝ exp(−λ ΣV / scale) over V ≥ 0 (`[BPF15]` §3, λ = 0.9).
///
/// The sum runs over the image's own voxels, so that the prior does not change with the density's grid.
public struct ExponentialPrior: DensityPrior {
    /// λ, without unit.
    public var rate: Double
    /// The density's scale in terms of the data.
    public var scale: Double
    /// Voxels of the image's grid that one voxel of the density stands for.
    public var voxelRatio: Double

    /// Makes a prior.
    public init(rate: Double, scale: Double, voxelRatio: Double) {
        self.rate = rate
        self.scale = scale
        self.voxelRatio = voxelRatio
    }

    /// λ ΣV / scale over the image's own voxels.
    public func negativeLog(_ density: Volume) -> Double {
        rate / scale * voxelRatio * density.voxels.reduce(0.0) { $0 + Double($1) }
    }

    /// λ / scale everywhere, times the voxel ratio.
    public func gradient(_ density: Volume) -> Volume {
        var result = density
        let slope = Float(rate / scale * voxelRatio)
        for index in result.voxels.indices { result.voxels[index] = slope }
        return result
    }
}
