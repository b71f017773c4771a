import CryoCore
import CryoFiles
import CryoReconstruction
import CryoReport
import Foundation
import Logging

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
    }

    /// What the command line asks for.
    func newJob() throws -> Job {
        let (particles, output) = (particles ?? "", place.output ?? "")
        let folder = try RunFolder(path: output, mayOverwrite: place.overwrite)
        try folder.refuseToReplace(particles)
        if let root = molecule.root, !RunFolder.isFolder(root) {
            throw InputProblem("--root \(root): is not a folder; give the folder that image names start from")
        }
        let set = try ParticleSet(starFile: particles, root: molecule.root)
        var parameters = try parameters()
        if isSymmetryAutomatic { parameters.symmetry = "C1" }
        let plan = RunPlan(
            version: Version.current, command: CommandLine.arguments, input: particles, root: molecule.root,
            initialMap: molecule.initialMap, parameters: parameters, findsSymmetry: isSymmetryAutomatic,
            particles: set
        )
        let parallel = Parallel(threads: method.threads)
        let run = try prepared(plan, set, parallel)
        try refuseWithoutMemory(run)
        try folder.create()
        let lock = try folder.locked()
        folder.removeEarlierRun()
        try folder.write(plan)
        return Job(
            plan: plan, folder: folder, lock: lock, particles: set, run: run, parallel: parallel,
            progress: nil)
    }

    /// What an interrupted run was asked for, and how far it came.
    func resumedJob(_ path: String) throws -> Job {
        let folder = try RunFolder(resuming: path)
        let plan = try folder.plan()
        let lock = try folder.locked()
        let set = try ParticleSet(starFile: plan.inputPath, root: plan.root)
        try plan.check(version: Version.current)
        try plan.check(set)
        folder.removeRemnants()
        let progress = try folder.checkpoint(version: Version.current)
        if progress == nil, FileManager.default.fileExists(atPath: folder.file("run.json")) {
            throw RunFolderError.finished(path)
        }
        let parallel = Parallel(threads: method.threads)
        return Job(
            plan: plan, folder: folder, lock: lock, particles: set, run: try prepared(plan, set, parallel),
            parallel: parallel, progress: progress)
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
        _ plan: RunPlan, _ set: ParticleSet, _ parallel: Parallel
    ) throws -> Reconstruction {
        let run = try Reconstruction(source: set, parameters: plan.parameters, parallel: parallel)
        if run.memoryEstimate.total > Double(AvailableMemory().now) { run.sharesEngine = true }
        if let map = plan.initialMap { run.initialDensity = try startingMap(map, for: set) }
        return run
    }

    /// A second run with the symmetry of the first one's map, begun from that map; nil if it has none.
    func symmetricJob(
        after job: Job, _ result: Reconstruction.Result, _ log: Logger
    ) throws -> Job? {
        let agreement = result.halves?.resolution.unmasked.resolution(at: 0.5) ?? 20
        let finding = SymmetryFinding(
            of: result.map, diameter: job.run.diameter, resolution: min(30, max(12, 1.3 * agreement)),
            parallel: job.parallel)
        guard finding.group.order > 1 else {
            log.info("no axis of symmetry holds; the map stays as it is, C1")
            return nil
        }
        log.info(
            "symmetry \(finding.group.name) (score \(String(format: "%.2f", finding.score)) of 1); now with it"
        )
        var next = job
        next.progress = nil
        next.plan.findsSymmetry = false
        next.plan.parameters.symmetry = finding.group.name
        // The density is known: a short anneal from a mild temperature gives both half-sets their own.
        next.plan.parameters.annealIterations = min(next.plan.parameters.annealIterations, 40)
        next.plan.parameters.annealStart = min(next.plan.parameters.annealStart, 1e-4)
        try MRCFile.write(finding.aligned, to: job.folder.file("on-axes.mrc"))
        next.plan.start(from: job.folder.file("on-axes.mrc"), job.particles)
        job.folder.removeCheckpoints()
        try job.folder.write(next.plan)
        next.run = try prepared(next.plan, job.particles, job.parallel)
        return next
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
