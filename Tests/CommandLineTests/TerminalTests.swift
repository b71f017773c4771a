import Foundation
import Testing

/// What a run shows: lines, a region on a terminal, JSON.
@Suite(.serialized) struct TerminalTests {
    let folder: WorkingFolder

    init() throws {
        folder = try WorkingFolder()
        try folder.simulate(particles: 60)
    }

    @Test func linesBeginWithTheTime() throws {
        let run = try folder.reconstruct()
        #expect(run.status == 0 && run.output.isEmpty)
        #expect(run.errorLines.count > 5)
        for line in run.errorLines {
            #expect(line.wholeMatch(of: /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d .+/) != nil, "\(line)")
        }
        #expect(run.errors.contains("images/s") && run.errors.contains("100 %"))
        #expect(!run.errors.contains("\u{1B}"))
    }

    @Test func quietSaysNothing() throws {
        let run = try folder.reconstruct("--quiet")
        #expect(run.status == 0 && run.output.isEmpty && run.errors.isEmpty)
    }

    @Test func everyLineOfJSONParsesAndTheLastIsTheResult() throws {
        let run = try folder.reconstruct("--json", "--quiet")
        #expect(run.status == 0)
        let lines = run.output.split(separator: "\n")
        let events = try lines.map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any], "\($0)")
        }
        let kinds = events.map { $0["event"] as? String ?? "none" }
        #expect(kinds.first == "start" && kinds.last == "result")
        #expect(kinds.filter { $0 == "phase" }.count == 2 && kinds.filter { $0 == "result" }.count == 1)
        let iterations = events.filter { $0["event"] as? String == "iteration" }
        // Three of learning and the pass over all particles.
        #expect(iterations.count == 4)
        for iteration in iterations {
            #expect(
                iteration["phase"] is String && iteration["logEvidence"] is Double
                    && iteration["remaining"] is Double)
        }
        #expect(iterations.last?["progress"] as? Double == 1)
        #expect(events.last?["state"] as? String == "finished" && events.last?["output"] as? String == "run")
        let failed = try folder.run("reconstruct", "nowhere.star", "--output", "other", "--json")
        #expect(failed.status == 2 && failed.output.contains("\"state\":\"failed\""))
        #expect(failed.output.split(separator: "\n").count == 1)
    }

    /// A full disk or a reader that goes is no reason to lose a run; printed answers that are lost are said.
    @Test func whoeverListensMayGo() throws {
        func status(_ command: String) throws -> Int32 {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/bin/sh")
            process.arguments = ["-c", "cd '\(folder.path)'; d='\(try Program.path())'; \(command)"]
            try process.run()
            process.waitUntilExit()
            return process.terminationStatus
        }
        let run = "$d reconstruct data/particles.star --overwrite --max-iterations 1 --diameter 150"
        #expect(try status("\(run) --output full 2>/dev/full") == 0)
        #expect(try status("\(run) --output closed --json >&- 2>&-") == 0)
        #expect(try status("\(run) --output left --json --quiet | head -1 >/dev/null") == 0)
        #expect(["full", "closed", "left"].allSatisfy { folder.has("\($0)/map.mrc") })
        #expect(try status("$d fsc data/truth.mrc data/truth.mrc >/dev/full 2>/dev/null") == 2)
        #expect(try status("$d fsc nothing.mrc data/truth.mrc 2>/dev/full") == 2)
    }

    /// util-linux's, which runs a program in a pseudo-terminal.
    private static let script = "/usr/bin/script"

    private func inTerminal(_ environment: [String: String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.script)
        let command =
            "stty cols 100 rows 40; \(try Program.path()) reconstruct data/particles.star --output run --overwrite "
            + "--max-iterations 3 --max-resolution 40 --set annealResolution=45 --set shiftExtent=12 --set annealBatch=20"
        process.arguments = ["--quiet", "--return", "--command", command, folder.path + "/typescript"]
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        var all = ProcessInfo.processInfo.environment
        for name in ["NO_COLOR", "COLORTERM"] { all[name] = nil }
        process.environment = all.merging(environment) { _, new in new }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return try folder.text("typescript")
    }

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: Self.script), "no \(Self.script)"))
    func aTerminalShowsThePictureItCan() throws {
        let full = try inTerminal(["TERM": "xterm-256color", "COLORTERM": "truecolor"])
        #expect(full.contains("▀") && full.contains("\u{1B}[38;2;") && full.contains("images a second"))
        #expect(full.contains("\u{1B}[J"), "the region is not redrawn")
        let palette = try inTerminal(["TERM": "xterm-256color"])
        #expect(palette.contains("\u{1B}[38;5;") && !palette.contains("\u{1B}[38;2;"))
        let plain = try inTerminal(["TERM": "xterm-256color", "NO_COLOR": "1"])
        #expect(!plain.contains("▀") && !plain.contains("\u{1B}[38;") && plain.contains("images a second"))
        let dumb = try inTerminal(["TERM": "dumb"])
        #expect(!dumb.contains("\u{1B}") && dumb.contains("images/s"))
    }
}
