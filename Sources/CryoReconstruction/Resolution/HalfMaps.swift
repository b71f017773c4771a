import CryoCore
import CryoFourier
import Foundation

/// The densities of two half-sets, and what follows from them.
public struct HalfMaps: Sendable {
    /// The density of the first half-set, unfiltered: as learnt up to the run's limit, as back-projected beyond it.
    public let first: Volume
    /// The density of the second half-set, likewise.
    public let second: Volume
    /// Their correlation by shell, within the particle's mask and without.
    public let resolution: MaskedResolution
    /// The correlation without the mask.
    public var fsc: FourierShellCorrelation { resolution.unmasked }

    /// Correlates two densities of equal box.
    public init(_ first: Volume, _ second: Volume) {
        (self.first, self.second) = (first, second)
        resolution = MaskedResolution(first, second, mask: ParticleMask.mask(of: [first, second].mean))
    }

    /// Their mean, unfiltered.
    public var mean: Volume { [first, second].mean }

    /// Their mean, each shell times its expected correlation with the truth.
    ///
    /// That is √(2 FSC/(1 + FSC)) (`[RH03]`), up to the first shell at which the half-sets do not correlate.
    public var filtered: Volume {
        let weights = Self.weights(fsc.correlations)
        return mean.filtered { kx, ky, kz in
            let shell = FourierShellCorrelation.shell(kx, ky, kz)
            return shell < weights.count ? weights[shell] : 0
        }
    }

    static func weights(_ correlations: [Double]) -> [Float] {
        var isOver = false
        return correlations.enumerated().map { shell, correlation in
            isOver = isOver || (shell > 0 && correlation <= 0)
            return shell == 0 ? 1 : isOver ? 0 : Float((2 * correlation / (1 + correlation)).squareRoot())
        }
    }
}

/// What half-sets say of a map's resolution, for `run.json`.
public struct ResolutionRecord: Codable, Sendable {
    /// Where the half-sets' FSC within the particle's mask, corrected for the mask, falls below 0.143, in Å.
    public var corrected0143: Double
    /// Whether that FSC never falls below 0.143, so that the resolution is the images' Nyquist; nil in records of older versions.
    public var isAtLimit: Bool?
    /// Whether unseen images support the map's detail; nil if they were not asked.
    ///
    /// Images of nothing do not, yet their half-sets go on agreeing on what they began with.
    public var isSupported: Bool?
    /// Where the FSC without that mask falls below 0.143, in Å.
    public var fsc0143: Double
    /// Where it falls below 0.5, in Å.
    public var fsc05: Double
    /// The FSC without the mask by shell of 1/box.
    public var correlations: [Double]
    /// The corrected FSC by shell.
    public var correctedCorrelations: [Double]
    /// The FSC in the mask by shell.
    public var maskedCorrelations: [Double]
    /// The FSC of half maps with random phases in the mask by shell.
    public var randomizedCorrelations: [Double]
}

extension ResolutionRecord {
    /// The resolution that may be claimed, in Å; nil if unseen images do not support the map's detail.
    public var supported: Double? { isSupported == false ? nil : corrected0143 }

    init(_ resolution: MaskedResolution, isSupported: Bool?) {
        self.isSupported = isSupported
        isAtLimit = !resolution.corrected.falls(below: 0.143)
        corrected0143 = resolution.corrected.resolution(at: 0.143)
        fsc0143 = resolution.unmasked.resolution(at: 0.143)
        fsc05 = resolution.unmasked.resolution(at: 0.5)
        correlations = resolution.unmasked.correlations
        correctedCorrelations = resolution.corrected.correlations
        maskedCorrelations = resolution.masked.correlations
        randomizedCorrelations = resolution.randomized.correlations
    }
}

extension Volume {
    /// What of the density lies in some shells.
    func within(_ shells: some RangeExpression<Int>) -> Volume {
        filtered { kx, ky, kz in shells ~= FourierShellCorrelation.shell(kx, ky, kz) ? 1 : 0 }
    }
}
