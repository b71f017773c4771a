import CryoCore

/// The point x that makes Σ (row · x − value)² + damping · |x|² least.
struct LeastSquaresPoint {
    // Σ row rowᵀ, which is symmetric, and Σ row · value.
    private var normal: (SIMD3<Double>, SIMD3<Double>, SIMD3<Double>)
    private var right = SIMD3<Double>.zero

    /// Begins with no equation; `damping` > 0 chooses the nearest point to the origin along what the equations leave open.
    init(damping: Double) { normal = ([damping, 0, 0], [0, damping, 0], [0, 0, damping]) }

    /// Adds the equation row · x = value.
    mutating func add(_ row: SIMD3<Double>, equals value: Double) {
        normal.0 += row * row.x
        normal.1 += row * row.y
        normal.2 += row * row.z
        right += row * value
    }

    /// Adds the equations (1 − R) x = t: after the turn R the shift t brings the point back.
    mutating func add(fixedBy turn: Rotation, _ shift: SIMD3<Double>) {
        add([1, 0, 0] - turn.row0, equals: shift.x)
        add([0, 1, 0] - turn.row1, equals: shift.y)
        add([0, 0, 1] - turn.row2, equals: shift.z)
    }

    /// The point, by Cramer's rule.
    var solution: SIMD3<Double> {
        let (a, b, c) = normal
        let determinant = dot(a, cross(b, c))
        guard determinant > 1e-100 else { return .zero }
        return [dot(right, cross(b, c)), dot(right, cross(c, a)), dot(right, cross(a, b))] / determinant
    }
}
