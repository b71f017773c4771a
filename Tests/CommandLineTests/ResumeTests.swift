import CryoCore
import Foundation
import Testing

/// Runs that are killed, stopped and resumed.
@Suite(.serialized) struct ResumeTests {
    let folder: WorkingFolder

    init() throws {
        folder = try WorkingFolder()
        try folder.simulate(particles: 200, "--snr", "1")
    }

    private func start(_ output: String, every seconds: String = "0", _ more: String...) throws -> Process {
        try folder.launch(
            ["reconstruct", "data/particles.star", "--output", output, "--checkpoint-every", seconds]
                + WorkingFolder.short + more)
    }

    /// When a run is killed.
    private enum Moment {
        /// After so many seconds.
        case seconds(Double)
        /// While the file of this number is being written, from 1.
        case file(Int)

        init(_ stream: inout RandomStream, length: Double) {
            self =
                stream.uniform() < 0.5
                ? .seconds((0.05 + 0.6 * stream.uniform()) * length) : .file(1 + Int(stream.uniform() * 6))
        }
    }

    /// Waits for a moment; false if the run ended before it.
    private func wait(for moment: Moment, of process: Process, in output: String) -> Bool {
        switch moment {
        case .seconds(let seconds): Thread.sleep(forTimeInterval: seconds)
        case .file(let number):
            var seen = Set<String>()
            while process.isRunning {
                let now = unfinished(output)
                seen.formUnion(now)
                guard !now.isEmpty, seen.count >= number else { continue }
                // Writing takes a millisecond, so it is stopped before it is looked at again.
                kill(process.processIdentifier, SIGSTOP)
                if !unfinished(output).isEmpty { return true }
                kill(process.processIdentifier, SIGCONT)
            }
        }
        return process.isRunning
    }

    /// Files that are half written, those of the results too.
    private func unfinished(_ output: String) -> [String] {
        (folder.names(in: output) + folder.names(in: "\(output)/.results")).filter {
            $0.contains(".partial-")
        }
    }

    /// Whenever it is killed, and however often, the result has the same bytes.
    ///
    /// Twenty times, or as often as DAYBREAK_KILLS says (`make faults`).
    @Test func killedRunsLoseNothing() throws {
        let wanted = ProcessInfo.processInfo.environment["DAYBREAK_KILLS"].flatMap { Int($0) } ?? 20
        let began = ContinuousClock.now
        try folder.shortRun("whole", "--checkpoint-every", "0")
        let length = (ContinuousClock.now - began) / .seconds(1)
        var stream = RandomStream(seed: 3)
        var (kills, inCheckpoint, inOther, runs) = (0, 0, 0, 0)
        while kills < wanted {
            let output = "killed\(runs)"
            var process = try start(output)
            let enough = kills + 8
            while kills < enough, wait(for: Moment(&stream, length: length), of: process, in: output) {
                kill(process.processIdentifier, SIGKILL)
                process.waitUntilExit()
                kills += 1
                let halves = unfinished(output)
                inCheckpoint += halves.contains { $0.hasPrefix("checkpoint") } ? 1 : 0
                inOther += halves.contains { !$0.hasPrefix("checkpoint") } ? 1 : 0
                // Killed before anything was kept, there is nothing to resume: begin anew.
                process =
                    folder.has("\(output)/plan.json")
                    ? try folder.launch([
                        "reconstruct", "--resume", output, "--checkpoint-every", "0", "--quiet",
                    ]) : try start(output)
            }
            process.waitUntilExit()
            runs += 1
            // The last one may have been killed after its results were whole.
            #expect([0, 2].contains(process.terminationStatus), "after \(kills) kills")
            for name in ["map.mrc", "particles.star", "half1.mrc", "half2.mrc"] {
                #expect(
                    try folder.data("\(output)/\(name)") == folder.data("whole/\(name)"),
                    "\(name), \(kills) kills")
            }
            #expect(unfinished(output).isEmpty && !folder.has("\(output)/checkpoint"))
            let again = try folder.run("reconstruct", "--resume", output)
            #expect(again.status == 2 && again.errors.contains("ended already"))
        }
        print(
            "killed \(kills) times in \(runs) runs, \(inCheckpoint) of them while a checkpoint was being written,"
        )
        print("\(inOther) while another file was; \(runs) of \(runs) results have the same bytes")
        // Which file a kill meets is chance; of a hundred some meet a checkpoint.
        if wanted >= 100 { #expect(inCheckpoint > 0) }
    }

    /// What stops a run; under nohup a terminal that goes does not.
    private static let stopping: [Int32] = {
        var present = sigaction()
        unsafe sigaction(SIGHUP, nil, &present)
        let isIgnored = unsafe present.__sigaction_handler.sa_handler != nil
        return [SIGINT, SIGTERM] + (isIgnored ? [] : [SIGHUP])
    }()

    @Test(arguments: stopping) func signalsStopAfterTheIteration(
        signal: Int32
    ) throws {
        // Long enough to be stopped on any machine.
        let process = try start("run", every: "60", "--set", "annealIterations=2000")
        // Not before it listens.
        while process.isRunning, !folder.has("run/plan.json") { Thread.sleep(forTimeInterval: 0.01) }
        Thread.sleep(forTimeInterval: 0.3)
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        let status = process.terminationStatus
        #expect(process.terminationReason == .exit && status == 128 + signal, "\(status)")
        #expect(folder.has("run/checkpoint") && folder.has("run/current.mrc") && !folder.has("run/map.mrc"))
        #expect(try folder.text("run/log.txt").contains("seed 1"))
    }

    @Test func changedInputIsRefused() throws {
        let process = try start("run")
        while process.isRunning, !folder.has("run/checkpoint") { Thread.sleep(forTimeInterval: 0.01) }
        let busy = try folder.run("reconstruct", "--resume", "run")
        #expect(busy.status == 2 && busy.errors.contains("another process"))
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        var text = try folder.text("data/particles.star")
        text += "\n"
        try folder.write(Data(text.utf8), "data/particles.star")
        let changed = try folder.run("reconstruct", "--resume", "run")
        #expect(changed.status == 2 && changed.errors.contains("has changed since the run began"))
        #expect(try folder.run("reconstruct", "--resume", "nowhere").status == 2)
        #expect(try folder.run("reconstruct", "--resume", "run", "--output", "other").status == 64)
        #expect(try folder.run("reconstruct").status == 64)
    }

    /// A run folder that goes away under a run: one line, status 2.
    ///
    /// Permissions would not do: tests may run as root, who may write everywhere.
    @Test(arguments: ["removed", "replaced by a file", "moved"]) func aLostFolderIsSaid(how: String) throws {
        let process = try folder.launch(
            ["reconstruct", "data/particles.star", "--output", "run", "--checkpoint-every", "0"]
                + WorkingFolder.short + ["--set", "annealIterations=2000"], errors: "errors")
        while process.isRunning, !folder.has("run/checkpoint") { usleep(1000) }
        let path = "\(folder.path)/run"
        if how == "removed" {
            // A file may be made while the others are being removed.
            while folder.has("run") { try? FileManager.default.removeItem(atPath: path) }
        } else {
            try FileManager.default.moveItem(atPath: path, toPath: "\(path)2")
            if how != "moved" { try folder.write(Data("x".utf8), "run") }
        }
        process.waitUntilExit()
        let lines = try folder.text("errors").split(separator: "\n")
        #expect(process.terminationReason == .exit && process.terminationStatus == 2)
        #expect(lines.count == 1 && lines[0].hasPrefix("daybreak: run/"), "\(lines)")
    }
}
