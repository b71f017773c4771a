import CryoCore
import CryoFiles
import CryoReconstruction
import CryoReport
import Foundation
import Logging

/// Refuses a root of image names that is no folder.
func refuseNoFolder(root: String?) throws {
    guard let root, !RunFolder.isFolder(root) else { return }
    throw InputProblem("--root \(root): is not a folder; give the folder that image names start from")
}

/// How a run begins: anew, where it was interrupted, or with the symmetry that was found.
extension Reconstruct {
    /// A run and where it works.
    struct Job {
        var plan: RunPlan
        var folder: RunFolder
        var lock: RunLock
        var particles: ParticleSet
        var run: Reconstruction
        var parallel: Parallel
        /// Where to go on; nil to begin.
        var progress: RunProgress?
        /// The run that was asked for, where its axes are looked for first.
        var asked: Reconstruction?
    }

    /// What the command line asks for.
    func newJob() throws -> Job {
        let (particles, output) = (particles ?? "", place.output ?? "")
        let folder = try RunFolder(path: output, mayOverwrite: place.overwrite)
        try folder.refuseToReplace(particles, molecule.initialMap)
        try refuseNoFolder(root: molecule.root)
        let set = try ParticleSet(starFile: particles, root: molecule.root)
        var parameters = try parameters()
        let isSymmetryOpen = parameters.leaveSymmetryOpen()
        var plan = RunPlan(
            version: Version.current, command: CommandLine.arguments, input: particles, root: molecule.root,
            initialMap: molecule.initialMap, parameters: parameters, particles: set)
        let parallel = Parallel(threads: method.threads)
        let asked = try prepared(plan, in: folder, set, parallel)
        try refuseWithoutMemory(asked)
        lookForAxesFirst(&plan, asked, isOpen: isSymmetryOpen)
        let run = plan.parameters == parameters ? asked : try prepared(plan, in: folder, set, parallel)
        try folder.create()
        let lock = try folder.locked()
        folder.removeEarlierRun()
        try folder.write(plan)
        return Job(
            plan: plan, folder: folder, lock: lock, particles: set, run: run, parallel: parallel,
            progress: nil, asked: asked)
    }

    /// What an interrupted run was asked for, and how far it came.
    func resumedJob(_ path: String) throws -> Job {
        let folder = try RunFolder(resuming: path)
        let plan = try folder.plan()
        let lock = try folder.locked()
        let set = try plan.particles()
        try plan.check(version: Version.current)
        try plan.check(set)
        folder.removeRemnants()
        let progress = try folder.checkpoint(version: Version.current)
        if progress == nil, FileManager.default.fileExists(atPath: folder.file("run.json")) {
            throw RunFolderError.finished(path)
        }
        let parallel = Parallel(threads: method.threads)
        return Job(
            plan: plan, folder: folder, lock: lock, particles: set,
            run: try prepared(plan, in: folder, set, parallel), parallel: parallel, progress: progress)
    }

    /// What follows a job that has ended, in the same folder: another plan, begun anew.
    ///
    /// A contrast that was found by evidence stays found.
    func nextJob(after job: Job, _ result: Reconstruction.Result, _ plan: RunPlan) throws -> Job {
        var next = job
        next.progress = nil
        next.plan = plan
        next.plan.firstPart = RunPlan.FirstPart(result, contrast: job.run.contrast)
        next.plan.parameters.contrast =
            job.plan.parameters.contrast ?? (job.run.triesBothContrasts ? job.run.contrast.sign : nil)
        job.folder.removeCheckpoints()
        try job.folder.write(next.plan)
        next.run = try prepared(next.plan, in: job.folder, job.particles, job.parallel)
        return next
    }

    /// Refuses a run that this machine could not hold if it did nothing else; the estimate may be a third off.
    private func refuseWithoutMemory(_ run: Reconstruction) throws {
        let memory = AvailableMemory()
        guard run.memoryEstimate.total > 1.5 * Double(memory.most) else { return }
        throw InputProblem(Self.shortage(run, memory.most, "there are"))
    }

    /// What is missing and what would fit.
    static func shortage(_ run: Reconstruction, _ bytes: Int, _ verb: String) -> String {
        let advice =
            run.resolution(within: 0.8 * Double(bytes)).map { "--max-resolution \($0) would fit" }
            ?? "no resolution would fit; bin the images to a smaller box, or use a larger machine"
        return "the run needs about \(run.memoryEstimate.text) of memory and \(verb) "
            + "\(MemoryEstimate.text(Double(bytes))); \(advice)"
    }

    func prepared(
        _ plan: RunPlan, in folder: RunFolder, _ set: ParticleSet, _ parallel: Parallel
    ) throws -> Reconstruction {
        let run = try Reconstruction(source: set, parameters: plan.parameters, parallel: parallel)
        if run.memoryEstimate.total > Double(AvailableMemory().now) { run.sharesEngine = true }
        if let map = plan.startingMap(in: folder) { run.initialDensity = try startingMap(map, for: set) }
        return run
    }

    private func startingMap(_ path: String, for set: ParticleSet) throws -> Volume {
        let map = try readMap(path)
        let (length, box) = (Double(map.boxSize) * map.pixelSize, set.boxLength)
        guard abs(length / box - 1) < 0.01 else {
            throw InputProblem("\(path): found a box of \(length) Å; expected that of the images, \(box) Å")
        }
        return map
    }
}
