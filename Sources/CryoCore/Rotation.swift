import Foundation

/// An orientation of a particle, as the matrix A of RELION's convention.
///
/// With rot = α, tilt = β, psi = γ:
///
///     A = (Rz(α) Ry(β) Rz(γ))ᵀ
///     image(x, y) = Σ_z V(Aᵀ (x, y, z)ᵀ)          slice(kx, ky) = V̂(Aᵀ (kx, ky, 0)ᵀ) = V̂(kx·row₀ + ky·row₁)
///
/// The rows are the image's x axis, y axis and the viewing direction, in the frame of the density.
public struct Rotation: Sendable, Equatable, BitwiseCopyable {
    /// The image's x axis in the frame of the density; unit length.
    public var row0: SIMD3<Double>
    /// The image's y axis in the frame of the density; unit length.
    public var row1: SIMD3<Double>
    /// The viewing direction in the frame of the density; unit length.
    public var row2: SIMD3<Double>

    /// Makes a rotation from the rows of its matrix, which must be orthonormal and right-handed.
    public init(rows row0: SIMD3<Double>, _ row1: SIMD3<Double>, _ row2: SIMD3<Double>) {
        self.row0 = row0
        self.row1 = row1
        self.row2 = row2
    }

    /// Makes the rotation of RELION's three Euler angles.
    public init(rot: Angle, tilt: Angle, psi: Angle) {
        let (sa, ca) = (sin(rot.radians), cos(rot.radians))
        let (sb, cb) = (sin(tilt.radians), cos(tilt.radians))
        let (sg, cg) = (sin(psi.radians), cos(psi.radians))
        row0 = [cg * cb * ca - sg * sa, cg * cb * sa + sg * ca, -cg * sb]
        row1 = [-sg * cb * ca - cg * sa, -sg * cb * sa + cg * ca, sg * sb]
        row2 = [sb * ca, sb * sa, cb]
    }

    /// The rotation that looks along `direction` with psi = 0.
    public init(direction: SIMD3<Double>) {
        let planar = (direction.x * direction.x + direction.y * direction.y).squareRoot()
        self.init(
            rot: Angle(radians: planar > 1e-12 ? atan2(direction.y, direction.x) : 0),
            tilt: Angle(radians: atan2(planar, direction.z)), psi: .zero)
    }

    /// No rotation.
    public static let identity = Rotation(rows: [1, 0, 0], [0, 1, 0], [0, 0, 1])

    /// The rotation by `angle` about the unit vector `axis` (Rodrigues).
    public init(axis: SIMD3<Double>, angle: Angle) {
        let (s, c) = (sin(angle.radians), cos(angle.radians))
        func column(_ e: SIMD3<Double>) -> SIMD3<Double> {
            let along = axis * dot(axis, e) * (1 - c)
            return e * c + cross(axis, e) * s + along
        }
        let (x, y, z) = (column([1, 0, 0]), column([0, 1, 0]), column([0, 0, 1]))
        self.init(rows: [x.x, y.x, z.x], [x.y, y.y, z.y], [x.z, y.z, z.z])
    }

    /// The rotation about `vector` by its length, in radians.
    public init(vector: SIMD3<Double>) {
        let length = dot(vector, vector).squareRoot()
        self = length > 1e-12 ? Rotation(axis: vector / length, angle: Angle(radians: length)) : .identity
    }

    /// The Euler angles of this rotation; rot and psi in (−π, π], tilt in [0, π].
    public var eulerAngles: (rot: Angle, tilt: Angle, psi: Angle) {
        let planar = (row2.x * row2.x + row2.y * row2.y).squareRoot()
        let tilt = atan2(planar, row2.z)
        guard planar > 1e-9 else {
            // At the poles only rot ± psi is defined; all of it goes to psi.
            let psi = row2.z > 0 ? atan2(row0.y, row0.x) : atan2(row1.x, row1.y)
            return (.zero, Angle(radians: tilt), Angle(radians: psi))
        }
        return (
            Angle(radians: atan2(row2.y, row2.x)), Angle(radians: tilt),
            Angle(radians: atan2(row1.z, -row0.z))
        )
    }

    /// The same viewing direction with the image turned by `psi` more.
    public func turnedInPlane(by psi: Angle) -> Rotation {
        let (s, c) = (sin(psi.radians), cos(psi.radians))
        return Rotation(rows: row0 * c + row1 * s, row1 * c - row0 * s, row2)
    }

    /// The inverse rotation.
    public var inverse: Rotation {
        Rotation(
            rows: [row0.x, row1.x, row2.x], [row0.y, row1.y, row2.y], [row0.z, row1.z, row2.z])
    }

    /// The matrix product `lhs · rhs`.
    public static func * (lhs: Rotation, rhs: Rotation) -> Rotation {
        func row(_ r: SIMD3<Double>) -> SIMD3<Double> { rhs.row0 * r.x + rhs.row1 * r.y + rhs.row2 * r.z }
        return Rotation(rows: row(lhs.row0), row(lhs.row1), row(lhs.row2))
    }

    /// The matrix times a column vector.
    public func apply(_ v: SIMD3<Double>) -> SIMD3<Double> { SIMD3(dot(row0, v), dot(row1, v), dot(row2, v)) }

    /// The angle of the rotation that leads from this one to `other`, in [0, π].
    public func angle(to other: Rotation) -> Angle {
        let trace = dot(row0, other.row0) + dot(row1, other.row1) + dot(row2, other.row2)
        return Angle(radians: acos(min(1, max(-1, (trace - 1) / 2))))
    }
}

/// The scalar product.
public func dot(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> Double { (a * b).sum() }

/// The vector product a × b.
public func cross(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> SIMD3<Double> {
    SIMD3(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x)
}
