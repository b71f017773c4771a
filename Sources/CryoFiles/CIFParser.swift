/// Parses the `_atom_site` table of an mmCIF file.
struct CIFParser {
    let path: String

    func parse(_ bytes: [UInt8], into selection: inout AtomSelection) throws(FileError) {
        var reader = CIFTokenReader(bytes)
        var token = reader.next()
        while let current = token {
            guard current.isKeyword(bytes, "loop_") else {
                token = reader.next()
                continue
            }
            var labels: [String] = []
            token = reader.next()
            while let label = token, label.isLabel(bytes) {
                labels.append(label.text(bytes))
                token = reader.next()
            }
            if labels.first?.hasPrefix("_atom_site.") == true {
                try parseRows(bytes, labels, from: token, &reader, into: &selection)
                return
            }
        }
    }

    private func parseRows(
        _ bytes: [UInt8], _ labels: [String], from first: StarToken?, _ reader: inout CIFTokenReader,
        into selection: inout AtomSelection
    ) throws(FileError) {
        let columns = try AtomSiteColumns(labels, path: path)
        var row: [StarToken] = []
        var token = first
        var model: String?
        while let current = token, !Self.endsLoop(current, bytes) {
            row.append(current)
            if row.count == labels.count {
                let site = AtomSite(bytes: bytes, row: row, columns: columns, line: reader.line, path: path)
                model = model ?? site.text(columns.model)
                // Models follow one another, so the second one ends the first.
                guard site.text(columns.model) == model else { return }
                try add(site, to: &selection)
                row.removeAll(keepingCapacity: true)
            }
            token = reader.next()
        }
        guard row.isEmpty else {
            throw .malformed(
                path: path, place: .line(reader.line),
                found: "\(row.count) values in the last row of _atom_site",
                expected: "\(labels.count)", advice: "the file is cut short or damaged; download it again")
        }
    }

    private static func endsLoop(_ token: StarToken, _ bytes: [UInt8]) -> Bool {
        token.isLabel(bytes) || token.isKeyword(bytes, "loop_") || token.isKeyword(bytes, "data_")
    }

    private func add(_ site: AtomSite, to selection: inout AtomSelection) throws(FileError) {
        let columns = site.columns
        let symbol = site.text(columns.symbol)
        guard !AtomSelection.isHydrogen(symbol), !AtomSelection.isWater(site.text(columns.residue)) else {
            return
        }
        let isFirst = selection.isFirst(
            alternative: site.text(columns.alternative),
            residue: columns.identity.map { site.text($0) }.joined(separator: "|"))
        guard isFirst else { return }
        let position: SIMD3<Double> = [
            try site.number(columns.x), try site.number(columns.y), try site.number(columns.z),
        ]
        selection.add(
            symbol: symbol, position: position, occupancy: try site.number(columns.occupancy, missing: 1),
            bFactor: try site.number(columns.bFactor, missing: 0))
    }
}

/// Where the columns of `_atom_site` are.
private struct AtomSiteColumns {
    let x, y, z, symbol: Int
    let residue, alternative, occupancy, bFactor, model: Int?
    /// What names a residue, whichever its alternative.
    let identity: [Int?]

    init(_ labels: [String], path: String) throws(FileError) {
        func find(_ names: String...) -> Int? {
            names.lazy.compactMap { labels.firstIndex(of: "_atom_site.\($0)") }.first
        }
        guard let x = find("Cartn_x"), let y = find("Cartn_y"), let z = find("Cartn_z"),
            let symbol = find("type_symbol")
        else {
            throw .malformed(
                path: path, place: .part("_atom_site"), found: "a table without coordinates or elements",
                expected: "Cartn_x, Cartn_y, Cartn_z and type_symbol", advice: "download the file again")
        }
        (self.x, self.y, self.z, self.symbol) = (x, y, z, symbol)
        residue = find("label_comp_id", "auth_comp_id")
        alternative = find("label_alt_id")
        occupancy = find("occupancy")
        bFactor = find("B_iso_or_equiv")
        model = find("pdbx_PDB_model_num")
        identity = [
            find("label_asym_id", "auth_asym_id"), find("auth_seq_id", "label_seq_id"),
            find("pdbx_PDB_ins_code"),
        ]
    }
}

/// One row of `_atom_site`.
private struct AtomSite {
    let bytes: [UInt8]
    let row: [StarToken]
    let columns: AtomSiteColumns
    let line: Int
    let path: String

    /// The text of a column; empty if there is none or the file says that it is not known.
    func text(_ column: Int?) -> String {
        guard let column else { return "" }
        let text = row[column].text(bytes)
        return !row[column].isQuoted && (text == "." || text == "?") ? "" : text
    }

    /// The number of a column; `missing` where the file has none.
    func number(_ column: Int?, missing: Double? = nil) throws(FileError) -> Double {
        let text = text(column)
        if let missing, text.isEmpty { return missing }
        // Crystallographers append the standard uncertainty in parentheses.
        let value = text.firstIndex(of: "(").map { text[..<$0] } ?? text[...]
        guard let number = Double(value), AtomSelection.numbers.contains(number) else {
            throw .malformed(
                path: path, place: .line(line),
                found: "'\(text.excerpt)' as a coordinate, occupancy or B factor",
                expected: "a number of at most \(AtomSelection.numbers.upperBound)",
                advice: "mend or remove this row")
        }
        return number
    }
}
