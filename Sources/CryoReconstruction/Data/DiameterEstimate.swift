import CryoCore
import CryoFourier
import CryoInference
import Foundation

/// A particle's diameter from its images, for users who do not say it.
///
/// Images are smoothed to 40 Å, so that the particle stands out of the noise, and squared; averaged over images, the mean of
/// the squares on a ring of pixels exceeds that of the background as far out as the particle reaches. The radius is where the
/// excess falls for good below 1 % of its largest value, or below half the scatter of the background, and the diameter a tenth
/// more than twice that. Off-centre particles and the rings of the CTF only widen it, which costs a little time; too small a
/// diameter would cut the particle. The median over images instead of the mean, and 4 %, cut off the arms of a bent molecule.
public struct DiameterEstimate: Sendable, Equatable {
    /// The diameter, in Å.
    public var diameter: Double
    /// Whether the images told it; otherwise it is 0.8 of the box.
    public var isFromImages: Bool

    /// Looks at up to `limit` images spread over a set; images that cannot be read are passed over.
    public init(source: any ParticleSource, limit: Int = 1000, parallel: Parallel) {
        self.init(
            profile: Self.profile(source: source, limit: limit, parallel: parallel), boxSize: source.boxSize,
            pixelSize: source.pixelSize)
    }

    /// From the mean square of smoothed images on rings of one pixel's width about the middle.
    init(profile: [Double], boxSize: Int, pixelSize: Double) {
        diameter = 0.8 * Double(boxSize) * pixelSize
        isFromImages = false
        let outer = profile.dropFirst(Int(Self.outerRadius * Double(boxSize))).sorted()
        guard outer.count >= 2, outer[outer.count / 2] > 0 else { return }
        let base = outer[outer.count / 2]
        let excess = profile.map { $0 / base - 1 }
        let largest = excess.max() ?? 0
        let scatter = outer.map { abs($0 / base - 1) }.max() ?? 0
        let least = max(0.01 * largest, 0.5 * scatter)
        guard largest > 10 * max(scatter, 1e-6), let last = excess.lastIndex(where: { $0 > least }) else {
            return
        }
        // Beyond 0.95 of the box nothing is left to tell the background by, below a quarter it is not the particle.
        diameter =
            min(0.95 * Double(boxSize), max(0.25 * Double(boxSize), 2.2 * Double(last + 1))) * pixelSize
        isFromImages = true
    }

    /// Where the background is taken to begin, in boxes.
    private static let outerRadius = 0.44

    private static func profile(source: any ParticleSource, limit: Int, parallel: Parallel) -> [Double] {
        let n = source.boxSize
        let indices = source.sample(atMost: limit)
        let normalization = BackgroundNormalization(boxSize: n, radius: outerRadius * Double(n))
        let rings = (0..<(n * n)).map { pixel -> Int in
            let (dx, dy) = (Double(pixel % n - n / 2), Double(pixel / n - n / 2))
            return Int((dx * dx + dy * dy).squareRoot())
        }
        let sums = parallel.map(indices.count) { place -> [Double]? in
            guard var image = try? source.image(indices[place]), normalization.apply(to: &image) != nil
            else { return nil }
            let smooth = Self.smoothed(image)
            var sums = [Double](repeating: 0, count: n / 2)
            for (pixel, ring) in rings.enumerated() where ring < n / 2 {
                sums[ring] += Double(smooth.pixels[pixel]) * Double(smooth.pixels[pixel])
            }
            return sums
        }.compactMap { $0 }
        var counts = [Double](repeating: 0, count: n / 2)
        for ring in rings where ring < n / 2 { counts[ring] += 1 }
        // Without the twentieth of images that have most, so that ice or dirt does not decide.
        return counts.indices.map { ring in
            let values = sums.map { $0[ring] / counts[ring] }.sorted().prefix((19 * sums.count + 19) / 20)
            return values.reduce(0, +) / Double(max(1, values.count))
        }
    }

    /// An image without detail finer than 40 Å and without its coarsest waves, which are ramps of ice.
    private static func smoothed(_ image: Image) -> Image {
        var transform = FourierImage(image)
        let width = Double(image.boxSize) * image.pixelSize / 40
        for index in transform.coefficients.indices {
            let (kx, ky) = transform.frequency(index)
            let squared = Double(kx * kx + ky * ky)
            transform.coefficients[index] *= Float(
                exp(-squared / (2 * width * width)) * (1 - exp(-squared / 2)))
        }
        return transform.image()
    }
}
