/// The rows of one loop of a STAR file.
///
/// Values stay the text of the file, so that a column that nobody interprets is written as it was read.
public struct StarTable: Sendable, Equatable {
    /// The columns' labels, without the leading underscore.
    public private(set) var labels: [String]
    /// The values; shape `[row][column]`.
    private var cells: [String]
    /// The line of the file each row came from; empty for a table made in memory.
    private var lines: [Int32]

    /// Makes a table without rows.
    public init(labels: [String]) {
        self.init(labels: labels, cells: [], lines: [])
    }

    /// Makes a table of the parsed values; `cells` holds whole rows.
    init(labels: [String], cells: [String], lines: [Int32]) {
        self.labels = labels
        self.cells = cells
        self.lines = lines
    }

    /// The number of rows.
    public var rowCount: Int { labels.isEmpty ? 0 : cells.count / labels.count }

    /// The value in a row and column.
    public subscript(row: Int, column: Int) -> String {
        get { cells[row * labels.count + column] }
        set { cells[row * labels.count + column] = newValue }
    }

    /// The number of the column with a label; nil if there is none.
    public func column(_ label: String) -> Int? { labels.firstIndex(of: label) }

    /// The values of a column; nil if there is no such label.
    public func values(of label: String) -> [String]? {
        guard let column = column(label) else { return nil }
        return (0..<rowCount).map { self[$0, column] }
    }

    /// The values of a row.
    public func row(_ row: Int) -> ArraySlice<String> {
        cells[(row * labels.count)..<((row + 1) * labels.count)]
    }

    /// The line of the file a row came from; nil for rows made in memory.
    public func line(ofRow row: Int) -> Int? { lines.indices.contains(row) ? Int(lines[row]) : nil }

    /// Adds a row, which must have a value for each label.
    public mutating func append(_ row: [String]) {
        precondition(row.count == labels.count, "a row has a value for each label")
        cells += row
    }

    /// Replaces the column with this label, or adds it as the last; `values` has one for each row.
    public mutating func setColumn(_ label: String, to values: [String]) {
        setColumns([(label, values)])
    }

    /// Replaces the columns with these labels, or adds them as the last.
    ///
    /// Several at once, because each addition moves all values.
    public mutating func setColumns(_ columns: [(label: String, values: [String])]) {
        precondition(columns.allSatisfy { $0.values.count == rowCount }, "a column has a value for each row")
        let added = columns.filter { new in !labels.contains(new.label) }
        let replacing = labels.map { label in columns.first { $0.label == label }?.values }
        var widened: [String] = []
        widened.reserveCapacity(cells.count + added.count * rowCount)
        for index in 0..<rowCount {
            for column in labels.indices { widened.append(replacing[column]?[index] ?? self[index, column]) }
            for column in added { widened.append(column.values[index]) }
        }
        labels += added.map(\.label)
        cells = widened
    }

    /// Removes the columns with these labels, where there are any.
    public mutating func removeColumns(_ unwanted: Set<String>) {
        let kept = labels.indices.filter { !unwanted.contains(labels[$0]) }
        guard kept.count < labels.count else { return }
        var narrowed: [String] = []
        narrowed.reserveCapacity(kept.count * rowCount)
        for index in 0..<rowCount {
            for column in kept { narrowed.append(self[index, column]) }
        }
        labels = kept.map { labels[$0] }
        cells = narrowed
        if labels.isEmpty { lines = [] }
    }

    /// The table with only some of its rows, in the order given.
    public func selecting(rows: [Int]) -> StarTable {
        var chosen: [String] = []
        chosen.reserveCapacity(rows.count * labels.count)
        for index in rows { chosen += row(index) }
        return StarTable(labels: labels, cells: chosen, lines: lines.isEmpty ? [] : rows.map { lines[$0] })
    }
}
