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
        let result = mask.applied(to: density)
        return isPositive ? result.nonNegative : result
    }
}

extension Volume {
    /// The density with zeros in the place of negative values.
    var nonNegative: Volume {
        var result = self
        for index in voxels.indices where voxels[index] < 0 { result.voxels[index] = 0 }
        return result
    }
}
