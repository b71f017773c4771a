/// A STAR file: named blocks, each a table or a list of pairs.
public struct StarDocument: Sendable, Equatable {
    /// The blocks in the order of the file.
    public var blocks: [StarBlock]
    /// The number of RELION's `# version` line, if there was one.
    public var version: Int?
    /// What is odd about the file but does not prevent reading.
    public var warnings: [String] = []

    /// Makes a document of blocks.
    public init(blocks: [StarBlock] = []) { self.blocks = blocks }

    /// Reads a file.
    ///
    /// - Throws: ``FileError`` if the file is missing or is not a STAR file; a row with too many or too few
    ///   values is reported with its line.
    public init(path: String) throws(FileError) {
        try self.init(parsing: try InputFile.contents(of: path), path: path)
    }

    /// Parses the bytes of a file; `path` names it in messages.
    ///
    /// - Throws: ``FileError`` if the bytes are not a STAR file.
    public init(parsing bytes: [UInt8], path: String) throws(FileError) {
        var parser = StarParser(path: path)
        self = try parser.parse(bytes)
    }

    /// The first table of the name, or nil.
    public func table(named name: String) -> StarTable? {
        blocks.first { $0.name == name }?.table
    }
}

/// One `data_` block of a STAR file.
public struct StarBlock: Sendable, Equatable {
    /// What a block holds.
    public enum Content: Sendable, Equatable {
        /// The rows of a `loop_`.
        case table(StarTable)
        /// Single labels, each with its value.
        case pairs([StarPair])
    }

    /// What follows `data_`; may be empty.
    public var name: String
    /// The table or the pairs.
    public var content: Content

    /// Makes a block.
    public init(name: String, content: Content) {
        self.name = name
        self.content = content
    }

    /// The block as a table; pairs make a table of one row.
    public var table: StarTable {
        switch content {
        case .table(let table): return table
        case .pairs(let pairs):
            var table = StarTable(labels: pairs.map(\.label))
            if !pairs.isEmpty { table.append(pairs.map(\.value)) }
            return table
        }
    }
}

/// A label with its value.
public struct StarPair: Sendable, Equatable {
    /// The label, without the leading underscore.
    public var label: String
    /// The value as text.
    public var value: String

    /// Makes a pair.
    public init(label: String, value: String) {
        self.label = label
        self.value = value
    }
}
