/// Splits an mmCIF file into its words.
struct CIFTokenReader {
    private let bytes: [UInt8]
    private var index = 0
    /// The line of the next byte, 1-based.
    private(set) var line = 1

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The next word; nil at the end of the file.
    mutating func next() -> StarToken? {
        while index < bytes.count {
            let byte = bytes[index]
            if byte == UInt8(ascii: "\n") {
                line += 1
                index += 1
            } else if StarToken.isBlank(byte) {
                index += 1
            } else if byte == UInt8(ascii: "#") {
                skipToLineEnd()
            } else if byte == UInt8(ascii: ";"), index == 0 || bytes[index - 1] == UInt8(ascii: "\n") {
                return textField()
            } else {
                return word(byte)
            }
        }
        return nil
    }

    private mutating func skipToLineEnd() {
        while index < bytes.count, bytes[index] != UInt8(ascii: "\n") { index += 1 }
    }

    /// A text of several lines between semicolons at line starts.
    private mutating func textField() -> StarToken {
        let start = index + 1
        skipToLineEnd()
        while index + 1 < bytes.count, bytes[index + 1] != UInt8(ascii: ";") {
            line += 1
            index += 1
            skipToLineEnd()
        }
        let end = index
        // Past the line break and the closing semicolon; a file that ends early has neither.
        if index < bytes.count { line += 1 }
        index = min(bytes.count, index + 2)
        return StarToken(start: start, end: end, isQuoted: true)
    }

    private mutating func word(_ first: UInt8) -> StarToken {
        let start = index
        guard first == UInt8(ascii: "\"") || first == UInt8(ascii: "'") else {
            while index < bytes.count, !StarToken.isBlank(bytes[index]) { index += 1 }
            return StarToken(start: start, end: index)
        }
        index += 1
        while index < bytes.count, bytes[index] != UInt8(ascii: "\n") {
            let isEnd = index + 1 == bytes.count || StarToken.isBlank(bytes[index + 1])
            if bytes[index] == first, isEnd {
                index += 1
                return StarToken(start: start + 1, end: index - 1, isQuoted: true)
            }
            index += 1
        }
        return StarToken(start: start + 1, end: index, isQuoted: true)
    }
}
