import CryoCore
import CryoFourier
import CryoInference

/// The noise variance of a Fourier coefficient, ring by ring.
///
/// Noise in micrographs is not white: a white model makes the posterior far too sharp where there is most of it.
public struct NoiseSpectrum: Sendable, Codable {
    /// σ_k²; index 0 is ring 1.
    public private(set) var variance: [Double]
    private let isColoured: Bool

    /// The mean background of some images; nil if there are none.
    init?(_ spectra: [BackgroundSpectrum], isColoured: Bool) {
        guard let first = spectra.first else { return nil }
        self.isColoured = isColoured
        // Images are normalised to a background of variance 1: that is the white model.
        variance = isColoured ? spectra.meanPower : first.power.map { _ in 1 }
    }

    /// The variance of the innermost rings.
    func variance(rings: Int) -> [Double] { Array(variance.prefix(rings)) }

    /// The same for more rings, with what the background says of those that were not learnt.
    func extended(by background: NoiseSpectrum) -> NoiseSpectrum {
        var result = self
        result.variance += background.variance.dropFirst(variance.count)
        return result
    }

    /// Moves towards what the residuals of a minibatch say.
    mutating func update(_ gradient: DensityGradient, preparation: ImagePreparation, weight: Double) {
        guard isColoured, gradient.imageCount > 0 else { return }
        for ring in gradient.residualPowers.indices {
            let points = Double(gradient.imageCount * preparation.grid.angleCount)
            let latest = gradient.residualPowers[ring] / (points * preparation.maskPower)
            guard latest.isFinite, latest > 0 else { continue }
            variance[ring] += (latest - variance[ring]) * min(0.5, weight)
        }
    }
}
