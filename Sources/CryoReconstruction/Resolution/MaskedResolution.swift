import CryoCore
import CryoFourier

/// The half-sets' correlation within a mask, corrected for what the mask itself correlates (`[C13]`).
///
///     FSC_true = (FSC_masked − FSC_random) / (1 − FSC_random)
///
/// from two shells beyond that where phases begin to be random; before it, the masked curve. Phases are random from the
/// first shell at which the unmasked curve is below 0.8.
public struct MaskedResolution: Sendable {
    /// The mask.
    public let mask: Volume
    /// The curve without the mask.
    public let unmasked: FourierShellCorrelation
    /// The curve within the mask.
    public let masked: FourierShellCorrelation
    /// The curve within the mask of half maps with random phases.
    public let randomized: FourierShellCorrelation
    /// The curve corrected.
    public let corrected: FourierShellCorrelation
    /// The shell from which phases are random.
    public let randomizedFrom: Int

    init(_ first: Volume, _ second: Volume, mask: Volume) {
        self.mask = mask
        unmasked = FourierShellCorrelation(first, second)
        masked = FourierShellCorrelation(first.masked(by: mask), second.masked(by: mask))
        let start = unmasked.correlations.indices.dropFirst().first { [unmasked] in
            unmasked.correlations[$0] < 0.8
        }
        randomizedFrom = start ?? unmasked.correlations.count
        randomized = FourierShellCorrelation(
            first.withRandomPhases(from: randomizedFrom, seed: 1).masked(by: mask),
            second.withRandomPhases(from: randomizedFrom, seed: 2).masked(by: mask))
        let curve = masked.correlations.indices.map { [masked, randomized, randomizedFrom] shell in
            let (value, chance) = (masked.correlations[shell], randomized.correlations[shell])
            guard shell >= randomizedFrom + 2 else { return value }
            return chance < 1 ? (value - chance) / (1 - chance) : 0
        }
        corrected = FourierShellCorrelation(boxLength: unmasked.boxLength, correlations: curve)
    }
}
