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

    /// Images that are asked about negative values and sit out until then: those that a density was made of prefer its noise.
    ///
    /// Asked of its own images, white noise kept negative values, and its half-sets agreed to the limit.
    private var askedAboutNegativeValues: [Int] {
        split.learning.spread(leastStep: 5)
    }

    /// Particles that iterations of the anneal without momentum leave out while negative values are allowed.
    func sittingOut(_ plan: IterationPlan, _ state: RunState) -> Set<Int> {
        guard plan.phase == .anneal, parameters.isPositive, !state.isPositive else { return [] }
        return Set(askedAboutNegativeValues)
    }

    /// The part of the log-evidence that negative values must be worth: a positive density has ripples at coarse limits, which are
    /// worth 7 to 14 % to images of the 30S, where the 70S's negative values are worth 55 %.
    private static let leastNegativeShare = 0.25

    /// Asks images, once the coarse shape is known with its negative values, whether they are left out from here on.
    func settlePositivity(_ state: inout RunState) {
        guard parameters.isPositive, !state.isPositive, let stage = state.stage, let density = state.density
        else { return }
        let (asked, positive) = (askedAboutNegativeValues, density.nonNegative)
        let evidences = [density, positive].map {
            visit(asked, of: $0, stage, state.noise).posteriors.map(\.logEvidence)
        }
        let check = PositivityCheck(evidences[0], over: evidences[1])
        let wanted = Self.leastNegativeShare * Visit.mean(evidences[0])
        state.isPositive = check.map { $0.isKept || $0.gain < wanted } ?? true
        if state.isPositive { state.density = positive }
    }

    /// Whether the last step leaves negative values, which are left out afterwards unless images want them.
    var testsPositivity: Bool { hasHalves && parameters.isPositive }

    /// The density of a state as positivity leaves it, where that is learnt under it.
    func constrained(_ state: RunState) -> Volume? {
        testsPositivity && state.isPositive ? state.density?.nonNegative : state.density
    }
}
