import CryoCore
import CryoInference
import Foundation
import Testing

struct PackedMemoriesTests {
    private static func memories(_ count: Int) -> [PoseMemory] {
        var stream = RandomStream(seed: 9)
        return (0..<count).map { index in
            let entries = (0..<(index * 7 % 12)).map { _ in
                let direction = stream.direction()
                return PoseMemory.Entry(
                    direction: SIMD3(Float(direction.x), Float(direction.y), Float(direction.z)),
                    origin: [Float(20 * stream.normal()), Float(20 * stream.normal())],
                    mass: Float(stream.uniform()))
            }
            return PoseMemory(
                entries: entries.sorted { $0.mass > $1.mass },
                angles: (0..<(index % 4)).map { .init(angle: Float($0), mass: Float(stream.uniform())) },
                directionReach: 0.01 * Double(index), shiftReach: 0.5, angleReach: stream.uniform())
        }
    }

    @Test(arguments: [0, 1, 40]) func theyComeBackAsTheyWere(count: Int) throws {
        let memories = Self.memories(count)
        let encoder = PropertyListEncoder()
        encoder.outputFormat = .binary
        let data = try encoder.encode(PackedMemories(memories))
        #expect(try PropertyListDecoder().decode(PackedMemories.self, from: data).unpacked() == memories)
    }

    /// A block that is too short or too long for the others.
    @Test func blocksThatDoNotBelongTogetherAreRefused() throws {
        let encoder = JSONEncoder()
        func blocks(_ count: Int) throws -> [String: String] {
            try JSONDecoder().decode(
                [String: String].self, from: encoder.encode(PackedMemories(Self.memories(count))))
        }
        let (few, many) = (try blocks(10), try blocks(20))
        #expect(few.count == 4)
        for name in few.keys {
            for (base, other) in [(few, many), (many, few)] {
                var mixed = base
                mixed[name] = other[name]
                let packed = try JSONDecoder().decode(PackedMemories.self, from: encoder.encode(mixed))
                #expect(throws: DecodingError.self, "\(name)") { try packed.unpacked() }
            }
        }
    }
}
