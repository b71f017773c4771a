import CryoCore
import CryoFourier
import CryoInference
import Foundation

/// Whether protein is white or black, found from the images.
///
/// A particle's low frequencies are on average those of a filled disc times the CTF, whatever the pose. Each image
/// gives Σ C(k)·Re X(k)·S(k) over the lowest rings, S the transform of a ball's projection; the mean's sign is the
/// contrast, and its distance from zero in standard errors the confidence.
public struct ContrastDetection: Sendable, Codable, Equatable {
    /// +1 if protein is white, −1 if black.
    public var sign: Int
    /// The mean in units of its standard error.
    public var significance: Double

    /// Looks at up to `limit` images spread over the set.
    public init(images: ParticleImages, limit: Int = 1000, parallel: Parallel) {
        let indices = images.source.sample(atMost: limit)
        let ringCount = min(3, (images.source.boxSize - 1) / 2)
        let grid = PolarGrid(ringCount: ringCount, angleCount: 24)
        let preparation = ImagePreparation(
            boxSize: images.source.boxSize, pixelSize: images.source.pixelSize, grid: grid,
            mask: images.mask)
        let ball = (1...ringCount).map {
            Self.ballTransform(2 * .pi * Double($0) * images.radius * 0.8 / images.source.boxLength)
        }
        let scores = parallel.map(indices.count) { place -> Double in
            let polar = images.polarImages(
                [indices[place]], preparation: preparation, parallel: Parallel(threads: 1))
            guard let image = polar.images.first else { return .nan }
            var score = 0.0
            for (point, value) in image.values.enumerated() {
                let ring = point / grid.halfCount
                score += Double(value.x * image.ctf[point]) * ball[ring] * Double(ring + 1)
            }
            return score
        }.filter(\.isFinite)
        let mean = scores.reduce(0, +) / Double(max(1, scores.count))
        let variance =
            scores.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(max(1, scores.count - 1))
        sign = mean >= 0 ? 1 : -1
        significance = abs(mean) / max(1e-300, (variance / Double(max(1, scores.count))).squareRoot())
    }

    /// The transform of a ball, 3 (sin x − x cos x) / x³.
    private static func ballTransform(_ x: Double) -> Double { 3 * (sin(x) - x * cos(x)) / (x * x * x) }
}
