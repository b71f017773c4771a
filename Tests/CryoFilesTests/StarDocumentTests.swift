import CryoCore
import Foundation
import Testing

@testable import CryoFiles

@Suite struct StarDocumentTests {
    private func parse(_ text: String) throws -> StarDocument {
        try StarDocument(parsing: Array(text.utf8), path: "x.star")
    }

    @Test(arguments: ["data_\n", "data_images\n", "# RELION; version 3.0.6\n\ndata_model_class_1\n"])
    func singleBlocksOfAnyNameAreRead(head: String) throws {
        let document = try parse(head + "\nloop_ \n_rlnA #1 \n_rlnB #2 \n  1.5   x \n 2 y\n\n")
        #expect(document.blocks.count == 1 && document.warnings.isEmpty)
        let table = document.blocks[0].table
        #expect(table.labels == ["rlnA", "rlnB"])
        #expect(table.values(of: "rlnA") == ["1.5", "2"] && table.values(of: "rlnB") == ["x", "y"])
        #expect(table.values(of: "rlnC") == nil)
    }

    /// A name in another encoding is refused where it stands; in a comment it does no harm.
    @Test func valuesAreUTF8() throws {
        let name = [UInt8]("1@Mus".utf8) + [0xE9] + [UInt8]("e.mrcs".utf8)
        let head = [UInt8]("# ".utf8) + [0xE9] + [UInt8]("\ndata_\nloop_\n_rlnImageName\n1@é.mrcs\n".utf8)
        #expect(try StarDocument(parsing: head, path: "x.star").blocks[0].table.rowCount == 1)
        let refusal = #expect(throws: FileError.self) {
            try StarDocument(parsing: head + name + [0x0A], path: "x.star")
        }
        #expect(
            refusal?.description.contains("line 6: found '1@Mus\u{FFFD}e.mrcs', which is not UTF-8") == true)
    }

    @Test func severalBlocksAndPairsAreRead() throws {
        let document = try parse(
            """
            # Created by something
            # version 50001
            data_job

            _rlnJobTypeLabel             relion.extract
            _rlnJobIsTomo                0

            data_optics

            loop_
            _rlnOpticsGroup #1 [a note]
            _rlnOpticsGroupName
            1 "first group" # a comment
            ; a whole line of comment
            # another
            2 'it''s' extra
            """.replacingOccurrences(of: " extra", with: ""))
        #expect(document.version == 50001)
        #expect(document.blocks.map(\.name) == ["job", "optics"])
        guard case .pairs(let pairs) = document.blocks[0].content else {
            Issue.record("data_job holds pairs")
            return
        }
        #expect(
            pairs.map(\.label) == ["rlnJobTypeLabel", "rlnJobIsTomo"] && pairs[0].value == "relion.extract")
        #expect(document.blocks[0].table.rowCount == 1)
        #expect(
            document.table(named: "optics")?.values(of: "rlnOpticsGroupName") == ["first group", "it''s"])
        #expect(document.blocks[1].table.line(ofRow: 1) == 16)
    }

    @Test func windowsLineEndsAreAcceptedWithAWarning() throws {
        let text = "data_\nloop_\n_rlnA #1\n_rlnB #2\n1 2\n3 4\n"
        let document = try parse(text.replacingOccurrences(of: "\n", with: "\r\n"))
        #expect(document.blocks == (try parse(text)).blocks)
        #expect(document.warnings.count == 1 && document.warnings[0].contains("CR LF"))
    }

    @Test func aFileMayEndAnywhereAndStartWithAByteOrderMark() throws {
        #expect(try parse("\u{FEFF}data_\nloop_\n_a\n1").blocks[0].table.rowCount == 1)
        #expect(try parse("data_x").blocks == [StarBlock(name: "x", content: .pairs([]))])
        #expect(try parse("data_x\nloop_\n_a").blocks[0].table.rowCount == 0)
    }

    @Test func emptyLinesInLoopsLoseNothing() throws {
        let document = try parse("data_\nloop_\n_a\n_b\n1 2\n\n3 4\n\n")
        #expect(document.blocks[0].table.rowCount == 2)
        #expect(document.warnings.count == 1 && document.warnings[0].contains("empty line"))
    }

    @Test(arguments: [
        ("data_\nloop_\n_a\n_b\n1 2\n1 2 3\n", "line 6", "3 values", "2, one for each label"),
        ("data_\nloop_\n_a\n_b\n1 2\n9\n1 2\n", "line 6", "1 values", "2, one for each label"),
        ("data_\nloop_\n_a\n_a\n", "line 4", "_a twice", "each label once"),
        ("data_\nloop_\n_a\n\"x\n", "line 4", "not closed", "closing"),
        ("data_\n_a\n", "line 2", "without a value", "loop_"),
        ("hello world\n", "line 1", "'hello'", "data_"),
        ("loop_\n_a\n1\n", "line 1", "'loop_'", "data_"),
        ("data_\n1 2 3\n", "line 2", "'1'", "a label or loop_"),
        ("", "x.star", "an empty file", "data_"), ("# only\n\n", "x.star", "no block", "data_"),
    ])
    func mistakesAreReportedWithTheirLine(text: String, place: String, found: String, expected: String) {
        #expect(says(fileError { _ = try parse(text) }, "x.star", place, found, expected))
    }

    @Test func documentsSurviveARoundTrip() throws {
        var table = StarTable(labels: ["rlnImageName", "rlnNote", "rlnEmpty"])
        table.append(["000001@a b.mrcs", "#5", ""])
        table.append(["x", "say \"hello\" now", "[1,2,3]"])
        var document = StarDocument(blocks: [
            StarBlock(name: "", content: .table(table)),
            StarBlock(
                name: "pairs",
                content: .pairs([StarPair(label: "a", value: "1"), StarPair(label: "b", value: "")])),
        ])
        document.version = 30001
        let text = String(decoding: document.encoded, as: UTF8.self)
        #expect(text.hasPrefix("\n# version 30001\n\ndata_\n\nloop_ \n_rlnImageName #1 \n_rlnNote #2 \n"))
        let again = try parse(text)
        #expect(again.version == 30001 && again.blocks.count == 2)
        #expect(again.blocks[0].table.labels == table.labels)
        for row in 0..<2 { #expect(again.blocks[0].table.row(row) == table.row(row)) }
        #expect(again.blocks[1] == document.blocks[1])
    }

    @Test func columnsAreSetRemovedAndSelected() {
        var table = StarTable(labels: ["a", "b"])
        for index in 0..<4 { table.append(["\(index)", "x\(index)"]) }
        table.setColumns([("b", ["4", "5", "6", "7"]), ("c", ["p", "q", "r", "s"])])
        #expect(table.labels == ["a", "b", "c"] && Array(table.row(2)) == ["2", "6", "r"])
        table.removeColumns(["a", "z"])
        #expect(table.labels == ["b", "c"] && Array(table.row(3)) == ["7", "s"])
        let chosen = table.selecting(rows: [3, 0])
        #expect(chosen.rowCount == 2 && Array(chosen.row(0)) == ["7", "s"] && chosen.line(ofRow: 0) == nil)
    }

    @Test func damagedFilesNeverTrap() throws {
        var random = RandomStream(seed: 99)
        let valid = Array(
            "# version 30001\ndata_optics\nloop_\n_a #1\n_b #2\n1 \"two three\"\n'4' 5\n\ndata_p\n_c 1\n".utf8
        )
        let special = Array("\"'#;_ \n\rdatloop\0\u{FF}".utf8)
        for _ in 0..<5000 {
            var bytes = valid
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let offset = Int.random(in: 0..<bytes.count, using: &random)
                bytes[offset] = special.randomElement(using: &random) ?? 0
            }
            bytes.removeLast(Int.random(in: 0..<20, using: &random))
            guard let document = try? StarDocument(parsing: bytes, path: "x") else { continue }
            for block in document.blocks { for row in 0..<block.table.rowCount { _ = block.table.row(row) } }
        }
    }

    @Test func largeFilesAreReadQuickly() throws {
        let row =
            "1 2.5 000123@Extract/job009/some_long_name.mrcs 10000.123 9000.5 12.5 0 1 0 30.25 100.5 7.125 -1.5 2\n"
        var text = "data_particles\nloop_\n" + (1...14).map { "_rln\($0) #\($0)\n" }.joined()
        text += String(repeating: row, count: 100_000)
        let bytes = Array(text.utf8)
        let clock = ContinuousClock()
        let start = clock.now
        let document = try StarDocument(parsing: bytes, path: "x")
        let time = clock.now - start
        #expect(document.blocks[0].table.rowCount == 100_000)
        // About 0.12 s in release; the bound allows for a busy machine and for debug builds.
        #expect(time < .seconds(5))
    }

    @Test(arguments: [
        ("000012@a/b.mrcs", 12, "a/b.mrcs"), ("1@x@y.mrcs", 1, "x@y.mrcs"), ("a@b.mrcs", nil, "a@b.mrcs"),
        ("/abs/x.mrc", nil, "/abs/x.mrc"), ("3@x.dat:mrcs", 3, "x.dat"), ("x.dat:mrc", nil, "x.dat"),
        ("@x.mrcs", nil, "@x.mrcs"),
    ])
    func imageNamesAreTakenApart(name: String, number: Int?, path: String) throws {
        let parsed = try #require(ImageName(name))
        #expect(parsed.number == number && parsed.path == path)
    }

    @Test(arguments: ["", "0@x.mrcs", "5@", "99999999999999999999@x.mrcs"])
    func badImageNamesAreRefused(name: String) { #expect(ImageName(name) == nil) }

    @Test func decimalsAreFixed() {
        let cases: [(Double, String)] = [
            (0, "0.000000"), (-0.0, "0.000000"), (1.5, "1.500000"), (-0.25, "-0.250000"), (1e-7, "0.000000"),
            (-179.9999996, "-180.000000"), (123456.789, "123456.789000"), (0.000001, "0.000001"),
        ]
        for (value, text) in cases { #expect(DecimalText.fixed(value) == text) }
        for value in [Double.nan, .infinity, 1e300] { #expect(!DecimalText.fixed(value).isEmpty) }
    }
}
