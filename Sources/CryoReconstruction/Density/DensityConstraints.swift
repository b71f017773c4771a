import CryoCore
import CryoFourier

/// What every density must obey: zero outside the particle's sphere, and nowhere negative.
public struct DensityConstraints: Sendable {
    /// The particle's sphere.
    public var mask: SoftMask
    /// Whether negative values are set to zero.
    public var isPositive: Bool

    /// Makes the constraints.
    public init(mask: SoftMask, isPositive: Bool) {
        self.mask = mask
        self.isPositive = isPositive
    }

    /// Applies the constraints.
    public func apply(to density: Volume) -> Volume {
        var result = mask.applied(to: density)
        guard isPositive else { return result }
        for index in result.voxels.indices where result.voxels[index] < 0 { result.voxels[index] = 0 }
        return result
    }
}
