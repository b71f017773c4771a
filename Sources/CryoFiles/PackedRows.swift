/// Rows of short texts in one buffer.
///
/// A value costs its own bytes and four more; as a `String` it would cost 16 and, if it is longer than 15 bytes, 48 and its own
/// elsewhere. Files of particles have millions of them.
struct PackedRows: Sendable, Equatable {
    /// Values of a row.
    let columnCount: Int
    private var bytes: [UInt8] = []
    /// Where each row ends in ``bytes``.
    private var rowEnds: [Int] = []
    /// Where each value ends, from its row's beginning.
    private var valueEnds: [UInt32] = []

    /// The most bytes of a row.
    static let longestRow = Int(UInt32.max)

    init(columnCount: Int) { self.columnCount = columnCount }

    var count: Int { rowEnds.count }

    /// Makes room.
    mutating func reserve(rows: Int, bytes count: Int) {
        bytes.reserveCapacity(count)
        rowEnds.reserveCapacity(rows)
        valueEnds.reserveCapacity(rows * columnCount)
    }

    /// Adds a row of UTF-8 texts of at most ``longestRow`` bytes together.
    mutating func append(_ row: some Sequence<some Collection<UInt8>>) {
        let start = bytes.count
        for value in row {
            bytes += value
            valueEnds.append(UInt32(bytes.count - start))
        }
        rowEnds.append(bytes.count)
        precondition(valueEnds.count == rowEnds.count * columnCount, "a row has a value for each column")
    }

    /// The bytes of a value.
    func utf8(_ row: Int, _ column: Int) -> ArraySlice<UInt8> {
        let start = row == 0 ? 0 : rowEnds[row - 1]
        let place = row * columnCount + column
        return bytes[start + (column == 0 ? 0 : Int(valueEnds[place - 1]))..<start + Int(valueEnds[place])]
    }

    /// A value; bytes that are not UTF-8 are replaced.
    subscript(row: Int, column: Int) -> String { String(decoding: utf8(row, column), as: UTF8.self) }

    /// The rows without the room of a table that was to be longer.
    var tight: PackedRows {
        guard rowEnds.capacity > 2 * rowEnds.count else { return self }
        var copy = PackedRows(columnCount: columnCount)
        copy.bytes = bytes.map { $0 }
        copy.rowEnds = rowEnds.map { $0 }
        copy.valueEnds = valueEnds.map { $0 }
        return copy
    }
}
