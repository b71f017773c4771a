import CryoCore
import Foundation
import Testing

@testable import CryoFiles

@Suite struct AtomicModelTests {
    static let pdb = """
        HEADER    TEST
        MODEL        1
        ATOM      1  N   ALA A   1      11.104   6.134  -6.504  1.00 12.50           N
        ATOM      2  CA AALA A   1      11.639   6.071  -5.147  0.60 13.50           C
        ATOM      3  CA BALA A   1      12.639   6.071  -5.147  0.40 13.50           C
        ATOM      4  HA  ALA A   1      10.000   6.000  -5.000  1.00 13.50           H
        ATOM      5 HG11 VAL A   2      10.000   6.000  -5.000  1.00 13.50
        ATOM      6  CB BALA A   3       1.000   2.000   3.000
        HETATM    7 CA    CA A 101       4.000   5.000   6.000  1.00 20.00
        HETATM    8  O   HOH A 201       0.000   0.000   0.000  1.00 20.00           O
        HETATM    9 ZN    ZN A 102       7.000   8.000   9.000  1.00 20.00          ZN
        HETATM   10  X   UNK A 103       7.000   8.000   9.000  1.00 20.00           X
        ENDMDL
        MODEL        2
        ATOM      1  N   ALA A   1      99.000  99.000  99.000  1.00 12.50           N
        ENDMDL

        """

    static let cif = """
        data_TEST
        # a comment
        _struct.title
        ;several lines
        loop_
        of text
        ;
        loop_
        _entity.id
        _entity.name
        1 'it's a protein'
        loop_
        _atom_site.group_PDB
        _atom_site.type_symbol
        _atom_site.label_atom_id
        _atom_site.label_alt_id
        _atom_site.label_comp_id
        _atom_site.label_asym_id
        _atom_site.label_seq_id
        _atom_site.Cartn_x
        _atom_site.Cartn_y
        _atom_site.Cartn_z
        _atom_site.occupancy
        _atom_site.B_iso_or_equiv
        _atom_site.pdbx_PDB_model_num
        ATOM N N . ALA A 1 11.104 6.134 -6.504 1.00 12.50 1
        ATOM C CA A ALA A 1 11.639 6.071 -5.147 0.60 13.50 1
        ATOM C CA B ALA A 1 12.639 6.071 -5.147 0.40 13.50 1
        ATOM H HA . ALA A 1 10.000 6.000 -5.000 1.00 13.50 1
        ATOM C "C1'" . U B 1 1.0(2) 2.000 3.000 ? . 1
        HETATM O O . HOH C . 0.000 0.000 0.000 1.00 20.00 1
        HETATM ZN ZN . ZN D . 7.000
        8.000 9.000 1.00 20.00 1
        ATOM N N . ALA A 1 99.0 99.0 99.0 1.00 12.50 2
        #
        loop_
        _other.id
        1

        """

    private func model(_ text: String) throws -> AtomicModel {
        try AtomicModel(parsing: Array(text.utf8), path: "x")
    }

    @Test func pdbFilesAreRead() throws {
        let model = try model(Self.pdb)
        #expect(model.format == .pdb)
        #expect(model.atoms.map(\.element.symbol) == ["N", "C", "C", "Ca", "Zn"])
        #expect(model.atoms.map(\.element.atomicNumber) == [7, 6, 6, 20, 30])
        let nitrogen = model.atoms[0]
        #expect(
            nitrogen.position == [11.104, 6.134, -6.504] && nitrogen.occupancy == 1
                && nitrogen.bFactor == 12.5)
        #expect(model.atoms[1].occupancy == 0.6 && model.atoms[1].position.x == 11.639)
        #expect(
            model.atoms[2].position == [1, 2, 3] && model.atoms[2].occupancy == 1
                && model.atoms[2].bFactor == 0)
        #expect(model.warnings == ["atoms of unknown elements left out: 1 of 'X'"])
    }

    @Test func mmCIFFilesAreRead() throws {
        let model = try model(Self.cif)
        #expect(model.format == .mmCIF && model.warnings.isEmpty)
        #expect(model.atoms.map(\.element.symbol) == ["N", "C", "C", "Zn"])
        #expect(model.atoms[1].occupancy == 0.6 && model.atoms[1].bFactor == 13.5)
        #expect(model.atoms[2].position == [1, 2, 3] && model.atoms[2].occupancy == 1)
        #expect(model.atoms[3].position == [7, 8, 9])
    }

    @Test func windowsLineEndsChangeNothing() throws {
        for text in [Self.pdb, Self.cif] {
            let windows = text.replacingOccurrences(of: "\n", with: "\r\n")
            #expect(try model(windows).atoms == model(text).atoms)
        }
    }

    @Test func badCoordinatesAreReportedWithTheirLine() {
        let pdb = Self.pdb.replacingOccurrences(of: "11.639   6.071", with: "11.6x9   6.071")
        #expect(says(fileError { _ = try model(pdb) }, "line 4", "'11.6x9' in columns 31 to 38", "a number"))
        let short = "ATOM      1  N   ALA A   1      11.104   6.134"
        #expect(says(fileError { _ = try model(short) }, "line 1", "'' in columns 47 to 54"))
        let cif = Self.cif.replacingOccurrences(of: "6.134", with: "nan")
        #expect(says(fileError { _ = try model(cif) }, "line 26", "'nan' as a coordinate", "a number"))
        for (number, other) in [("11.104", "  1e30"), (" 12.50", "  1e40")] {
            for text in [Self.pdb, Self.cif] {
                let far = text.replacingOccurrences(of: number, with: other)
                #expect(says(fileError { _ = try model(far) }, "a number of at most 100000"), "\(other)")
            }
        }
    }

    /// Of a residue that is one amino acid or another all atoms are the first's.
    @Test func alternativesAreNotMixed() throws {
        let pdb = """
            ATOM      1  N  ASER A   5       1.000   2.000   3.000  0.50 12.50           N
            ATOM      2  N  BTHR A   5       2.000   2.000   3.000  0.50 12.50           N
            ATOM      3  OG ASER A   5       3.000   2.000   3.000  0.50 12.50           O
            ATOM      4  CG2BTHR A   5       4.000   2.000   3.000  0.50 12.50           C
            ATOM      5  N  BTHR A   6       5.000   2.000   3.000  0.50 12.50           N

            """
        #expect(try model(pdb).atoms.map(\.position.x) == [1, 3, 5])
    }

    @Test func damagedTablesAreRefused() {
        let cut = Self.cif.replacingOccurrences(of: "8.000 9.000 1.00 20.00 1\n", with: "")
            .replacingOccurrences(of: "ATOM N N . ALA A 1 99.0 99.0 99.0 1.00 12.50 2\n", with: "")
        #expect(says(fileError { _ = try model(cut) }, "8 values in the last row", "expected 13"))
        let without = Self.cif.replacingOccurrences(of: "Cartn_z", with: "other")
        #expect(says(fileError { _ = try model(without) }, "_atom_site", "without coordinates"))
        for text in ["", "HEADER\n", "data_x\n_a b\n", "hello", "data_x\nloop_\n_atom_site.Cartn_x"] {
            #expect(fileError { _ = try model(text) } != nil, "\(text)")
        }
        #expect(says(fileError { _ = try model("HEADER\n") }, "no atoms", "ATOM records"))
    }

    @Test func damagedModelsNeverTrap() {
        var random = RandomStream(seed: 5)
        for text in [Self.pdb, Self.cif] {
            let valid = Array(text.utf8)
            for _ in 0..<1500 {
                var bytes = valid
                for _ in 0..<Int.random(in: 1...10, using: &random) {
                    let index = Int.random(in: 0..<bytes.count, using: &random)
                    bytes[index] = Array("\n;'\"_ #9.\0".utf8).randomElement(using: &random) ?? 0
                }
                bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random))
                _ = fileError { _ = try AtomicModel(parsing: bytes, path: "x") }
            }
        }
    }

    @Test func elementsAreFoundInEitherCase() {
        #expect(
            ChemicalElement(symbol: "FE")?.atomicNumber == 26 && ChemicalElement(symbol: "fe")?.symbol == "Fe"
        )
        #expect(
            ChemicalElement(symbol: "D")?.atomicNumber == 1
                && ChemicalElement(symbol: "Fm")?.atomicNumber == 100)
        for symbol in ["", "X", "Foo", "C1"] { #expect(ChemicalElement(symbol: symbol) == nil) }
    }
}

@Suite struct GzipReaderTests {
    @Test func compressedModelsAreRead() throws {
        let folder = try TemporaryFolder()
        for (name, text) in [("a.pdb", AtomicModelTests.pdb), ("a.cif", AtomicModelTests.cif)] {
            let plain = try folder.write(text, name)
            let expected = try AtomicModel(path: plain).atoms
            let packed = Gzip.stored(Array(text.utf8))
            #expect(try AtomicModel(path: try folder.write(packed, name + ".gz")).atoms == expected)
            for count in [3, 10, 17, packed.count / 2, packed.count - 9, packed.count - 1] {
                let path = try folder.write(Array(packed[..<count]), "cut.gz")
                #expect(
                    says(fileError { _ = try AtomicModel(path: path) }, "cut.gz", "the end of the file"),
                    "\(count)")
            }
            var damaged = packed
            damaged[packed.count - 6] ^= 0xFF
            let path = try folder.write(damaged, "bad.gz")
            #expect(says(fileError { _ = try AtomicModel(path: path) }, "bad.gz", "damaged gzip data"))
        }
    }

    @Test func severalMembersAndPaddingAreRead() throws {
        let text = Array("one two".utf8)
        let twice = Gzip.stored(text) + Gzip.stored(text)
        #expect(try GzipReader.decompress(twice, path: "x") == text + text)
        #expect(try GzipReader.decompress(Gzip.stored(text) + [0, 0, 0, 0], path: "x") == text)
    }

    @Test func filesMadeToFillTheMemoryAreRefused() {
        let bomb = Gzip.compressed([UInt8](repeating: 32, count: 100 << 20))
        #expect(
            says(
                fileError { _ = try GzipReader.decompress(bomb, path: "x.gz") }, "x.gz", "after decompression"
            ))
    }
}
