/// Parses STAR files of RELION 3.0 to 5, cryoSPARC's and pyem's converters, and hand-made ones.
///
/// Works on bytes: a file of 100,000 particles holds some three million values, and `Character` costs more
/// than all other work together.
struct StarParser {
    private enum State: Equatable { case outside, block, loopHeader, loopRows }

    private let path: String
    private var document = StarDocument()
    private var state = State.outside
    private var name = ""
    private var labels: [String] = []
    /// The same, so that a header of 100,000 labels does not take minutes.
    private var knownLabels: Set<String> = []
    private var cells: [String] = []
    private var lines: [Int32] = []
    private var pairs: [StarPair] = []
    private var tokens: [StarToken] = []
    private var lineNumber = 0
    private var isAfterBlank = false
    private var hasBlankInLoop = false

    init(path: String) { self.path = path }

    mutating func parse(_ bytes: [UInt8]) throws(FileError) -> StarDocument {
        var start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
        var carriageReturns = 0
        while start < bytes.count {
            lineNumber += 1
            var end = start
            while end < bytes.count, bytes[end] != UInt8(ascii: "\n") { end += 1 }
            let next = end + 1
            if end > start, bytes[end - 1] == UInt8(ascii: "\r") {
                end -= 1
                carriageReturns += 1
            }
            try parseLine(bytes, start, end)
            start = next
        }
        closeBlock()
        guard !document.blocks.isEmpty else {
            throw .malformed(
                path: path, place: .whole, found: bytes.isEmpty ? "an empty file" : "no block",
                expected: "a line that starts with data_", advice: "check that this is a STAR file")
        }
        if carriageReturns > 0 {
            document.warnings.append("the lines end in CR LF, which RELION refuses; convert with dos2unix")
        }
        if hasBlankInLoop {
            document.warnings.append("a loop goes on after an empty line, where RELION stops reading")
        }
        return document
    }

    private mutating func parseLine(_ bytes: [UInt8], _ start: Int, _ end: Int) throws(FileError) {
        tokens.removeAll(keepingCapacity: true)
        guard StarToken.split(bytes, start, end, into: &tokens) else {
            throw error(found: "a quotation mark that is not closed", expected: "a closing quotation mark")
        }
        guard let first = tokens.first else {
            if state == .outside || document.version == nil { readVersion(bytes, start, end) }
            isAfterBlank = true
            return
        }
        defer { isAfterBlank = false }
        if first.isKeyword(bytes, "data_"), tokens.count == 1,
            state != .loopRows || labels.count != 1 || isAfterBlank
        {
            closeBlock()
            state = .block
            name = String(first.text(bytes).dropFirst(5))
        } else if first.isKeyword(bytes, "loop_"), first.count == 5, tokens.count == 1 {
            guard state != .outside else { throw strayText(first.text(bytes)) }
            if !labels.isEmpty || !pairs.isEmpty { closeBlock() }
            state = .loopHeader
        } else if first.isLabel(bytes), state != .loopRows || (isAfterBlank && tokens.count != labels.count) {
            try parseLabel(bytes, first)
        } else {
            try parseRow(bytes, start, end, first)
        }
    }

    private mutating func parseLabel(_ bytes: [UInt8], _ first: StarToken) throws(FileError) {
        let label = String(first.text(bytes).dropFirst())
        switch state {
        case .outside: throw strayText(first.text(bytes))
        case .loopHeader:
            guard knownLabels.insert(label).inserted else {
                throw error(found: "the label _\(label.excerpt) twice", expected: "each label once")
            }
            labels.append(label)
        case .loopRows, .block:
            if state == .loopRows { closeBlock() }
            state = .block
            guard tokens.count > 1 else {
                throw error(
                    found: "the label _\(label.excerpt) without a value",
                    expected: "a value, or loop_ before it")
            }
            pairs.append(StarPair(label: label, value: try value(tokens[1], bytes)))
        }
    }

    private mutating func parseRow(
        _ bytes: [UInt8], _ start: Int, _ end: Int, _ first: StarToken
    ) throws(FileError) {
        guard state == .loopHeader || state == .loopRows, !labels.isEmpty else {
            throw strayText(first.text(bytes))
        }
        if state == .loopRows, isAfterBlank { hasBlankInLoop = true }
        guard tokens.count == labels.count else {
            throw error(
                found: "\(tokens.count) values", expected: "\(labels.count), one for each label",
                advice: "mend or remove this row; values with blanks need quotation marks")
        }
        if state == .loopHeader { reserve(rows: (bytes.count - start) / max(1, end + 1 - start) + 1) }
        state = .loopRows
        for token in tokens { cells.append(try value(token, bytes)) }
        lines.append(Int32(truncatingIfNeeded: lineNumber))
    }

    /// A value's text.
    ///
    /// Replaced bytes of a name in another encoding would name no file, and would be lost in what is written.
    private func value(_ token: StarToken, _ bytes: [UInt8]) throws(FileError) -> String {
        guard let text = String(validating: bytes[token.start..<token.end], as: UTF8.self) else {
            throw error(
                found: "'\(token.text(bytes).excerpt)', which is not UTF-8", expected: "UTF-8",
                advice: "convert the file, e.g. iconv -f LATIN1 -t UTF-8, and rename what it names")
        }
        return text
    }

    /// Makes room for a loop whose rows are as long as its first, since arrays that grow take up to three times their size.
    private mutating func reserve(rows: Int) {
        cells.reserveCapacity(rows * labels.count)
        lines.reserveCapacity(rows)
    }

    /// Comments carry one thing that matters: `# version 30001`.
    private mutating func readVersion(_ bytes: [UInt8], _ start: Int, _ end: Int) {
        guard start < end, end - start < 100, bytes[start] == UInt8(ascii: "#") else { return }
        let words = String(decoding: bytes[start..<end], as: UTF8.self).split(separator: " ")
        guard words.count == 3, words[1] == "version", let number = Int(words[2]) else { return }
        document.version = number
    }

    private mutating func closeBlock() {
        switch state {
        case .outside: return
        case .loopHeader, .loopRows:
            // A short loop does not keep the room of a long one.
            let isTight = cells.count > cells.capacity / 2
            let table = StarTable(
                labels: labels, cells: isTight ? cells : cells.map { $0 },
                lines: isTight ? lines : lines.map { $0 })
            document.blocks.append(StarBlock(name: name, content: .table(table)))
        case .block:
            document.blocks.append(StarBlock(name: name, content: .pairs(pairs)))
        }
        labels = []
        knownLabels = []
        cells = []
        lines = []
        pairs = []
    }

    private func strayText(_ text: String) -> FileError {
        error(
            found: "'\(text.excerpt)'",
            expected: state == .outside ? "a line that starts with data_" : "a label or loop_",
            advice: "check that this is a STAR file")
    }

    private func error(
        found: String, expected: String, advice: String = "mend this line of the file"
    ) -> FileError {
        .malformed(path: path, place: .line(lineNumber), found: found, expected: expected, advice: advice)
    }
}
