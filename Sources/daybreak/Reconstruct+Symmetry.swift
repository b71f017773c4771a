import CryoCore
import CryoFiles
import CryoInference
import CryoReconstruction
import CryoReport
import Foundation
import Logging

/// Runs of two parts: the first shows the axes of symmetry, the second begins from its map with the symmetry imposed.
///
/// Imposed from a random start, a group of several axes leads into wrong maps: of particles with O and I one run in two
/// ended at 30 Å, and three starts did not tell; free of symmetry every anneal came right, and its axes scored 0.9 and more.
extension Reconstruct {
    /// Makes a plan's first part one without symmetry: as far as the anneal goes if the group was told, whole if it is open.
    ///
    /// A single axis may be imposed from the start. Who tells how often or how long to try, or from where, is taken at their
    /// word.
    func lookForAxesFirst(_ plan: inout RunPlan, _ asked: Reconstruction, isOpen: Bool) {
        let parameters = plan.parameters
        if isOpen {
            plan.symmetrySearch = RunPlan.SymmetrySearch(parameters: parameters)
            return
        }
        guard parameters.schedule == .annealed, parameters.annealIterations > 0, parameters.starts == nil,
            parameters.maxIterations == nil, plan.initialMap == nil,
            let group = PointGroup(name: parameters.symmetry), group.axes.count > 1
        else { return }
        plan.symmetrySearch = RunPlan.SymmetrySearch(parameters: parameters)
        plan.parameters.symmetry = PointGroup.c1.name
        plan.parameters.maxResolution = [parameters.maxResolution, asked.annealedResolution].compactMap { $0 }
            .max()
        plan.parameters.halves = false
    }

    /// The second part, begun from the map of the first on its axes; nil if none was told and none holds.
    func symmetricJob(
        after job: Job, _ search: RunPlan.SymmetrySearch, _ result: Reconstruction.Result, _ log: Logger
    ) throws -> Job? {
        let finding = SymmetryFinding(
            of: result.map, diameter: job.run.diameter, resolution: trusted(result, job, search),
            told: search.told, parallel: job.parallel)
        var next = job.plan
        next.symmetrySearch = nil
        next.parameters = search.parameters
        if finding.group.order > 1 {
            let score = String(format: "%.2f", finding.score)
            log.info("symmetry \(finding.group.name) (score \(score) of 1); now with it")
            next.parameters.symmetry = finding.group.name
            // The density is known: a short anneal from a mild temperature gives both half-sets their own.
            next.parameters.annealIterations = min(search.parameters.annealIterations, 40)
            next.parameters.annealStart = min(search.parameters.annealStart, 1e-4)
            try MRCFile.write(finding.aligned, to: job.folder.file(RunFolder.mapOnAxes))
            next.ownMap = RunFolder.mapOnAxes
        } else if let told = search.told {
            log.info("the axes of \(told.name) do not show by themselves; now imposed from a random start")
        } else {
            log.info("no axis of symmetry holds; the map stays as it is, C1")
            return nil
        }
        return try nextJob(after: job, result, next)
    }

    /// The resolution at which axes are looked for, in Å.
    private func trusted(
        _ result: Reconstruction.Result, _ job: Job, _ search: RunPlan.SymmetrySearch
    ) -> Double {
        guard search.told == nil else { return job.run.plannedResolutions.last }
        let agreement = result.halves?.resolution.unmasked.resolution(at: 0.5) ?? 20
        return min(30, max(12, 1.3 * agreement))
    }
}

extension ReconstructionParameters {
    /// Asks for no symmetry in place of `auto`, which leaves it to the map; whether it was that.
    @discardableResult mutating func leaveSymmetryOpen() -> Bool {
        guard symmetry.lowercased() == "auto" else { return false }
        symmetry = PointGroup.c1.name
        return true
    }
}
