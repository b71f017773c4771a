import CryoCore
import CryoInference
import CryoTestSupport
import Foundation
import Testing

/// The symmetry groups: complete, closed, and with RELION's axes.
struct PointGroupTests {
    static let orders = [
        ("C1", 1), ("C7", 7), ("D1", 2), ("D2", 4), ("D7", 14), ("T", 12), ("O", 24), ("I", 60), ("I2", 60),
        ("C100", 100),
    ]

    static func group(_ name: String) throws -> PointGroup { try #require(PointGroup(name: name)) }

    @Test(arguments: orders) func orderIsKnown(name: String, order: Int) throws {
        let group = try Self.group(name)
        #expect(group.order == order)
        #expect(group.operations[0] == .identity)
        let lower = try Self.group(name.lowercased())
        #expect(lower == group)
    }

    @Test(arguments: ["C1", "C7", "D2", "D7", "T", "O", "I"])
    func productsAndInversesBelongToTheGroup(name: String) throws {
        let operations = try Self.group(name).operations
        // The axes are given to ten digits.
        func holds(_ rotation: Rotation) -> Bool {
            operations.contains { $0.angle(to: rotation).radians < 1e-6 }
        }
        for a in operations {
            #expect(holds(a.inverse))
            for b in operations { #expect(holds(a * b)) }
        }
        for (index, a) in operations.enumerated() {
            for b in operations[..<index] {
                #expect(a.angle(to: b).radians > 0.06, "an operation came twice")
            }
        }
    }

    /// RELION's table of axes: group, axis, fold.
    static let axes: [(String, SIMD3<Double>, Int)] = [
        ("C7", [0, 0, 1], 7), ("D7", [0, 0, 1], 7), ("D7", [1, 0, 0], 2), ("D2", [0, 1, 0], 2),
        ("T", [0, 0, 1], 3), ("T", [0, 0.816496, 0.577350], 2), ("O", [0, 0, 1], 4),
        ("O", [0.577350, 0.577350, 0.577350], 3), ("O", [1, 0, 0], 4), ("I", [0, 0, 1], 2),
        ("I", [1, 0, 0], 2), ("I", [0, 1, 0], 2), ("I", [0.525731, 0, 0.850651], 5),
        ("I", [0, 0.356822, 0.934172], 3),
    ]

    @Test(arguments: axes) func axesAreThoseOfRelion(name: String, axis: SIMD3<Double>, fold: Int) throws {
        let length = dot(axis, axis).squareRoot()
        let turn = Rotation(axis: axis / length, angle: Angle(radians: 2 * .pi / Double(fold)))
        let operations = try Self.group(name).operations
        // The table has six digits.
        #expect(operations.contains { $0.angle(to: turn).radians < 1e-5 })
    }

    @Test(arguments: ["", "C", "C0", "C-1", "C101", "D", "D0", "T2", "O1", "I1", "I3", "X", "C2.5", "Ĉ2"])
    func otherNamesAreNone(name: String) {
        #expect(PointGroup(name: name) == nil)
    }

    @Test(arguments: ["C2", "C7", "D2", "D7", "T", "O", "I"])
    func everyDirectionHasOnePlaceInTheAsymmetricUnit(name: String) throws {
        let group = try Self.group(name)
        var stream = RandomStream(seed: 11)
        for _ in 0..<300 {
            let direction = stream.direction()
            let places = group.operations.filter { group.containsInAsymmetricUnit($0.apply(direction)) }
            // More than one only on the border, which a random direction misses.
            #expect(places.count == 1, "\(name), direction \(direction)")
            #expect(
                group.containsInAsymmetricUnit(direction) == group.containsInAsymmetricUnit(-direction))
        }
    }
}
