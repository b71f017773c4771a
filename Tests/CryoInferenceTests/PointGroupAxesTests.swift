import CryoCore
import CryoInference
import Testing

/// The axes of the point groups.
struct PointGroupAxesTests {
    @Test(
        arguments: [
            ("C1", [:]), ("C7", [7: 1]), ("D2", [2: 3]), ("D3", [3: 1, 2: 3]), ("D4", [4: 1, 2: 4]),
            ("T", [3: 4, 2: 3]), ("O", [4: 3, 3: 4, 2: 6]), ("I", [5: 6, 3: 10, 2: 15]),
        ] as [(String, [Int: Int])])
    func everyGroupHasItsAxes(name: String, expected: [Int: Int]) throws {
        let group = try #require(PointGroup(name: name))
        let counts = Dictionary(grouping: group.axes, by: \.order).mapValues(\.count)
        #expect(counts == expected)
        for axis in group.axes {
            // A turn about an axis is one of the group's operations.
            #expect(group.operations.contains { $0.angle(to: axis.turn).radians < 1e-6 })
        }
    }
}
