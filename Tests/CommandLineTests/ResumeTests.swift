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

    private static let options = [
        "--max-resolution", "26", "--diameter", "150", "--set", "annealResolution=36", "--set",
        "annealIterations=20",
        "--set", "annealBatch=40", "--set", "shiftExtent=12", "--quiet",
    ]

    private func start(_ output: String, every seconds: String = "0", _ more: String...) throws -> Process {
        try launch(
            ["reconstruct", "data/particles.star", "--output", output, "--checkpoint-every", seconds]
                + Self.options)
    }

    private func launch(_ arguments: [String]) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try Program.path())
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        return process
    }

    /// Whenever it is killed, and however often, the result has the same bytes.
    @Test func killedRunsLoseNothing() throws {
        let whole = try start("whole")
        let began = ContinuousClock.now
        whole.waitUntilExit()
        let length = (ContinuousClock.now - began) / .seconds(1)
        #expect(whole.terminationStatus == 0)
        var stream = RandomStream(seed: 3)
        for trial in 0..<4 {
            let output = "killed\(trial)"
            var process = try start(output)
            var kills = 0
            while true {
                Thread.sleep(forTimeInterval: (0.1 + 0.6 * stream.uniform()) * length)
                guard process.isRunning, kills < 6 else { break }
                kill(process.processIdentifier, SIGKILL)
                process.waitUntilExit()
                kills += 1
                // Killed before anything was kept, there is nothing to resume: begin anew.
                process =
                    try folder.has("\(output)/plan.json")
                    ? launch(["reconstruct", "--resume", output, "--checkpoint-every", "0", "--quiet"])
                    : start(output)
            }
            process.waitUntilExit()
            #expect(process.terminationStatus == 0, "after \(kills) kills")
            for name in ["map.mrc", "particles.star", "half1.mrc", "half2.mrc"] {
                #expect(
                    try folder.data("\(output)/\(name)") == folder.data("whole/\(name)"),
                    "\(name), \(kills) kills")
            }
            #expect(!folder.has("\(output)/checkpoint"))
            let again = try folder.run("reconstruct", "--resume", output)
            #expect(again.status == 2 && again.errors.contains("ended already"))
        }
    }

    @Test(arguments: [SIGINT, SIGTERM]) func signalsStopAfterTheIteration(
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
}
