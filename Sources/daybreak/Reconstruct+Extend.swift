import CryoCore
import CryoFiles
import CryoReconstruction
import Foundation

/// `daybreak reconstruct --extend`.
extension Reconstruct {
    /// A finished run that goes on to a finer limit, in its folder or in another.
    ///
    /// The earlier results stay until the new ones are whole.
    func extendedJob(_ path: String) throws -> Job {
        let earlier = try RunFolder(resuming: path)
        var plan = try earlier.plan()
        // A run that goes on elsewhere is only read.
        let own = place.output == nil ? try earlier.locked() : nil
        let reading = own == nil ? try earlier.lockedForReading() : nil
        defer { withExtendedLifetime(reading) {} }
        try plan.check(version: Version.current)
        let end = try earlier.state(version: Version.current)
        let record = try earlier.record()
        guard plan.parameters.maxIterations == nil else { throw RunFolderError.cutShort(path) }
        let set = try plan.particles()
        try plan.check(set)
        plan.beginning =
            plan.beginning
            ?? RunPlan.Beginning(parameters: plan.parameters, iterationCount: record.iterations.count)
        plan.parameters.maxResolution = method.maxResolution
        plan.symmetrySearch = nil
        plan.command = record.command + ["&&"] + CommandLine.arguments
        let parallel = Parallel(threads: method.threads)
        let run = try prepared(plan, in: earlier, set, parallel)
        let progress = try run.extending(end)
        let (folder, lock) = try own.map { (earlier, $0) } ?? emptyFolder(place.output ?? "", besides: plan)
        folder.removeRemnants()
        if let map = plan.ownMap, let density = FileManager.default.contents(atPath: earlier.file(map)) {
            try folder.write(density, to: map)
        }
        try folder.write(plan)
        // From here on the run is one that was interrupted.
        try folder.write(progress, version: Version.current)
        return Job(
            plan: plan, folder: folder, lock: lock, particles: set, run: run, parallel: parallel,
            progress: progress)
    }

    private func emptyFolder(_ path: String, besides plan: RunPlan) throws -> (RunFolder, RunLock) {
        let folder = try RunFolder(path: path, mayOverwrite: place.overwrite)
        try folder.refuseToReplace(plan.inputPath, plan.initialMap)
        try folder.create()
        let lock = try folder.locked()
        folder.removeEarlierRun()
        return (folder, lock)
    }
}
