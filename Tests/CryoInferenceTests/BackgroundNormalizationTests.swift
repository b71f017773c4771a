import CryoCore
import CryoInference
import CryoTestSupport
import Foundation
import Testing

/// Images are brought to a flat background of mean 0 and standard deviation 1, or refused.
struct BackgroundNormalizationTests {
    static let boxSize = 32
    static let radius = 12.0

    /// The pixels outside the circle.
    static func background(_ image: Image, radius: Double = radius) -> [(x: Double, y: Double, value: Double)]
    {
        let n = image.boxSize
        var result = [(x: Double, y: Double, value: Double)]()
        for y in 0..<n {
            for x in 0..<n {
                let (dx, dy) = (Double(x) - Double(n - 1) / 2, Double(y) - Double(n - 1) / 2)
                if dx * dx + dy * dy > radius * radius { result.append((dx, dy, Double(image[x, y]))) }
            }
        }
        return result
    }

    @Test(arguments: [31, 32, 64]) func rampMeanAndScaleAreTakenOff(boxSize: Int) throws {
        let noise = Image.random(boxSize: boxSize, seed: 3)
        var image = noise
        for y in 0..<boxSize {
            for x in 0..<boxSize { image[x, y] = 40 * noise[x, y] + 1000 + 3 * Float(x) - 7 * Float(y) }
        }
        let radius = 0.4 * Double(boxSize)
        let normalization = BackgroundNormalization(boxSize: boxSize, radius: radius)
        let statistics = try #require(normalization.apply(to: &image))
        let pixels = Self.background(image, radius: radius)
        let count = Double(pixels.count)
        // Pixels were of size 1000 in single precision and are now of size 1: 10³ ε a pixel, less in the mean.
        #expect(abs(pixels.reduce(0) { $0 + $1.value } / count) < 1e-5)
        #expect(abs(pixels.reduce(0) { $0 + $1.value * $1.value } / count - 1) < 1e-5)
        let slopeX = pixels.reduce(0) { $0 + $1.value * $1.x } / pixels.reduce(0) { $0 + $1.x * $1.x }
        let slopeY = pixels.reduce(0) { $0 + $1.value * $1.y } / pixels.reduce(0) { $0 + $1.y * $1.y }
        #expect(abs(slopeX) < 1e-6 && abs(slopeY) < 1e-6)
        #expect(abs(statistics.standardDeviation / 40 - 1) < 0.15)
    }

    @Test func resultDoesNotDependOnGainAndOffset() throws {
        let normalization = BackgroundNormalization(boxSize: Self.boxSize, radius: Self.radius)
        var plain = Image.random(boxSize: Self.boxSize, seed: 4)
        var changed = plain
        for index in changed.pixels.indices { changed.pixels[index] = 250 * plain.pixels[index] - 800 }
        _ = try #require(normalization.apply(to: &plain))
        _ = try #require(normalization.apply(to: &changed))
        // Single precision: 800 / 250 · ε.
        for (a, b) in zip(plain.pixels, changed.pixels) { #expect(abs(a - b) < 1e-5) }
    }

    @Test func theParticleDoesNotCount() throws {
        let normalization = BackgroundNormalization(boxSize: Self.boxSize, radius: Self.radius)
        var empty = Image.random(boxSize: Self.boxSize, seed: 5)
        var full = empty
        for y in 10..<22 {
            for x in 10..<22 { full[x, y] += 100 }
        }
        let without = try #require(normalization.apply(to: &empty))
        let with = try #require(normalization.apply(to: &full))
        #expect(with == without)
        #expect(abs(full[16, 16] - empty[16, 16] - Float(100 / without.standardDeviation)) < 1e-3)
    }

    @Test(arguments: [0, 0.1, -3e7, 1e-20, 65_535] as [Float])
    func constantImagesAreRefused(value: Float) {
        let normalization = BackgroundNormalization(boxSize: Self.boxSize, radius: Self.radius)
        var image = Image(boxSize: Self.boxSize, pixelSize: 1)
        for index in image.pixels.indices { image.pixels[index] = value }
        let statistics = normalization.apply(to: &image)
        #expect(statistics == nil)
    }

    /// A flat background round a busy particle gives no scale either.
    @Test func constantBackgroundIsRefused() {
        let normalization = BackgroundNormalization(boxSize: Self.boxSize, radius: Self.radius)
        var image = Image(boxSize: Self.boxSize, pixelSize: 1)
        for y in 12..<20 {
            for x in 12..<20 { image[x, y] = Float(x * y) }
        }
        let statistics = normalization.apply(to: &image)
        #expect(statistics == nil)
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity, .greatestFiniteMagnitude], [0, 16 * 32 + 16])
    func undefinedPixelsAreRefusedWhereverTheyAre(value: Float, place: Int) {
        let normalization = BackgroundNormalization(boxSize: Self.boxSize, radius: Self.radius)
        var image = Image.random(boxSize: Self.boxSize, seed: 6)
        image.pixels[place] = value
        if value == .greatestFiniteMagnitude {
            // Finite, so it may pass; what passes must be finite.
            let isFinite = normalization.apply(to: &image) == nil || image.pixels.allSatisfy { $0.isFinite }
            #expect(isFinite)
        } else {
            let statistics = normalization.apply(to: &image)
            #expect(statistics == nil)
        }
    }

    /// The circle is cut so that corners are always left.
    @Test func tooLargeACircleStillLeavesBackground() {
        var image = Image.random(boxSize: Self.boxSize, seed: 7)
        let normalization = BackgroundNormalization(boxSize: Self.boxSize, radius: 1000)
        let statistics = normalization.apply(to: &image)
        #expect(statistics != nil)
    }
}
