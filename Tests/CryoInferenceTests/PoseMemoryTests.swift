import CryoCore
import Testing

@testable import CryoInference

/// What a memory keeps of a posterior.
struct PoseMemoryTests {
    static func entry(_ x: Float, mass: Float) -> PoseMemory.Entry {
        PoseMemory.Entry(direction: [0, 0, 1], origin: [x, 0], mass: mass)
    }

    static func memory(_ entries: [PoseMemory.Entry]) -> PoseMemory {
        PoseMemory(entries: entries, directionReach: 0.1, shiftReach: 4)
    }

    @Test func lightNeighboursDoNotCrowdOutModes() {
        // Two hundred light neighbours of the peak, and a mode far away that is lighter than all of them.
        let neighbours = (0..<200).map { Self.entry(Float($0) / 100, mass: 1e-3 - Float($0) * 1e-6) }
        let memory = Self.memory([Self.entry(0, mass: 0.9)] + neighbours + [Self.entry(40, mass: 1e-4)])
        #expect(memory.entries.map(\.origin.x) == [0, 40])
    }

    @Test func heavyNeighboursAreKept() {
        #expect(Self.memory([Self.entry(0, mass: 0.6), Self.entry(4, mass: 0.3)]).entries.count == 2)
    }

    @Test func modesAcrossSpaceAreKept() {
        var opposite = Self.entry(0, mass: 1e-4)
        opposite.direction = [0, 0, -1]
        var aside = Self.entry(0, mass: 1e-5)
        aside.direction = [1, 0, 0]
        // d and −d are one direction; a quarter turn away is another.
        #expect(Self.memory([Self.entry(0, mass: 0.9), opposite, aside]).entries.map(\.mass) == [0.9, 1e-5])
    }

    @Test func anUndrawnModeFadesAndDoesNotVanish() {
        let earlier = Self.memory([Self.entry(40, mass: 0.2), Self.entry(1, mass: 0.1)])
        var memory = Self.memory([Self.entry(0, mass: 1)]).carrying(earlier)
        #expect(memory.entries.map(\.mass) == [1, 0.1])
        for _ in 0..<50 { memory = Self.memory([Self.entry(0, mass: 1)]).carrying(memory) }
        #expect(memory.entries.count == 1)
    }

    @Test func thereIsAnUpperBound() {
        let many = Self.memory((0..<100).map { Self.entry(10 * Float($0), mass: 1) })
        #expect(many.entries.count == PoseMemory.capacity)
        #expect(many.carrying(Self.memory([Self.entry(-50, mass: 1)])).entries.count == PoseMemory.capacity)
    }

    /// What is stored is coarser than what came, but far finer than any quadrature.
    @Test func entriesSurviveBeingStored() {
        var stream = RandomStream(seed: 4)
        for _ in 0..<500 {
            let direction = SIMD3<Float>(stream.direction())
            let origin = SIMD2<Float>(Float(stream.uniform()) * 400 - 200, Float(stream.uniform()) - 0.5)
            let memory = Self.memory([.init(direction: direction, origin: origin, mass: 0.25)])
            let kept = memory.entries[0]
            // d and −d are one. Half a unit of tilt and of rot is 5e-5 rad, half a unit of an origin 1/32 Å.
            let difference = direction.z < 0 ? kept.direction + direction : kept.direction - direction
            #expect((difference * difference).sum().squareRoot() < 1e-4)
            #expect(max(abs(kept.origin.x - origin.x), abs(kept.origin.y - origin.y)) <= 1 / 32 + 1e-4)
            #expect(kept.mass == 0.25)
        }
    }
}
