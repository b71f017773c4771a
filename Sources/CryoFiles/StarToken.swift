/// One value of a line of a STAR file: a range of its bytes, without quotation marks.
struct StarToken {
    var start: Int
    var end: Int
    var isQuoted = false

    var count: Int { end - start }

    /// The value's text; bytes that are not UTF-8 are replaced.
    func text(_ bytes: [UInt8]) -> String {
        String(decoding: bytes[start..<end], as: UTF8.self)
    }

    /// Whether the value starts with `word`, which must be ASCII, in either case.
    func isKeyword(_ bytes: [UInt8], _ word: String) -> Bool {
        guard !isQuoted, count >= word.utf8.count else { return false }
        return zip(bytes[start...], word.utf8).allSatisfy { $0 | 0x20 == $1 | 0x20 }
    }

    func isLabel(_ bytes: [UInt8]) -> Bool {
        !isQuoted && count > 1 && bytes[start] == UInt8(ascii: "_")
    }

    /// Splits a line at blanks, honouring quotation marks and ending at a comment.
    ///
    /// - Returns: false if a quotation mark is not closed.
    static func split(_ bytes: [UInt8], _ start: Int, _ end: Int, into tokens: inout [StarToken]) -> Bool {
        var index = start
        while index < end {
            let byte = bytes[index]
            if isBlank(byte) {
                index += 1
            } else if byte == UInt8(ascii: "#") || byte == UInt8(ascii: ";") {
                return true
            } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                var close = index + 1
                // A quotation mark inside a word, as in O5', does not close the value.
                while close < end, bytes[close] != byte || (close + 1 < end && !isBlank(bytes[close + 1])) {
                    close += 1
                }
                guard close < end else { return false }
                tokens.append(StarToken(start: index + 1, end: close, isQuoted: true))
                index = close + 1
            } else {
                var stop = index + 1
                while stop < end, !isBlank(bytes[stop]) { stop += 1 }
                tokens.append(StarToken(start: index, end: stop))
                index = stop
            }
        }
        return true
    }

    static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || (byte >= 9 && byte <= 13) }
}
