import CryoCore
import Testing

@testable import CryoReconstruction

/// A table against a dictionary.
struct ParticleTableTests {
    @Test func tablesDoWhatDictionariesDo() {
        var stream = RandomStream(seed: 5, stream: 0)
        var (table, dictionary) = (ParticleTable<Int>(), [Int: Int]())
        for step in 0..<5000 {
            let particle = Int.random(in: 0..<400, using: &stream)
            // A third of the steps forget a particle, known or not.
            let value = Int.random(in: 0..<3, using: &stream) == 0 ? nil : step
            (table[particle], dictionary[particle]) = (value, value)
            #expect(table[particle] == value)
        }
        #expect((0..<400).allSatisfy { table[$0] == dictionary[$0] })
        #expect(table.particles == dictionary.keys.sorted())
        #expect(table.inOrder == dictionary.sorted { $0.key < $1.key }.map(\.value))
        #expect(table[1_000_000] == nil)
    }
}
