import CryoCore

/// How one density is laid upon another: turned, shifted and, if need be, inverted to change its hand.
///
/// A feature of the moving density at r comes to lie at
///
///     r ↦ Q r + t              same hand
///     r ↦ −Q r + t             other hand
///
/// so the moved density is V(± Qᵀ (x − t)). Any mirror image is an inversion and a rotation, so inversion
/// stands for all of them.
public struct Superposition: Sendable, Equatable {
    /// The rotation Q.
    public var rotation: Rotation
    /// The shift t, in Å.
    public var shift: SIMD3<Double>
    /// Whether the density is inverted through its origin first.
    public var isMirrored: Bool

    /// Makes a superposition; the shift in Å.
    public init(rotation: Rotation, shift: SIMD3<Double> = .zero, isMirrored: Bool = false) {
        self.rotation = rotation
        self.shift = shift
        self.isMirrored = isMirrored
    }

    /// The pose, relative to the fixed density, of a particle whose pose is known relative to the moving one.
    ///
    /// Both poses give the same image. With the moving density V(r) = F(Q r + t), the image of the pose A is
    /// Σ_z V(Aᵀ(x, y, z)) = Σ_z F(Q Aᵀ(x, y, z) + t), hence A' = A Qᵀ and origin' = origin + (A' t)_xy.
    /// Of the other hand, V(r) = F(−Q r + t), and as the sum over z may run backwards,
    /// −Aᵀ(x, y, −z) = Aᵀ D (x, y, z) with D = diag(−1, −1, 1), hence A' = D A Qᵀ.
    public func applied(to pose: Pose) -> Pose {
        let moved = orientation(of: pose) * rotation.inverse
        return Pose(
            rotation: moved, originX: pose.originX + dot(moved.row0, shift),
            originY: pose.originY + dot(moved.row1, shift))
    }

    /// The superposition that moves back; of the same hand only.
    package var inverse: Superposition {
        precondition(!isMirrored, "densities of one hand")
        let back = rotation.inverse
        return Superposition(rotation: back, shift: -back.apply(shift))
    }

    /// D A or A: the orientation with the hand accounted for, but not yet turned by Q.
    package func orientation(of pose: Pose) -> Rotation {
        let a = pose.rotation
        return isMirrored ? Rotation(rows: -a.row0, -a.row1, a.row2) : a
    }
}
