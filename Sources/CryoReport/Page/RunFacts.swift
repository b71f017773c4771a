import CryoReconstruction
import Foundation

/// How a run stands, in a few numbers: what the terminal and the live page show.
package struct RunFacts: Sendable {
    /// The latest iteration.
    package let latest: IterationStatistics
    /// The least FSC of the half-sets' shells, where a ring was last finished; nil before.
    package let agreement: Double?
    /// Images visited a second, over the latest iterations; nil at first.
    package let imagesPerSecond: Double?

    /// Iterations over which images are counted.
    private static let recentCount = 10

    /// Looks at the iterations so far; nil before the first.
    package init?(_ iterations: [IterationStatistics]) {
        guard let latest = iterations.last else { return nil }
        self.latest = latest
        agreement = iterations.last { $0.halfSetFSC != nil }?.halfSetFSC
        let recent = iterations.suffix(Self.recentCount)
        let seconds = recent.totalDuration
        let images = recent.reduce(0) { $0 + $1.batchSize }
        imagesPerSecond = seconds > 0 ? Double(images) / seconds : nil
    }

    /// As few of the iterations as have the same facts, so that whoever only shows those need not keep all.
    package static func needed(of iterations: [IterationStatistics]) -> [IterationStatistics] {
        let recent = iterations.suffix(recentCount)
        let agreed = iterations.dropLast(recent.count).last { $0.halfSetFSC != nil }
        return [agreed].compactMap { $0 } + recent
    }

    /// Values and what they are, in the order of their worth.
    package var rows: [(value: String, name: String)] {
        var rows = [
            (value: "\(HTML.text(latest.resolution, 1)) Å", name: "resolution limit"),
            (value: "\(latest.iteration + 1), \(Self.name(latest.phase))", name: "iteration"),
            (value: "\(HTML.text(latest.logEvidence, 1)) nats", name: "evidence an image"),
            (
                value: HTML.text(latest.effectivePoses, latest.effectivePoses < 10 ? 1 : 0),
                name: "poses share an image"
            ),
        ]
        if let agreement { rows.append((HTML.text(agreement, 2), "half-sets agree (least FSC)")) }
        if let imagesPerSecond { rows.append((HTML.text(imagesPerSecond, 0), "images a second")) }
        return rows
    }

    /// The time left, as far as it can be foretold.
    package var remaining: String { DurationText.text(seconds: latest.remaining ?? .nan) }

    /// What a part of the run does, in a word.
    package static func name(_ phase: IterationPlan.Phase) -> String {
        switch phase {
        case .anneal: "anneal"
        case .march: "march"
        case .introduction: "poses anew"
        case .final: "last pass"
        }
    }
}
