import CryoCore
import CryoFourier
import CryoInference
import Foundation
import Testing

@testable import CryoReport

/// The point group of a map.
struct SymmetryFindingTests {
    /// Blobs under a group, turned and moved off the origin, with noise.
    static func map(
        _ group: PointGroup, seed: UInt64 = 9, noise: Double = 0.15, middle: SIMD3<Double> = [4, -3, 5]
    ) -> Volume {
        var stream = RandomStream(seed: seed)
        let turn = Rotation(axis: stream.direction(), angle: Angle(radians: 1 + stream.uniform()))
        let centres = (0..<8).map { _ in stream.direction() * (15 + 45 * stream.uniform()) }
        let scatterers = group.operations.flatMap { operation in
            centres.map { centre in
                PointScatterer(
                    position: turn.apply(operation.apply(centre)) + middle, weight: 500,
                    bFactor: 8 * .pi * .pi * 36)
            }
        }
        var volume = Volume(scatterers: scatterers, boxSize: 40, pixelSize: 5)
        let deviation = (volume.voxels.reduce(0) { $0 + $1 * $1 } / Float(volume.voxels.count)).squareRoot()
        for index in volume.voxels.indices {
            volume.voxels[index] += Float(noise * stream.normal()) * deviation
        }
        return volume
    }

    @Test(arguments: ["C1", "C2", "C3", "C4", "C6", "C7", "D2", "D3", "D4", "D6", "D7", "T", "O"])
    func groupsAreFoundAndLaidOnTheirAxes(name: String) throws {
        let group = try #require(PointGroup(name: name))
        let finding = SymmetryFinding(of: Self.map(group), diameter: 160, resolution: 16)
        #expect(finding.group.name == name)
        guard group.order > 1 else { return }
        #expect(finding.score > 0.8)
        // On its axes the map is what it is after any of the group's operations.
        let pair = AlignmentPair(finding.aligned, finding.aligned, diameter: 160)
        let refinement = PlacementRefinement(pair: pair, shellLimit: 12)
        for operation in group.operations.dropFirst().prefix(6) {
            #expect(refinement.score(Superposition(rotation: operation)) > 0.8)
        }
    }

    /// Axes of four pass through the same point as those of two, wherever the map lies in its box.
    @Test(arguments: ["D4", "O"]) func mapsMayLieOffTheMiddle(name: String) throws {
        let group = try #require(PointGroup(name: name))
        let finding = SymmetryFinding(
            of: Self.map(group, noise: 0, middle: [10, -10, 5]), diameter: 160, resolution: 16)
        #expect(finding.group.name == name && finding.score > 0.9)
    }

    /// A rod agrees with itself after any small turn about its axis, and has none of that order.
    @Test func rodsHaveNoHighOrder() {
        var stream = RandomStream(seed: 4)
        let scatterers = (0..<60).map { _ in
            PointScatterer(
                position: [12 * stream.normal(), 12 * stream.normal(), 110 * (stream.uniform() - 0.5)],
                weight: 500,
                bFactor: 8 * .pi * .pi * 36)
        }
        let rod = Volume(scatterers: scatterers, boxSize: 40, pixelSize: 5)
        #expect(SymmetryFinding(of: rod, diameter: 160, resolution: 20).axes.allSatisfy { $0.axis.order < 3 })
    }

    /// Only the group that is told is laid on the map, if its axes are among those that hold.
    @Test func toldGroupsAreLookedFor() throws {
        let told = try #require(PointGroup(name: "D2"))
        func found(in group: String) throws -> PointGroup {
            SymmetryFinding(
                of: Self.map(try #require(PointGroup(name: group))), diameter: 160, resolution: 16, told: told
            ).group
        }
        #expect(try found(in: "D2") == told && found(in: "O") == told)
        #expect(try found(in: "C7") == .c1)
    }

    /// A map that is almost a ring, but for one subunit, has no axis.
    @Test func oneOddSubunitIsNoticed() throws {
        var stream = RandomStream(seed: 31)
        let group = try #require(PointGroup(name: "C3"))
        let subunit = (0..<8).map { _ in SIMD3(40.0, 0, 0) + stream.direction() * (22 * stream.uniform()) }
        let other = (0..<8).map { _ in SIMD3(40.0, 0, 0) + stream.direction() * (22 * stream.uniform()) }
        let scatterers = group.operations.enumerated().flatMap { number, operation in
            (number == 0 ? other : subunit).map {
                PointScatterer(position: operation.apply($0), weight: 500, bFactor: 8 * .pi * .pi * 36)
            }
        }
        let map = Volume(scatterers: scatterers, boxSize: 40, pixelSize: 5)
        #expect(SymmetryFinding(of: map, diameter: 160, resolution: 14).group.order == 1)
    }

    @Test func axesSuggestGroups() {
        func axis(_ x: Double, _ y: Double, _ z: Double, _ order: Int) -> SymmetryAxis {
            let length = (x * x + y * y + z * z).squareRoot()
            return SymmetryAxis(direction: [x / length, y / length, z / length], order: order)
        }
        #expect(SymmetryFinding.candidates([]).isEmpty)
        #expect(SymmetryFinding.candidates([axis(0, 0, 1, 4)]).map(\.name) == ["C4"])
        #expect(SymmetryFinding.candidates([axis(0, 0, 1, 7), axis(1, 0, 0, 2)]).first?.name == "D7")
        #expect(SymmetryFinding.candidates([axis(0, 0, 1, 7), axis(1, 0, 1, 2)]).first?.name == "C7")
    }
}
