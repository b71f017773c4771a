/// How much more images say of the density at the end of a run than they said at the end of its anneal.
///
/// A right map gains detail while resolution rises, and images say 1.33 to 3.1 times as much of it, in twenty-five runs of
/// nine sets. A wrong one explains at finer limits what it explained before: two runs of EMD-1977's particles, of whose
/// poses a quarter were right in one, ended with 1.09 and 1.22 times the evidence, and half of what the right map has.
public struct EvidenceGrowth: Sendable {
    /// The mean log-evidence an image at the end of the anneal, in nats.
    public let before: Double
    /// That of the last pass.
    public let after: Double
    /// The limits of both as resolutions, in Å.
    public let resolutions: (before: Double, after: Double)

    /// Whether it is what a right map has.
    public var isEnough: Bool { after >= 1.25 * before }

    /// Compares the anneal that was kept with the last pass; nil if its limit is not finer by half, or if nothing was found
    /// to begin with.
    public init?(starts: [StartRecord], iterations: [IterationStatistics]) {
        guard let start = starts.first(where: \.isKept), let first = start.resolution,
            let last = iterations.last, last.phase == .final, first > 1.5 * last.resolution,
            start.logEvidence > 0
        else { return nil }
        (before, after, resolutions) = (start.logEvidence, last.logEvidence, (first, last.resolution))
    }
}
