import CryoReconstruction
import Foundation
import Logging

/// A second try with larger minibatches, where the map of the first does not hold at finer limits.
///
/// Steps that rest on 80 images are enough for most molecules, and cheap. Of EMD-1977's particles, whose lowest frequencies are missing, every
/// anneal with them ended in a wrong map (six of six, at 28 to 35 Å), and with 320 in the right one: 52 nats an image at the end instead of 29.
extension Reconstruct {
    /// By how much minibatches of the second anneal are larger.
    private static let patience = 4

    /// The run once more; nil if its map holds, or if it was told how long to try, how far to go or where to begin.
    ///
    /// It takes the first one's place in the folder: interrupted and resumed, it is kept without being compared.
    func secondTry(after job: Job, _ result: Reconstruction.Result, _ log: Logger) throws -> Job? {
        let plan = job.plan
        let batch = Self.patience * ReconstructionParameters.standard.annealBatch
        guard let growth = EvidenceGrowth(starts: result.starts, iterations: result.statistics),
            !growth.isEnough, plan.initialMap == nil, plan.beginning == nil,
            plan.parameters.maxResolution == nil, plan.parameters.maxIterations == nil,
            plan.parameters.annealBatch < min(batch, job.particles.count)
        else { return nil }
        log.info(
            """
            images say hardly more at \(Self.text(growth.resolutions.after)) Å than at \(Self.text(growth.resolutions.before)) Å \
            (\(Self.text(growth.after)) and \(Self.text(growth.before)) nats each): once more, with \(batch) images at a time
            """)
        var next = plan
        next.parameters.annealBatch = batch
        return try nextJob(after: job, next)
    }

    /// Whether images prefer the map of the second try, at the same limit or not.
    func isBetter(
        _ second: Reconstruction.Result, than first: Reconstruction.Result, _ log: Logger
    ) -> Bool {
        let evidence = [first, second].map { $0.statistics.last?.logEvidence ?? -.infinity }
        let isBetter = evidence[1] > evidence[0]
        log.info(
            "the second try has \(Self.text(evidence[1])) nats an image instead of \(Self.text(evidence[0])): \(isBetter ? "kept" : "the first one is kept")"
        )
        return isBetter
    }

    /// Leaves the folder as the first try had it; its last checkpoint is gone, so that it cannot be extended.
    func takeBackSecondTry(for first: Job) throws {
        first.folder.removeCheckpoints()
        try first.folder.write(first.plan)
    }

    private static func text(_ value: Double) -> String { String(format: "%.1f", value) }
}
