import CryoCore

/// Damage done to files: a pure function of a seed and a number, so that what failed can be done again.
///
/// `make fuzz` leaves this to libFuzzer, which sees what code an input reaches; this is for tests of seconds.
public struct Mutation: Sendable {
    private var stream: RandomStream

    /// The damage of a number.
    public init(seed: UInt64, index: UInt32) { stream = RandomStream(seed: seed, stream: index) }

    /// A damaged copy of one of some files.
    public mutating func damaged(_ corpus: [[UInt8]]) -> [UInt8] {
        guard !corpus.isEmpty else { return [] }
        var bytes = corpus[below(corpus.count)]
        for _ in 0...below(4) {
            switch below(8) {
            case 0: flip(&bytes)
            case 1: bytes = Array(bytes.prefix(below(bytes.count + 1)))
            case 2: bytes = splice(bytes, corpus[below(corpus.count)])
            case 3: overwriteWord(&bytes)
            case 4: repeatLine(&bytes)
            case 5: removeLine(&bytes)
            default: replaceNumber(&bytes)
            }
        }
        return bytes
    }

    private mutating func below(_ count: Int) -> Int { count > 0 ? Int(stream.next() % UInt64(count)) : 0 }

    private mutating func flip(_ bytes: inout [UInt8]) {
        guard !bytes.isEmpty else { return }
        bytes[below(bytes.count)] ^= 1 << UInt8(below(8))
    }

    private mutating func splice(_ first: [UInt8], _ second: [UInt8]) -> [UInt8] {
        Array(first.prefix(below(first.count + 1)) + second.suffix(below(second.count + 1)))
    }

    /// A number of a binary header becomes an extreme one.
    private mutating func overwriteWord(_ bytes: inout [UInt8]) {
        guard bytes.count >= 4 else { return }
        let extremes: [UInt32] = [
            0, 1, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 0x7F80_0000, 0x7FC0_0000, 0x0000_FFFF, 0x0010_0000,
        ]
        let word = extremes[below(extremes.count)]
        // Most headers are of words, and the first ones matter most.
        let place = below(2) == 0 ? 4 * below(min(bytes.count / 4, 60)) : below(bytes.count - 3)
        for index in 0..<4 { bytes[place + index] = UInt8(truncatingIfNeeded: word >> (8 * UInt32(index))) }
    }

    private mutating func lines(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        bytes.split(separator: 10, omittingEmptySubsequences: false)
    }

    private mutating func repeatLine(_ bytes: inout [UInt8]) {
        var all = lines(bytes)
        all.insert(all[below(all.count)], at: below(all.count))
        bytes = Array(all.joined(separator: [10]))
    }

    private mutating func removeLine(_ bytes: inout [UInt8]) {
        var all = lines(bytes)
        all.remove(at: below(all.count))
        bytes = Array(all.joined(separator: [10]))
    }

    /// A word of a text becomes a number that nobody expects.
    private mutating func replaceNumber(_ bytes: inout [UInt8]) {
        let words = [
            "nan", "-inf", "1e999", "-1", "0", "9223372036854775808", "-9223372036854775808", "1e-320",
            "0x7f", "\"", "''",
            "1@", "_", "loop_", "data_", ";", "\u{0}", "é",
        ]
        var parts = bytes.split(separator: 32, omittingEmptySubsequences: false).map(Array.init)
        parts[below(parts.count)] = Array(words[below(words.count)].utf8)
        bytes = Array(parts.joined(separator: [32]))
    }
}
