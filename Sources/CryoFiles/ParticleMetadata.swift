/// The values of a STAR file by particle, each taken from its own row or else from its optics group's.
struct ParticleMetadata {
    let path: String
    /// One row a particle.
    let particles: StarTable
    /// One row an optics group; nil for files of RELION 3.0, which have no groups.
    let optics: StarTable?
    /// Where among the document's blocks the particles are.
    let particleBlock: Int
    /// Where among the document's blocks the optics groups are.
    let opticsBlock: Int?
    /// The row of the optics table for each particle; empty without one.
    private(set) var opticsRows: [Int32] = []
    /// The number of the optics group of each particle: as in the file, or from 1 where it has no groups.
    private(set) var opticsGroups: [Int32] = []
    private(set) var warnings: [String] = []

    init(document: StarDocument, path: String) throws(FileError) {
        self.path = path
        let tables = document.blocks.map(\.table)
        let named = document.blocks.firstIndex {
            $0.name == "particles" && $0.table.column("rlnImageName") != nil
        }
        guard let block = named ?? tables.firstIndex(where: { $0.column("rlnImageName") != nil }) else {
            let names = document.blocks.map { "data_\($0.name)" }.joined(separator: ", ")
            throw .malformed(
                path: path, place: .whole, found: "no column _rlnImageName in \(names.excerpt)",
                expected: "a table of particles",
                advice: "give a STAR file of particles, not of micrographs or jobs")
        }
        let name = document.blocks[block].name
        let alike = document.blocks.filter { $0.name == name && $0.table.column("rlnImageName") != nil }
        let opticsBlocks = document.blocks.indices.filter { document.blocks[$0].name == "optics" }
        // Of joined files all blocks but one would be lost in silence.
        for (name, count) in [(name, alike.count), ("optics", opticsBlocks.count)] where count > 1 {
            throw .malformed(
                path: path, place: .part("data_\(name)"), found: "\(count) such blocks", expected: "one",
                advice: "join files by their rows, as relion_star_handler --combine does")
        }
        particleBlock = block
        particles = tables[block]
        opticsBlock = opticsBlocks.first
        optics = opticsBlock.map { tables[$0] }
        guard particles.rowCount > 0 else {
            throw .malformed(
                path: path, place: .part("data_\(name)"), found: "0 particles",
                expected: "at least one", advice: "check the selection that wrote this file")
        }
        try assignOptics()
    }

    private mutating func assignOptics() throws(FileError) {
        let count = particles.rowCount
        let groupColumn = particles.column("rlnOpticsGroup")
        guard let optics else { return groupByOptics() }
        guard optics.rowCount > 0 else {
            throw .malformed(
                path: path, place: .part("data_optics"), found: "0 optics groups", expected: "at least one",
                advice: "export the file again")
        }
        var rowOfGroup: [Int32: Int] = [:]
        for row in 0..<optics.rowCount {
            let text = optics.column("rlnOpticsGroup").map { optics[row, $0] }
            guard let number = text.map({ Int32($0) }) ?? Int32(row + 1), rowOfGroup[number] == nil else {
                throw .malformed(
                    path: path, place: place(optics, row),
                    found: "the optics group '\((text ?? "").excerpt)'",
                    expected: "an integer that no other row has", advice: "number the groups from 1")
            }
            rowOfGroup[number] = row
        }
        guard let groupColumn else {
            guard optics.rowCount == 1, let only = rowOfGroup.first else {
                throw .malformed(
                    path: path, place: .part("data_particles"), found: "no column _rlnOpticsGroup",
                    expected: "one, since there are \(optics.rowCount) optics groups",
                    advice: "export the file again")
            }
            warnings.append("particles have no _rlnOpticsGroup; all are in the only group")
            opticsGroups = [Int32](repeating: only.key, count: count)
            opticsRows = [Int32](repeating: 0, count: count)
            return
        }
        opticsRows.reserveCapacity(count)
        opticsGroups.reserveCapacity(count)
        for row in 0..<count {
            let group = try integer(row, groupColumn)
            guard let opticsRow = rowOfGroup[group] else {
                throw .malformed(
                    path: path, place: place(particles, row), found: "optics group \(group)",
                    expected:
                        "one of \(rowOfGroup.keys.sorted().map(String.init).joined(separator: ", ").excerpt)",
                    advice: "add the group to data_optics")
            }
            opticsGroups.append(group)
            opticsRows.append(Int32(opticsRow))
        }
    }

    /// Numbers the distinct tuples of what RELION 3.0 keeps with each particle and 3.1 with the group, sorted.
    private mutating func groupByOptics() {
        let columns = OpticsTable.movedLabels.compactMap { particles.column($0) }
        var known: [[String]: Int] = [:]
        let tuples = (0..<particles.rowCount).map { row in
            let tuple = columns.map { particles[row, $0] }
            let number = known[tuple] ?? known.count
            known[tuple] = number
            return number
        }
        let sorted = known.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        var numbers = [Int32](repeating: 0, count: sorted.count)
        for (place, tuple) in sorted.enumerated() { numbers[tuple.value] = Int32(place + 1) }
        opticsGroups = tuples.map { numbers[$0] }
    }

    private func integer(_ row: Int, _ column: Int) throws(FileError) -> Int32 {
        guard let value = Int32(particles[row, column]) else {
            throw notANumber(particles, row, column, expected: "an integer")
        }
        return value
    }

    /// Where a label's values are.
    func field(_ label: String) -> MetadataField {
        MetadataField(
            label: label, particleColumn: particles.column(label), opticsColumn: optics?.column(label))
    }

    /// The text of a field; nil if the file has no such label.
    func text(_ field: MetadataField, _ row: Int) -> String? {
        if let column = field.particleColumn { return particles[row, column] }
        if let column = field.opticsColumn, let optics { return optics[Int(opticsRows[row]), column] }
        return nil
    }

    /// The number of a field; nil if the file has no such label.
    func number(_ field: MetadataField, _ row: Int) throws(FileError) -> Double? {
        guard let text = text(field, row) else { return nil }
        if let value = Double(text), value.isFinite { return value }
        if let column = field.particleColumn {
            throw notANumber(particles, row, column, expected: "a finite number")
        }
        guard let optics, let column = field.opticsColumn else { return nil }
        throw notANumber(optics, Int(opticsRows[row]), column, expected: "a finite number")
    }

    /// The place of a particle's value, for messages.
    func place(_ field: MetadataField, _ row: Int) -> FilePlace {
        if field.particleColumn == nil, field.opticsColumn != nil, let optics {
            return place(optics, Int(opticsRows[row]))
        }
        return place(particles, row)
    }

    private func place(_ table: StarTable, _ row: Int) -> FilePlace {
        table.line(ofRow: row).map { .line($0) } ?? .part("row \(row + 1)")
    }

    private func notANumber(_ table: StarTable, _ row: Int, _ column: Int, expected: String) -> FileError {
        .malformed(
            path: path, place: place(table, row),
            found: "_\(table.labels[column]) '\(table[row, column].excerpt)'", expected: expected,
            advice: "mend or remove this row")
    }
}

/// The columns of one label.
struct MetadataField {
    let label: String
    let particleColumn: Int?
    let opticsColumn: Int?

    var isPresent: Bool { particleColumn != nil || opticsColumn != nil }

    /// The column of the optics groups alone.
    var ofGroup: MetadataField {
        MetadataField(label: label, particleColumn: nil, opticsColumn: opticsColumn)
    }
}

extension Range<Int> {
    /// `map` for bodies with typed errors.
    func mapThrowing<Value>(_ body: (Int) throws(FileError) -> Value) throws(FileError) -> [Value] {
        var values: [Value] = []
        values.reserveCapacity(count)
        for index in self { values.append(try body(index)) }
        return values
    }
}
