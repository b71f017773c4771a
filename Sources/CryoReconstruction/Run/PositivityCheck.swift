import CryoCore

/// Whether images want the density as positivity leaves it, or with its negative values.
///
/// Protein is denser than ice, and a run finds its way under that constraint. But images lack the lowest frequencies, and a
/// map made of them may be negative beside the protein. So the last step is taken with the constraint and without, and
/// images of one half-set are asked about the density of the other.
public struct PositivityCheck: Codable, Sendable, Equatable {
    /// Images that were asked.
    public var imageCount: Int
    /// By how much they prefer the density with its negative values, in nats an image.
    public var gain: Double
    /// The standard error of that.
    public var standardError: Double

    /// Whether negative values are left out: unless images prefer them by three standard errors.
    public var isKept: Bool { gain <= 3 * standardError }

    /// From the images' log-evidences; nil if there are too few.
    init?(_ negative: [Double], over positive: [Double]) {
        guard let preference = Preference(negative, over: positive) else { return nil }
        (imageCount, gain, standardError) = (negative.count, preference.gain, preference.standardError)
    }
}

extension Reconstruction {
    /// Whether one of the run's anneals leaves negative values at first: the one whose limit rises.
    ///
    /// Positivity does not allow the lowest frequencies of the 70S: at 25 Å its true map has 5.1 nats at SNR 0.02, and half of that
    /// under the constraint, whose coarse shape leads astray. But without it a contrast is as good as the other.
    func beginsNegative(_ repetition: Int) -> Bool {
        plans[repetition].rises && plans[repetition].first?.momentum == 0 && !triesBothContrasts
    }

    /// The part of the log-evidence that negative values must be worth.
    ///
    /// These images had a part in them, and the noise in a density suits them. At SNR 0.02 the 30S's are worth 7 and 14 %, the
    /// 70S's 55 %.
    private static let leastNegativeShare = 0.25

    /// Asks images, once the coarse shape is known with its negative values, whether they are left out from here on.
    func settlePositivity(_ state: inout RunState) {
        guard parameters.isPositive, !state.isPositive, let stage = state.stage, let density = state.density
        else { return }
        let variance = state.noise.variance(rings: stage.frame.ringCount)
        let evidences = [density, density.nonNegative].map { density in
            stage.engine.setDensity(stage.frame.ball(of: density))
            return visit(comparedImages, stage, variance).posteriors.map(\.logEvidence)
        }
        let check = PositivityCheck(evidences[0], over: evidences[1])
        state.isPositive =
            check.map { $0.isKept || $0.gain < Self.leastNegativeShare * Visit.mean(evidences[0]) } ?? true
        if state.isPositive { state.density = density.nonNegative }
    }

    /// Whether the last step leaves negative values, which are left out afterwards unless images want them.
    var testsPositivity: Bool { hasHalves && parameters.isPositive }

    /// The density of a state as positivity leaves it.
    func constrained(_ state: RunState) -> Volume? {
        testsPositivity && state.isPositive ? state.density?.nonNegative : state.density
    }
}
