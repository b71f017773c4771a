extension StarDocument {
    /// Writes the document in RELION 3.1's layout; the file appears when it is complete.
    ///
    /// - Throws: ``FileError/unwritable(path:found:advice:)``.
    public func write(to path: String) throws(FileError) {
        try write(to: path, appending: EmptyCollection(), toBlock: -1)
    }

    /// Writes the document with more rows at the end of one of its tables.
    ///
    /// They come in parts of the table's labels, so that a long table need not be in memory as a whole.
    func write(
        to path: String, appending parts: some Sequence<StarTable>, toBlock index: Int
    ) throws(FileError) {
        let file = try OutputFile(path: path)
        for (number, block) in blocks.enumerated() {
            try file.write(opening(block))
            if number == index {
                for part in parts { try file.write(Self.encodedRows(part)) }
            }
            try file.write(Self.closing)
        }
        try file.commit()
    }

    /// The bytes of the file.
    public var encoded: [UInt8] { blocks.flatMap { opening($0) + Self.closing } }

    /// A block up to its last row.
    ///
    /// RELION wants the version before each block, one label a line with its number, and an empty line after
    /// a loop.
    private func opening(_ block: StarBlock) -> [UInt8] {
        var bytes = [UInt8]("\n# version \(version ?? 30001)\n\ndata_\(block.name)\n\n".utf8)
        switch block.content {
        case .table(let table):
            bytes += "loop_ \n".utf8
            for (index, label) in table.labels.enumerated() { bytes += "_\(label) #\(index + 1) \n".utf8 }
            bytes += Self.encodedRows(table)
        case .pairs(let pairs):
            for pair in pairs {
                bytes += "_\(pair.label) ".utf8
                Self.encode(pair.value, into: &bytes)
                bytes.append(UInt8(ascii: "\n"))
            }
        }
        return bytes
    }

    private static let closing = [UInt8](" \n".utf8)

    private static func encodedRows(_ table: StarTable) -> [UInt8] {
        var bytes: [UInt8] = []
        for row in 0..<table.rowCount {
            for value in table.row(row) {
                encode(value, into: &bytes)
                bytes.append(UInt8(ascii: " "))
            }
            bytes.append(UInt8(ascii: "\n"))
        }
        return bytes
    }

    /// Writes a value so that it is read back as one value.
    private static func encode(_ value: String, into bytes: inout [UInt8]) {
        let isPlain = value.utf8.allSatisfy { !StarToken.isBlank($0) }
        let first = value.utf8.first ?? UInt8(ascii: "#")
        if isPlain, !"#;\"'".utf8.contains(first) {
            bytes += value.utf8
            return
        }
        let quote = value.utf8.contains(UInt8(ascii: "\"")) ? UInt8(ascii: "'") : UInt8(ascii: "\"")
        bytes.append(quote)
        // A line break cannot be quoted.
        bytes += value.utf8.map { $0 == 10 || $0 == 13 ? 32 : $0 }
        bytes.append(quote)
    }
}
