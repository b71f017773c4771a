import CryoFiles
import CryoReconstruction
import Foundation
import Testing

/// A finished run goes on to a finer limit.
@Suite(.serialized) struct ExtendTests {
    let folder: WorkingFolder

    init() throws {
        folder = try WorkingFolder()
        try folder.simulate(particles: 200, "--snr", "1")
        try folder.shortRun("run")
    }

    private func record(_ run: String) throws -> RunRecord {
        try RunRecord.decoder.decode(RunRecord.self, from: folder.data("\(run)/run.json"))
    }

    private func halfSets(_ run: String) throws -> [Int?] {
        try ParticleSet.listing(starFile: "\(folder.path)/\(run)/particles.star").particles.map {
            $0.halfSet.map(Int.init)
        }
    }

    /// In another folder, or in its own though it is killed on the way: the same bytes, and as good as a direct run.
    @Test func extendedRunsReachWhatDirectOnesDo() throws {
        let before = try folder.data("run/map.mrc")
        let extended = try extendWhileRead()
        #expect(extended.status == 0 && extended.errors.contains("to 16.0 Å at most"), "\(extended.errors)")
        #expect(try folder.data("run/map.mrc") == before && folder.has("run/state"))
        #expect(try halfSets("run") == halfSets("extended") && halfSets("run").contains(2))
        let (first, last) = (try record("run"), try record("extended"))
        #expect(last.iterations.count > first.iterations.count)
        #expect(last.iterations.map(\.iteration) == Array(Set(last.iterations.map(\.iteration))).sorted())
        #expect(last.iterations.last?.resolution == 16 && last.parameters.maxResolution == 16)

        // A run without its earlier half: the limit given at once.
        try folder.shortRun("direct", "--max-resolution", "16")
        func resolution(_ run: String) throws -> Double {
            let outcome = try folder.run("compare", "\(run)/map.mrc", "data/truth.mrc", "--json")
            let report = try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [String: Any]
            return report?["resolution05"] as? Double ?? .infinity
        }
        let reached = try resolution("extended")
        // Both agree with the truth to 15.4 Å; a shell of the box of 192 Å is 1.3 Å there.
        #expect(try reached < resolution("direct") + 1.5)
        // Images say more of a density that was learnt further, though beyond its limit the first map is back-projected.
        let evidences = [first, last].compactMap { $0.iterations.last?.logEvidence }
        #expect(evidences.count == 2 && evidences[1] > evidences[0] + 1, "\(evidences)")

        try killAndResume()
        for name in ["map.mrc", "half1.mrc", "half2.mrc", "particles.star"] {
            #expect(try folder.data("run/\(name)") == folder.data("extended/\(name)"), "\(name)")
        }
        let verified = try folder.run(
            "reconstruct", "--verify", "run", "--verify-iterations", "999", "--quiet")
        #expect(verified.output.contains("the first \(first.iterations.count) iterations are the same"))
        #expect(verified.status == 0)
    }

    /// An extension into another folder, which a reader of the run does not hinder; one in its own folder is refused.
    private func extendWhileRead() throws -> Program.Outcome {
        let reader = try RunFolder(resuming: folder.path + "/run").lockedForReading()
        defer { withExtendedLifetime(reader) { #expect(reader != nil) } }
        let inPlace = try folder.run("reconstruct", "--extend", "run", "--max-resolution", "16")
        #expect(inPlace.status == 2 && inPlace.errors.contains("another process"), "\(inPlace.errors)")
        return try folder.run(
            "reconstruct", "--extend", "run", "--max-resolution", "16", "--output", "extended")
    }

    /// An extension in its own folder, killed after an iteration; the earlier result is still there.
    private func killAndResume() throws {
        let before = try folder.data("run/map.mrc")
        let process = try folder.launch([
            "reconstruct", "--extend", "run", "--max-resolution", "16", "--checkpoint-every", "0", "--quiet",
        ])
        while process.isRunning, !folder.has("run/checkpoint.previous") { usleep(1000) }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        #expect(try folder.data("run/map.mrc") == before)
        let again = try folder.run("reconstruct", "--extend", "run", "--max-resolution", "16")
        #expect(again.status == 2 && again.errors.contains("has not ended"), "\(again.errors)")
        let resumed = try folder.run("reconstruct", "--resume", "run", "--quiet")
        #expect(resumed.status == 0, "\(resumed.errors)")
    }

    @Test func whatCannotBeExtendedIsRefused() throws {
        func refusal(_ run: String, _ limit: String) throws -> String {
            let outcome = try folder.run("reconstruct", "--extend", run, "--max-resolution", limit)
            #expect(outcome.status == 2 && outcome.errorLines.count == 1, "\(outcome.errors)")
            return outcome.errors
        }
        let map = try folder.data("run/map.mrc")
        #expect(try refusal("run", "30").contains("has reached 27.4 Å"))
        #expect(try refusal("run", "27.4").contains("expected a finer one"))
        #expect(try refusal("nowhere", "16").contains("no plan.json"))
        #expect(try folder.run("reconstruct", "--extend", "run").status == 64)
        #expect(try folder.run("reconstruct", "--extend", "run", "--resume", "run").status == 64)
        try folder.shortRun("cut", "--max-iterations", "3")
        #expect(try refusal("cut", "16").contains("--max-iterations"))
        // The halves of so noisy a set do not agree to 14.8 Å, and no limit helps.
        let noisy = try folder.run(
            "simulate", "--output", "noisy", "--particles", "120", "--box", "32", "--pixel-size", "6",
            "--snr",
            "0.05")
        try #require(noisy.status == 0)
        try folder.shortRun("lost", of: "noisy/particles.star", "--max-resolution", "14")
        #expect(try refusal("lost", "12.9").contains("half-sets no longer agree"))
        var state = try folder.data("run/state")
        state[state.count / 2] ^= 1
        try folder.write(state, "run/state")
        #expect(try refusal("run", "16").contains("holds no whole state"))
        let star = try folder.text("data/particles.star")
        try folder.write(Data((star + "\n").utf8), "data/particles.star")
        state[state.count / 2] ^= 1
        try folder.write(state, "run/state")
        #expect(try refusal("run", "16").contains("has changed since the run began"))
        #expect(try folder.data("run/map.mrc") == map)
    }
}
