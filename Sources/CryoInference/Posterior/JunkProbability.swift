import Foundation

/// Which particles are explained better by noise alone than by the density in any pose.
///
/// Of two classes, particles and images of nothing, with the log-evidence ratio ℓ of an image:
///
///     p = π / (π + (1 − π) e^ℓ)        π = mean of p
///
/// so the share of junk π is learnt from the set itself (expectation–maximisation). In the gradient of the mixture's log-evidence,
/// ln(π + (1 − π) e^ℓ), an image's own gradient has the weight 1 − p.
public struct JunkProbability: Sendable {
    /// The share of junk that the set is thought to have.
    public let share: Double

    /// Takes a share for granted.
    public init(share: Double) { self.share = share }

    /// What is thought after more images, whose expected share enters with a weight.
    ///
    /// Of a density that shows little yet most images seem junk; then no more than half are taken for it, lest it be learnt from
    /// the few that happen to resemble it.
    public func learning(_ logEvidences: [Double], weight: Double) -> JunkProbability {
        let finite = logEvidences.filter(\.isFinite)
        guard !finite.isEmpty else { return self }
        return JunkProbability(share: min(0.5, max(0.01, share + weight * (mean(finite) - share))))
    }

    /// Learns the share from log-evidences relative to noise, in nats.
    public init(logEvidences: [Double]) {
        self.init(share: 0.1)
        let finite = logEvidences.filter(\.isFinite)
        for _ in 0..<100 where !finite.isEmpty {
            // Neither class may die out: what is certain now need not be at the next image.
            self = JunkProbability(share: min(0.99, max(1e-4, mean(finite))))
        }
    }

    /// The probability that an image shows nothing.
    public func callAsFunction(_ logEvidence: Double) -> Double {
        1 / (1 + exp(min(700, logEvidence + log((1 - share) / share))))
    }

    /// The probability that an image shows a particle.
    public func particleProbability(_ logEvidence: Double) -> Double { 1 - self(logEvidence) }

    private func mean(_ logEvidences: [Double]) -> Double {
        logEvidences.reduce(0) { $0 + self($1) } / Double(logEvidences.count)
    }
}
