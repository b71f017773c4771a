/// The atoms of a PDB or mmCIF file, as a density is simulated from them.
///
/// Only the first model is read. Hydrogens and waters are left out, as maps do not resolve them and files
/// have them or not by habit. Of a residue's alternatives the first is taken.
public struct AtomicModel: Sendable {
    /// The format of the file.
    public enum Format: String, Sendable {
        /// The Protein Data Bank's old format, of fixed columns.
        case pdb = "PDB"
        /// The Protein Data Bank's present format, of tables.
        case mmCIF
    }

    /// The atoms in the order of the file.
    public let atoms: [Atom]
    /// The format of the file.
    public let format: Format
    /// What is odd about the file but does not prevent reading.
    public let warnings: [String]

    /// Reads a file, plain or compressed with gzip.
    ///
    /// - Throws: ``FileError`` if the file is missing or damaged, or has no atoms.
    public init(path: String) throws(FileError) {
        try self.init(parsing: try GzipReader.contents(of: path), path: path)
    }

    /// Parses the bytes of a file; `path` names it in messages.
    ///
    /// - Throws: ``FileError`` if the bytes are damaged or have no atoms.
    public init(parsing bytes: [UInt8], path: String) throws(FileError) {
        format = Self.isCIF(bytes) ? .mmCIF : .pdb
        var selection = AtomSelection()
        switch format {
        case .pdb: try PDBParser(path: path).parse(bytes, into: &selection)
        case .mmCIF: try CIFParser(path: path).parse(bytes, into: &selection)
        }
        guard !selection.atoms.isEmpty else {
            throw .malformed(
                path: path, place: .whole, found: "no atoms", expected: "ATOM records, or a table _atom_site",
                advice: "give a PDB or mmCIF file of a model")
        }
        atoms = selection.atoms
        let unknown = selection.unknownElements.sorted { $0.key < $1.key }.map {
            "\($0.value) of '\($0.key)'"
        }
        warnings =
            unknown.isEmpty ? [] : ["atoms of unknown elements left out: \(unknown.joined(separator: ", "))"]
    }

    /// Whether the first word that is not a comment starts a CIF block.
    private static func isCIF(_ bytes: [UInt8]) -> Bool {
        var reader = CIFTokenReader(bytes)
        guard let first = reader.next() else { return false }
        return first.isKeyword(bytes, "data_")
    }
}

/// Decides which atoms of a file count, the same for both formats.
struct AtomSelection {
    private(set) var atoms: [Atom] = []
    /// How many atoms had an element that is not known.
    private(set) var unknownElements: [String: Int] = [:]
    /// Of each residue the alternative that was met first.
    private var alternatives: [String: String] = [:]
    /// What coordinates, in Å, occupancies and B factors, in Å², can be; a density would be drawn for ever of others.
    static let numbers = -100_000.0...100_000.0

    /// Residues that are water in either format.
    private static let waters: Set<String> = ["HOH", "WAT", "DOD", "H2O", "SOL", "TIP", "TIP3", "TP3"]

    /// Whether an atom belongs to the first of its residue's alternatives, which may be other amino acids.
    ///
    /// - Parameters:
    ///   - alternative: The label of the alternative; empty where there is only one.
    ///   - residue: Chain, number and insertion code.
    mutating func isFirst(alternative: String, residue: @autoclosure () -> String) -> Bool {
        guard !alternative.isEmpty else { return true }
        let residue = residue()
        let first = alternatives[residue] ?? alternative
        alternatives[residue] = first
        return first == alternative
    }

    static func isWater(_ residue: String) -> Bool { waters.contains(residue) }

    static func isHydrogen(_ symbol: String) -> Bool {
        symbol.uppercased() == "H" || symbol.uppercased() == "D"
    }

    mutating func add(symbol: String, position: SIMD3<Double>, occupancy: Double, bFactor: Double) {
        guard let element = ChemicalElement(symbol: symbol) else {
            unknownElements[symbol, default: 0] += 1
            return
        }
        atoms.append(Atom(element: element, position: position, occupancy: occupancy, bFactor: bFactor))
    }
}
