import CryoCore
import CryoFourier
import CryoKernelInterface
import CryoTestSupport
import Foundation
import Testing

@testable import CryoInference

/// The quadrature on the sphere: even, complete, in compact blocks.
struct DirectionGridTests {
    /// The angle from a direction to the nearest node, of all its images under the group and their opposites.
    static func gap(_ direction: SIMD3<Double>, _ grid: DirectionGrid, _ group: PointGroup) -> Double {
        var best = 0.0
        for operation in group.operations {
            let image = operation.apply(direction)
            for index in 0..<grid.pairCount { best = max(best, abs(dot(grid.rotations[index].row2, image))) }
        }
        return acos(min(1, best))
    }

    @Test(arguments: [0.5, 0.2, 0.1, 0.05])
    func eachNodeStandsForTheSquareOfTheSpacing(spacing: Double) {
        let grid = DirectionGrid(spacing: spacing)
        #expect(grid.pairCount == Int((2 * .pi / (spacing * spacing)).rounded(.up)))
        #expect(grid.directionCount == 2 * grid.pairCount)
        #expect(grid.blockCount == (grid.pairCount + 15) / 16)
        for index in 0..<grid.rotations.count {
            #expect(grid.laneWeights[index] == (index < grid.pairCount ? 1 : 0))
        }
    }

    @Test(arguments: [
        ("C1", 0.2), ("C1", 0.07), ("C3", 0.1), ("D2", 0.1), ("D7", 0.1), ("T", 0.1), ("O", 0.1), ("I", 0.1),
    ])
    func noDirectionIsFarFromANode(name: String, spacing: Double) throws {
        let group = try #require(PointGroup(name: name))
        let grid = DirectionGrid(spacing: spacing, symmetry: group)
        var stream = RandomStream(seed: 5)
        let gaps = (0..<2000).map { _ in Self.gap(stream.direction(), grid, group) }
        // A square lattice has gaps of 0.71 spacings; across the equator and the unit's border, nodes do not mesh.
        #expect((gaps.max() ?? 9) < 1.4 * spacing)
        #expect(gaps.reduce(0, +) / 2000 < 0.45 * spacing)
    }

    @Test(arguments: ["C2", "C7", "D2", "D7", "T", "O", "I"])
    func symmetryDividesTheNodes(name: String) throws {
        let group = try #require(PointGroup(name: name))
        let spacing = 0.04
        let whole = DirectionGrid(spacing: spacing)
        let unit = DirectionGrid(spacing: spacing, symmetry: group)
        let expected = Double(whole.pairCount) / Double(group.order)
        // Nodes near the border fall in or out at random: as many as its length, at most 2π, has spacings, times ½.
        #expect(abs(Double(unit.pairCount) - expected) < 2 * (2 * .pi / spacing).squareRoot())
        for index in 0..<unit.pairCount {
            #expect(group.containsInAsymmetricUnit(unit.rotations[index].row2))
        }
    }

    /// The unit of a group of many turns may be narrower than the spacing, and still has a direction.
    @Test(arguments: ["C56", "C99", "C100", "D60", "D100"]) func noGroupIsLeftWithoutDirections(name: String)
        throws
    {
        let group = try #require(PointGroup(name: name))
        #expect(
            [0.5, 0.2, 0.14, 0.05].allSatisfy { DirectionGrid(spacing: $0, symmetry: group).pairCount > 0 })
    }

    @Test(arguments: [0.2, 0.08, 0.05]) func blocksAreCompact(spacing: Double) {
        let grid = DirectionGrid(spacing: spacing)
        let diameters = (0..<grid.blockCount).map { block -> Double in
            let rows = (0..<16).map { grid.rotations[16 * block + $0].row2 }
            return rows.flatMap { a in rows.map { b in acos(min(1, dot(a, b))) } }.max() ?? 0
        }
        // A square of 16 nodes is 4.2 spacings across; halving the longer side keeps shapes within 1 : 2 or so.
        #expect(diameters.reduce(0, +) / Double(grid.blockCount) < 6.5 * spacing)
        #expect((diameters.max() ?? 9) < 14 * spacing)
    }

    @Test func oppositeNodesLookFromTheOtherSide() {
        let grid = DirectionGrid(spacing: 0.4)
        let volume = TestScene.blobs(boxSize: 24, pixelSize: 4)
        let projector = Projector(volume)
        for index in [0, 5, grid.pairCount - 1] {
            let (here, there) = (
                grid.rotation(index, isOpposite: false), grid.rotation(index, isOpposite: true)
            )
            #expect(there.row2 == -here.row2)
            let handedness = cross(there.row0, there.row1) - there.row2
            #expect(dot(handedness, handedness) < 1e-24)
            let front = projector.project(Pose(rotation: here)).image()
            let back = projector.project(Pose(rotation: there)).image()
            // From behind, a projection is its own mirror image; here about the x axis.
            let scale = front.pixels.map(abs).max() ?? 1
            for y in 1..<24 {
                for x in 0..<24 { #expect(abs(back[x, y] - front[x, 24 - y]) < 1e-5 * scale) }
            }
        }
    }
}
