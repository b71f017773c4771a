import CryoCore

/// A prior on the density, as its negative logarithm.
public protocol DensityPrior: Sendable {
    /// −ln p(V), up to a constant.
    func negativeLog(_ density: Volume) -> Double
    /// ∂(−ln p)/∂V of every voxel.
    func gradient(_ density: Volume) -> Volume
    /// The largest second derivative of −ln p along any direction, per voxel.
    var curvature: Double { get }
}

extension DensityPrior {
    /// Zero: −ln p is linear.
    public var curvature: Double { 0 }
}

/// Which prior a run uses.
public enum PriorKind: String, Codable, Sendable, CaseIterable {
    /// No preference.
    case uniform
    /// ``ExponentialPrior``.
    case exponential
    /// ``GaussianPrior``.
    case gaussian
    /// ``NeighbourhoodPrior``.
    case neighbourhood

    /// The prior itself.
    ///
    /// - Parameters:
    ///   - strength: The prior's own dimensionless number; 0 for none.
    ///   - scale: The density's scale in terms of the data.
    ///   - voxelRatio: Voxels of the image's grid that one voxel of the density stands for.
    func prior(strength: Double, scale: Double, voxelRatio: Double) -> any DensityPrior {
        guard strength > 0, scale > 0 else { return UniformPrior() }
        return switch self {
        case .uniform: UniformPrior()
        case .exponential: ExponentialPrior(rate: strength, scale: scale, voxelRatio: voxelRatio)
        case .gaussian: GaussianPrior(width: strength * scale, voxelRatio: voxelRatio)
        case .neighbourhood: NeighbourhoodPrior(width: strength * scale, voxelRatio: voxelRatio)
        }
    }
}

/// The uniform prior, which says nothing.
public struct UniformPrior: DensityPrior {
    /// Makes the prior.
    public init() {}

    /// Zero.
    public func negativeLog(_ density: Volume) -> Double { 0 }

    /// Zero everywhere.
    public func gradient(_ density: Volume) -> Volume {
        Volume(boxSize: density.boxSize, pixelSize: density.pixelSize)
    }
}
