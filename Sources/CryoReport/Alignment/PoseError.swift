import CryoCore
import CryoFourier

/// How far estimated poses lie from the true ones, once the two frames are laid upon each other.
public struct PoseError: Sendable {
    /// How the density of the estimates is laid upon that of the truth.
    public let superposition: Superposition
    /// The angle between the true and the estimated orientation of each particle, over all symmetry mates.
    public let angles: [Angle]
    /// The distance of the true and the estimated origin of each particle, in Å.
    public let shifts: [Double]

    /// The errors under a known superposition, for example that of ``CryoFourier/MapAlignment``.
    ///
    /// - Parameters:
    ///   - truth: The true poses.
    ///   - estimates: The estimated poses, in the same order.
    ///   - superposition: Lays the density of the estimates upon that of the truth.
    ///   - symmetry: The rotations S with V(S r) = V(r) of the true density; empty for none.
    public init(
        truth: [Pose], estimates: [Pose], superposition: Superposition, symmetry: [Rotation] = []
    ) {
        let operators = symmetry.isEmpty ? [.identity] : symmetry
        let pairs = zip(truth, estimates).map { ($0, superposition.applied(to: $1)) }
        self.superposition = superposition
        angles = pairs.map { truth, estimate in
            Angle(radians: Self.angle(truth.rotation, estimate.rotation, operators))
        }
        shifts = pairs.map { truth, estimate in
            let (dx, dy) = (truth.originX - estimate.originX, truth.originY - estimate.originY)
            return (dx * dx + dy * dy).squareRoot()
        }
    }

    /// The errors under the superposition that the poses themselves agree on best.
    ///
    /// - Parameters:
    ///   - truth: The true poses.
    ///   - estimates: The estimated poses, in the same order.
    ///   - symmetry: The rotations S with V(S r) = V(r) of the true density; empty for none.
    public init(truth: [Pose], estimates: [Pose], symmetry: [Rotation] = []) {
        let superposition = PoseConsensus(truth: truth, estimates: estimates, symmetry: symmetry)
            .superposition
        self.init(
            truth: truth, estimates: estimates, superposition: superposition, symmetry: symmetry)
    }

    /// The median angle; zero if there are no particles.
    public var medianAngle: Angle { Angle(radians: angles.map(\.radians).median ?? 0) }

    /// The median distance of the origins, in Å; divide by the pixel size for pixels.
    public var medianShift: Double { shifts.median ?? 0 }

    /// The fraction of particles within `limit` of their true orientation.
    public func fraction(within limit: Angle) -> Double {
        guard !angles.isEmpty else { return 0 }
        return Double(angles.filter { $0.radians <= limit.radians }.count) / Double(angles.count)
    }

    /// The smallest angle, in radians, between an orientation and the symmetry mates A S of another.
    static func angle(_ truth: Rotation, _ estimate: Rotation, _ operators: [Rotation]) -> Double {
        operators.map { truth.angle(to: estimate * $0).radians }.min() ?? 0
    }
}
