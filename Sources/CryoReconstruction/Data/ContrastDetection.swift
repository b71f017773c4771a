import CryoCore
import CryoFourier
import CryoInference
import Foundation

/// Whether protein is white or black, found from the images.
///
/// A particle's low frequencies are on average those of a filled disc times the CTF, whatever the pose. Each image
/// gives Σ k·C(k)·Re X(k)·S(k) over the lowest rings, S the transform of the projection of a ball of 0.8 of the particle's radius; the mean's sign is the
/// contrast, and its distance from zero in standard errors the confidence.
///
/// A molecule is no ball. Of maps whose lowest frequencies were filtered away (EMD-1977, 5,000 images of SNR 0.05) the mean was
/// 3.5 standard errors on the wrong side, which no number of images mends; those of other molecules are at 17 and more. So
/// the mean must stand out from the images' spread too, and where it does not both contrasts are tried.
public struct ContrastDetection: Sendable, Codable, Equatable {
    /// +1 if protein is white, −1 if black.
    public var sign: Int
    /// The mean in units of its standard error.
    public var significance: Double
    /// The images that it rests on; nil in records of older versions.
    public var imageCount: Int?

    /// How protein looks: white or black.
    public var colour: String { Self.colour(sign) }

    /// How protein looks at a sign: white or black.
    public static func colour(_ sign: Int) -> String { sign < 0 ? "black" : "white" }

    /// Whether the sign may be relied on.
    public var isClear: Bool {
        significance >= max(5, Self.leastEffect * Double(imageCount ?? 0).squareRoot())
    }

    /// The least mean in standard deviations of an image's score.
    ///
    /// Of six molecules at SNR 0.05 it is 0.54 to 2.7, and of the 70S at SNR 0.02, where most of the spread is noise, 0.38. Of EMD-1977 it is −0.11 there
    /// and 0.12 in images of SNR 1, so noise is not what hides its sign.
    private static let leastEffect = 0.25

    /// Looks at up to a thousand images spread over the set.
    public init(images: ParticleImages, parallel: Parallel) {
        let indices = images.source.sample(atMost: 1000)
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
        imageCount = scores.count
        sign = mean >= 0 ? 1 : -1
        let standardError = (variance / Double(max(1, scores.count))).squareRoot()
        // One image, or copies of one, have no spread to compare with.
        significance = standardError > 0 ? abs(mean) / standardError : 0
    }

    /// The transform of a ball, 3 (sin x − x cos x) / x³.
    private static func ballTransform(_ x: Double) -> Double { 3 * (sin(x) - x * cos(x)) / (x * x * x) }
}
