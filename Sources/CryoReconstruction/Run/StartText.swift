import Foundation

/// What is told of a start when it begins.
extension Reconstruction {
    /// Why the present start is made and how its anneal goes about it, in words; nil for the first one, and once one was chosen.
    public func startText(of progress: RunProgress) -> String? {
        guard let start = progress.start, let place = place(of: progress), let best = progress.records.best,
            let anneal = text(of: plans[progress.repetition].anneal)
        else { return nil }
        let colour =
            triesBothContrasts ? ", protein \(ContrastDetection.colour(contrast(at: progress)))" : ""
        let manner = "\(anneal)\(colour) (seed \(seed(ofStart: start)))"
        if place.index > 0 { return "random start \(place.index + 1) of \(place.count), \(manner)" }
        if progress.records.contains(where: { $0.repetition == progress.repetition }) {
            return "images tell their poses in no map: another random start, \(manner)"
        }
        let reason =
            parameters.isTelling(effectivePoses: best.effectivePoses ?? 1)
            ? "images hold more than the map explains" : "images do not tell their poses"
        return "\(reason)\(best.limitText): from the start once more, \(manner)"
    }

    /// The limits of an anneal, its images a step and whether it is without positivity where others have it, in words; nil where there is none.
    private func text(of anneal: [IterationPlan]) -> String? {
        guard let first = anneal.first, let last = anneal.last else { return nil }
        func resolution(_ plan: IterationPlan) -> String {
            String(format: "%.1f", source.boxLength / Double(plan.ringCount))
        }
        let (beginning, most) =
            anneal.rises ? ("limits from \(resolution(first)) to ", "up to ") : ("", "")
        let constraint = isFreed(anneal) ? ", without positivity" : ""
        return
            "at \(beginning)\(resolution(last)) Å, with \(most)\(anneal.largestBatch) images a step\(constraint)"
    }
}
