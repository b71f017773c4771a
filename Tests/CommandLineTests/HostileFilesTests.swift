import CryoFiles
import Foundation
import Testing

/// Files that are made to harm, and machines that are too small.
struct HostileFilesTests {
    let folder: WorkingFolder

    init() throws { folder = try WorkingFolder() }

    /// Whether the program starts within a limit on its addresses; sanitizers want terabytes of them.
    private static let canLimitMemory = ["ASAN_OPTIONS", "TSAN_OPTIONS"].allSatisfy {
        ProcessInfo.processInfo.environment[$0] == nil
    }

    /// Runs the program with an address space of so many kilobytes.
    private func run(kilobytes: Int, _ arguments: [String]) throws -> Program.Outcome {
        // The time is limited too, lest a run that is not refused goes on for hours.
        let line = "ulimit -v \(kilobytes); ulimit -t 30; exec \"$0\" \"$@\""
        return try Program.run(
            ["-c", line, Program.path()] + arguments, in: folder.path, executable: "/bin/sh")
    }

    @Test func pipesAndDevicesAreRefusedAtOnce() throws {
        #expect(mkfifo(folder.path + "/pipe.mrc", 0o600) == 0)
        for file in ["pipe.mrc", "/dev/zero", "/dev/null", "."] {
            let outcome = try folder.run("inspect", file)
            #expect(outcome.status == 2 && outcome.errors.contains("not a regular file"), "\(outcome.errors)")
        }
        try TinySet().write(in: folder)
        for file in ["pipe.mrc", "/dev/zero"] {
            let outcome = try folder.run(
                "reconstruct", "data/particles.star", "--output", "run", "--settings-file", file)
            #expect(outcome.status == 2 && outcome.errorLines.count == 1, "\(outcome.errors)")
        }
    }

    /// Ten lines that stand for 10⁹ values.
    @Test func settingsThatMultiplyAreRefused() throws {
        try TinySet().write(in: folder)
        var text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1..<9 {
            text +=
                "a\(level): &a\(level) [\([String](repeating: "*a\(level - 1)", count: 10).joined(separator: ", "))]\n"
        }
        let deep = String(repeating: "[", count: 60_000)
        for (name, text) in [("many.yaml", text), ("deep.yaml", deep), ("large.yaml", deep + deep)] {
            try folder.write(Data(text.utf8), name)
            let outcome = try folder.run(
                "reconstruct", "data/particles.star", "--output", "run", "--settings-file", name)
            #expect(outcome.status == 2 && outcome.errorLines.count == 1, "\(outcome.errors.prefix(300))")
        }
    }

    /// Paths in a STAR file are only ever read, and those that lead elsewhere are said.
    @Test func pathsThatLeadElsewhereAreSaid() throws {
        try TinySet().write(in: folder)
        try FileManager.default.createDirectory(
            atPath: folder.path + "/work", withIntermediateDirectories: true)
        let absolute = try folder.text("data/particles.star")
            .replacingOccurrences(of: "1@data/", with: "1@../data/")
            .replacingOccurrences(of: "2@data/", with: "2@\(folder.path)/data/")
        try folder.write(Data(absolute.utf8), "work/particles.star")
        let before = try folder.data("data/particles.mrcs")
        let inspected = try Program.run(["inspect", "particles.star"], in: folder.path + "/work")
        #expect(
            inspected.output.contains("2 of 3 by an absolute path or '..': ../data/particles.mrcs, …"),
            "\(inspected.output)")
        let outcome = try Program.run(
            [
                "reconstruct", "particles.star", "--output", "run", "--max-iterations", "1",
                "--max-resolution",
                "40", "--set", "annealResolution=45",
            ], in: folder.path + "/work")
        #expect(
            outcome.status == 0 && outcome.errors.contains("stacks elsewhere: 2 of 3"), "\(outcome.errors)")
        #expect(try folder.text("work/run/log.txt").contains("stacks elsewhere"))
        #expect(try folder.data("data/particles.mrcs") == before)
    }

    /// Names of files may hold what commands a terminal.
    @Test func namesCannotCommandTheTerminal() throws {
        try TinySet().write(in: folder)
        let text = try folder.text("data/particles.star").replacingOccurrences(
            of: "particles.mrcs", with: "\u{1B}[2Jevil.mrcs")
        try folder.write(Data(text.utf8), "data/evil.star")
        let outcome = try folder.run("inspect", "data/evil.star")
        #expect(outcome.output.contains("evil.mrcs") && !outcome.output.contains("\u{1B}"))
    }

    /// A file of holes costs its maker nothing.
    @Test(.enabled(if: Self.canLimitMemory, "a sanitizer needs terabytes of addresses"))
    func volumesLargerThanMemoryAreRefused() throws {
        let edge = 4000
        let header = MRCHeader(size: [edge, edge, edge], pixelSize: 1, isStack: false)
        try folder.write(Data(header.encoded), "holes.mrc")
        try #require(truncate(folder.path + "/holes.mrc", 1024 + 4 * edge * edge * edge) == 0)
        let outcome = try run(kilobytes: 4_000_000, ["compare", "holes.mrc", "holes.mrc"])
        #expect(
            outcome.status == 2 && outcome.errors.contains("4000³ values"),
            "\(outcome.status) \(outcome.errors)")
    }

    /// A model's whole box, in pixels that are too small for it.
    @Test(.enabled(if: Self.canLimitMemory, "a sanitizer needs terabytes of addresses"))
    func modelsThatCannotBeResampledAreRefused() throws {
        try folder.simulate(particles: 2)
        let outcome = try run(
            kilobytes: 4_000_000,
            [
                "simulate", "--output", "small", "--particles", "2", "--box", "16", "--model",
                "data/truth.mrc", "--pixel-size", "0.1",
            ])
        #expect(outcome.status == 2 && outcome.errorLines.count == 1, "\(outcome.status) \(outcome.errors)")
        #expect(outcome.errors.contains("1920³ voxels") && outcome.errors.contains("--pixel-size"))
        #expect(!folder.has("small"))
    }

    @Test(.enabled(if: Self.canLimitMemory, "a sanitizer needs terabytes of addresses"))
    func runsThatCannotFitAreRefusedWithAdvice() throws {
        // A million directions of 27 rings.
        try TinySet(boxSize: 64, pixelSize: "3").write(in: folder)
        let outcome = try run(
            kilobytes: 2_000_000,
            [
                "reconstruct", "data/particles.star", "--output", "run", "--set", "angularStep=0.05",
                "--max-resolution", "7", "--set", "annealResolution=7",
            ])
        #expect(outcome.status == 2 && outcome.errorLines.count == 1, "\(outcome.status) \(outcome.errors)")
        #expect(outcome.errors.contains("the run needs about"))
        #expect(outcome.errors.contains("--max-resolution "))
        #expect(!folder.has("run"))
    }

    @Test func theNeededMemoryIsSaid() throws {
        try TinySet().write(in: folder)
        let outcome = try folder.run(
            "reconstruct", "data/particles.star", "--output", "run", "--max-iterations", "1",
            "--max-resolution",
            "40", "--set", "annealResolution=45")
        #expect(
            outcome.status == 0 && outcome.errors.contains("memory needed is about "), "\(outcome.errors)")
    }
}
