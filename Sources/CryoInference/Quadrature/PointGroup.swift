import CryoCore
import Foundation

/// A symmetry of the density: Cn, Dn, T, O or I, with RELION's axes.
///
/// Cn: n-fold axis z. Dn: also a 2-fold axis x. T: 3-fold z, 2-fold (0, √⅔, √⅓). O: 4-fold z, 3-fold (1, 1, 1).
/// I (= I2): 2-fold z, 5-fold (0.5257, 0, 0.8507).
public struct PointGroup: Sendable, Equatable {
    /// The name, such as `D2`.
    public let name: String
    /// Every operation of the group; the first is the identity.
    public let operations: [Rotation]

    /// No symmetry.
    public static let c1 = PointGroup(name: "C1", operations: [.identity])

    private init(name: String, operations: [Rotation]) {
        self.name = name
        self.operations = operations
    }

    /// Makes the group of a name such as `C1`, `d2` or `I`; nil if there is none of that name.
    public init?(name: String) {
        let upper = name.uppercased()
        let order = Int(upper.dropFirst())
        let generators: [Rotation]
        func fold(_ n: Int, _ axis: SIMD3<Double>) -> Rotation {
            let length = dot(axis, axis).squareRoot()
            return Rotation(axis: axis / length, angle: Angle(radians: 2 * .pi / Double(n)))
        }
        switch (upper.first, order) {
        case ("C", let n?) where (1...100).contains(n): generators = [fold(n, [0, 0, 1])]
        case ("D", let n?) where (1...100).contains(n):
            generators = [fold(n, [0, 0, 1]), fold(2, [1, 0, 0])]
        case ("T", nil) where upper.count == 1:
            generators = [fold(3, [0, 0, 1]), fold(2, [0, 0.816_496_580_9, 0.577_350_269_2])]
        case ("O", nil) where upper.count == 1: generators = [fold(4, [0, 0, 1]), fold(3, [1, 1, 1])]
        case ("I", nil) where upper.count == 1, ("I", 2?):
            generators = [fold(2, [0, 0, 1]), fold(5, [0.525_731_112_1, 0, 0.850_650_808_4])]
        default: return nil
        }
        self.init(name: upper, operations: Self.closure(of: generators))
    }

    /// The number of operations.
    public var order: Int { operations.count }

    private static func closure(of generators: [Rotation]) -> [Rotation] {
        var group: [Rotation] = [.identity]
        var index = 0
        while index < group.count {
            for generator in generators {
                let candidate = generator * group[index]
                if !group.contains(where: { $0.angle(to: candidate).radians < 1e-4 }) {
                    group.append(candidate)
                }
            }
            index += 1
        }
        return group
    }

    /// Whether a direction lies in the group's asymmetric unit, opposite directions counted as one.
    ///
    /// The unit is the Dirichlet cell of a generic direction c: those d that none of the group's images, nor their
    /// opposites, bring closer to c.
    public func containsInAsymmetricUnit(_ direction: SIMD3<Double>) -> Bool {
        let centre = SIMD3<Double>(0.182_574, 0.365_148, 0.912_871)
        let own = abs(dot(direction, centre))
        return operations.allSatisfy { abs(dot($0.apply(direction), centre)) <= own + 1e-12 }
    }
}
