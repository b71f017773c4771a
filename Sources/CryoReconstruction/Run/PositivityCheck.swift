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
    /// Whether the last step leaves negative values, which are left out afterwards unless images want them.
    var testsPositivity: Bool { hasHalves && parameters.isPositive }

    /// The density of a state as positivity leaves it, where a plan learns it under that.
    func constrained(_ state: RunState, _ plan: IterationPlan?) -> Volume? {
        testsPositivity && plan?.isPositive != false ? state.density?.nonNegative : state.density
    }
}
