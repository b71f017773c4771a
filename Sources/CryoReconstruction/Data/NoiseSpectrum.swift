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

    /// Measures the background of up to 1000 images spread over the set; nil if none can be used.
    init?(background images: ParticleImages, ringCount: Int, isColoured: Bool, parallel: Parallel) {
        self.isColoured = isColoured
        let indices = images.source.sample(atMost: 1000)
        let grid = PolarGrid(ringCount: ringCount, angleCount: 4 * ringCount + 8)
        let preparation = ImagePreparation(
            boxSize: images.source.boxSize, pixelSize: images.source.pixelSize, grid: grid,
            mask: SoftMask(radius: images.radius, softness: 0.05 * images.source.boxLength))
        let spectra = parallel.map(indices.count) { place -> [Double]? in
            images.normalizedImage(indices[place]).map { preparation.backgroundPower($0) }
        }.compactMap { $0 }
        guard !spectra.isEmpty else { return nil }
        let mean = (0..<ringCount).map { ring in
            spectra.reduce(0) { $0 + $1[ring] } / Double(spectra.count)
        }
        // Images are normalised to a background of variance 1: that is the white model.
        variance = isColoured ? mean : [Double](repeating: 1, count: ringCount)
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
