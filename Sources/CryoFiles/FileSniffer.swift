/// Tells what a file is from its first bytes, and from its name where they are not enough.
struct FileSniffer {
    private let file: InputFile
    private let name: String
    private let start: [UInt8]

    init(file: InputFile) throws(FileError) {
        self.file = file
        name = file.path.lowercased()
        start = try file.bytes(from: 0, count: min(file.byteCount, 65_536))
    }

    func kind() throws(FileError) -> FileSummary.Kind {
        if isTable { throw unknown(Self.table, advice: Self.conversion) }
        if isCompressed, !hasType(".cif.gz", ".mmcif.gz", ".pdb.gz", ".ent.gz") { throw compressed }
        if isMRC || hasType(".mrc", ".mrcs", ".map", ".ccp4", ".st") { return try kindOfMRC() }
        if isCompressed { return hasType(".cif.gz", ".mmcif.gz") ? .mmCIF : .pdb }
        if start.contains(0) { throw unknown(start.isEmpty ? "an empty file" : "binary data") }
        let text = String(decoding: start, as: UTF8.self)
        if text.contains("_atom_site.") || hasType(".cif", ".mmcif") { return .mmCIF }
        if text.hasPrefix("data_") || text.contains("\ndata_") || hasType(".star") {
            return text.contains("_rlnImageName") ? .starParticles : .starOther
        }
        let isPDB = ["HEADER", "ATOM  ", "HETATM", "REMARK", "CRYST1", "TITLE ", "MODEL "].contains {
            record in
            text.hasPrefix(record) || text.contains("\n\(record)")
        }
        guard isPDB || hasType(".pdb", ".ent") else { throw unknown("text of no known format") }
        return .pdb
    }

    /// Refuses what people give in the place of a STAR file: the images themselves, or cryoSPARC's table.
    static func refuseImages(_ path: String) throws(FileError) {
        let sniffer = try FileSniffer(file: InputFile(path: path))
        if sniffer.isCompressed { throw sniffer.compressed }
        guard sniffer.isTable || sniffer.isMRC else { return }
        throw .unsupported(
            path: path, place: .whole, found: sniffer.isTable ? table : "MRC images",
            expected: "a STAR file that lists particles",
            advice: sniffer.isTable ? conversion : "give the STAR file that names these images")
    }

    private static let (table, conversion) = ("a table of cryoSPARC", "convert it with csparc2star.py")

    private var isTable: Bool { start.starts(with: [0x93] + Array("NUMPY".utf8)) }

    /// Real stacks often carry the space group of a volume, so the name and the shape decide.
    private func kindOfMRC() throws(FileError) -> FileSummary.Kind {
        if hasType(".mrcs", ".st") { return .mrcStack }
        if hasType(".map", ".ccp4") { return .mrcVolume }
        let size = try MRCHeader(parsing: start, path: file.path).size
        return size.x == size.y && size.z != size.x ? .mrcStack : .mrcVolume
    }

    private var isMRC: Bool { start.count >= 212 && start[208..<212].elementsEqual("MAP ".utf8) }

    /// By gzip's two first bytes.
    private var isCompressed: Bool { start.starts(with: [0x1F, 0x8B]) }

    private var compressed: FileError {
        unknown("a file compressed with gzip", advice: "decompress it with gunzip")
    }

    private func hasType(_ types: String...) -> Bool { types.contains { name.hasSuffix($0) } }

    private func unknown(_ found: String, advice: String = "convert the file to one of these") -> FileError {
        .unsupported(
            path: file.path, place: .whole, found: found, expected: "an MRC, STAR, PDB or mmCIF file",
            advice: advice)
    }
}
