import Foundation

/// Which particles are explained better by noise alone than by the density in any pose.
///
/// Of two classes, particles and images of nothing, with the log-evidence ratio ℓ of an image:
///
///     p = π / (π + (1 − π) e^ℓ)        π = mean of p
///
/// so the share of junk π is learnt from the set itself (expectation–maximisation).
public struct JunkProbability: Sendable {
    /// The share of junk that the set is thought to have.
    public let share: Double

    /// Learns the share from log-evidences relative to noise, in nats.
    public init(logEvidences: [Double]) {
        var share = 0.1
        let finite = logEvidences.filter(\.isFinite)
        for _ in 0..<100 where !finite.isEmpty {
            let next = finite.reduce(0) { $0 + Self.probability($1, share) } / Double(finite.count)
            // Neither class may die out: what is certain now need not be at the next image.
            share = min(0.99, max(1e-4, next))
        }
        self.share = share
    }

    /// The probability that an image shows nothing.
    public func callAsFunction(_ logEvidence: Double) -> Double { Self.probability(logEvidence, share) }

    private static func probability(_ logEvidence: Double, _ share: Double) -> Double {
        1 / (1 + exp(min(700, logEvidence + log((1 - share) / share))))
    }
}
