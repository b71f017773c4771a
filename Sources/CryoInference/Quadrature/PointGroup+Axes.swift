import CryoCore
import Foundation

/// An axis about which a density looks the same after a turn of 2π/order.
public struct SymmetryAxis: Sendable, Equatable {
    /// Its direction; unit length, d and −d are one axis.
    public var direction: SIMD3<Double>
    /// How often a whole turn repeats the density.
    public var order: Int

    /// Makes an axis.
    public init(direction: SIMD3<Double>, order: Int) {
        self.direction = direction
        self.order = order
    }

    /// The angle to another axis, in [0, π/2].
    public func angle(to other: SymmetryAxis) -> Angle {
        Angle(radians: acos(min(1, abs(dot(direction, other.direction)))))
    }

    /// The turn by 2π/order.
    public var turn: Rotation {
        Rotation(axis: direction, angle: Angle(radians: 2 * .pi / Double(order)))
    }
}

extension PointGroup {
    /// The group's axes, each once with its highest order; those of highest order first.
    public var axes: [SymmetryAxis] {
        var found = [SymmetryAxis]()
        for operation in operations.dropFirst() {
            guard let axis = Self.axis(of: operation) else { continue }
            if let known = found.firstIndex(where: { $0.angle(to: axis).radians < 1e-3 }) {
                found[known].order = max(found[known].order, axis.order)
            } else {
                found.append(axis)
            }
        }
        return found.sorted { $0.order > $1.order }
    }

    /// The axis of a rotation, with the order nearest to its angle; nil for the identity.
    public static func axis(of operation: Rotation) -> SymmetryAxis? {
        let angle = Rotation.identity.angle(to: operation).radians
        guard angle > 1e-6 else { return nil }
        // A + Aᵀ + (1 − tr A)·1 = 2 (1 − cos θ) a aᵀ; its longest row is a multiple of the axis.
        let transposed = operation.inverse
        let trace = operation.row0.x + operation.row1.y + operation.row2.z
        let rows = [
            operation.row0 + transposed.row0 + SIMD3(1 - trace, 0, 0),
            operation.row1 + transposed.row1 + SIMD3(0, 1 - trace, 0),
            operation.row2 + transposed.row2 + SIMD3(0, 0, 1 - trace),
        ]
        guard let longest = rows.max(by: { dot($0, $0) < dot($1, $1) }) else { return nil }
        return SymmetryAxis(
            direction: longest / dot(longest, longest).squareRoot(), order: Int((2 * .pi / angle).rounded()))
    }
}
