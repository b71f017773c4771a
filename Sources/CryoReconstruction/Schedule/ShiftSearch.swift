/// How far off the middle of its image a particle is looked for.
///
/// Who picks particles errs by a part of their size: shifts of a twentieth of the diameter are common, and of a sixth rare.
struct ShiftSearch: Sendable, Equatable {
    /// The largest shift, in Å.
    let extent: Double
    /// The standard deviation of the prior, in Å.
    let sigma: Double

    /// As the settings say, or as the diameter (Å) lets expect.
    init(_ parameters: ReconstructionParameters, diameter: Double) {
        extent = parameters.shiftExtent ?? diameter / 6
        sigma = parameters.shiftSigma ?? max(0.01, extent / 3)
    }
}
