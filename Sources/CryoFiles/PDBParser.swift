/// Parses the fixed columns of a PDB file.
struct PDBParser {
    let path: String

    func parse(_ bytes: [UInt8], into selection: inout AtomSelection) throws(FileError) {
        var start = 0
        var number = 0
        while start < bytes.count {
            number += 1
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
            let line = PDBLine(bytes: bytes[start..<end], number: number)
            start = end + 1
            if line.hasPrefix("ENDMDL"), !selection.atoms.isEmpty { return }
            if line.hasPrefix("ATOM  ") || line.hasPrefix("HETATM") { try parse(line, into: &selection) }
        }
    }

    private func parse(_ line: PDBLine, into selection: inout AtomSelection) throws(FileError) {
        let symbol = line.elementSymbol
        guard !AtomSelection.isHydrogen(symbol), !AtomSelection.isWater(line.text(18, 20)) else { return }
        // Chain, residue number and insertion code.
        let isFirst = selection.isFirst(
            alternative: line.text(17, 17), residue: line.text(22, 27))
        guard isFirst else { return }
        let position: SIMD3<Double> = [
            try coordinate(line, 31, 38), try coordinate(line, 39, 46), try coordinate(line, 47, 54),
        ]
        selection.add(
            symbol: symbol, position: position, occupancy: try number(line, 55, 60, blank: 1),
            bFactor: try number(line, 61, 66, blank: 0))
    }

    private func coordinate(_ line: PDBLine, _ first: Int, _ last: Int) throws(FileError) -> Double {
        try number(line, first, last, blank: nil)
    }

    private func number(_ line: PDBLine, _ first: Int, _ last: Int, blank: Double?) throws(FileError)
        -> Double
    {
        let text = line.text(first, last)
        if let blank, text.isEmpty { return blank }
        guard let value = Double(text), AtomSelection.numbers.contains(value) else {
            throw .malformed(
                path: path, place: .line(line.number), found: "'\(text)' in columns \(first) to \(last)",
                expected: "a number of at most \(AtomSelection.numbers.upperBound)",
                advice: "mend or remove this line")
        }
        return value
    }
}

/// A line of a PDB file.
private struct PDBLine {
    let bytes: ArraySlice<UInt8>
    let number: Int

    func hasPrefix(_ prefix: String) -> Bool { bytes.starts(with: prefix.utf8) }

    /// The text of columns, counted from 1, without blanks around it; empty beyond the line's end.
    func text(_ first: Int, _ last: Int) -> String {
        var start = bytes.startIndex + first - 1
        var end = min(bytes.endIndex, bytes.startIndex + last)
        while start < end, StarToken.isBlank(bytes[start]) { start += 1 }
        while end > start, StarToken.isBlank(bytes[end - 1]) { end -= 1 }
        return start < end ? String(decoding: bytes[start..<end], as: UTF8.self) : ""
    }

    /// The element in columns 77 and 78, or else the one that the atom's name tells.
    ///
    /// Elements of one letter stand in the second column of the name: ` CA ` is a carbon, `CA  ` calcium.
    /// Names of four characters that start in the first column are those of hydrogens, such as `HG11`.
    var elementSymbol: String {
        let stated = text(77, 78)
        if stated.utf8.contains(where: { ($0 | 0x20) >= 97 && ($0 | 0x20) <= 122 }) { return stated }
        let name = text(13, 14)
        if name.count == 2, text(13, 13) != "" {
            if name.hasPrefix("H"), text(13, 16).count == 4 { return "H" }
            if ChemicalElement(symbol: name) != nil { return name }
        }
        return name.first { $0.isLetter }.map(String.init) ?? name
    }
}
