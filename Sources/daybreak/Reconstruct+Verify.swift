import ArgumentParser
import CryoCore
import CryoFiles
import CryoInference
import CryoReconstruction
import Foundation

/// `daybreak reconstruct --verify`.
extension Reconstruct {
    /// Makes the first iterations of a finished run again and says whether they are the same.
    ///
    /// - Throws: `ExitCode(1)` where they are not.
    func verifyRun(_ path: String, _ events: JSONEvents?) throws {
        let folder = try RunFolder(resuming: path)
        let (record, plan) = (try folder.record(), try folder.plan())
        guard let hashes = record.hashes, record.iterations.first?.densityHash != nil else {
            throw InputProblem("\(path)/run.json: holds no hashes to compare with; make the run again")
        }
        guard ContentHash.digits(of: try MRCFile.readVolume(folder.file("map.mrc"))) == hashes.map else {
            throw differs(
                "\(path)/map.mrc is not the map that the run wrote, by its hash in run.json", events)
        }
        guard try ContentHash.digits(ofPosesIn: folder.file("particles.star")) == hashes.poses else {
            throw differs(
                "\(path)/particles.star does not hold the poses that the run wrote, by their hash in run.json",
                events)
        }
        let set = try plan.particles()
        try plan.check(set)
        var first = plan
        first.parameters = plan.beginning?.parameters ?? plan.parameters
        let run = try prepared(first, in: folder, set, Parallel(threads: method.threads))
        let count = min(
            place.verifyIterations ?? record.firstTenth, record.verifiableIterations(before: plan.beginning))
        let screen = TerminalScreen()
        let verification = try run.verify(record, iterations: count) { entry in
            guard !display.quiet, screen.isLive else { return }
            screen.show(["verifying iteration \(entry.iteration + 1) of \(count)"])
        }
        screen.endRegion()
        let note = difference(from: record).map { " (\($0))" } ?? ""
        if let difference = verification.difference {
            throw differs("\(difference.description)\(note)", events)
        }
        let iterations = verification.count == 1 ? "iteration is" : "\(verification.count) iterations are"
        let found = "the first \(iterations) the same, of \(record.iterations.count)\(note)"
        guard let events else { return print("verified: \(found)") }
        events.verified(true, found)
    }

    /// Says where a run differs.
    private func differs(_ how: String, _ events: JSONEvents?) -> ExitCode {
        if let events { events.verified(false, how) } else { print("differs: \(how)") }
        return ExitCode(1)
    }

    /// What else is not as it was; bits may differ where the version or the kernels do.
    private func difference(from record: RunRecord) -> String? {
        let kernels = KernelSet.best.name
        guard record.version != Version.current || record.instructionSet != kernels else { return nil }
        return "the run was made by version \(record.version) with \(record.instructionSet), this is "
            + "\(Version.current) with \(kernels): the last bits may differ there"
    }
}
