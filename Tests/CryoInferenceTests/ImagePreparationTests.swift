import CryoCore
import CryoFourier
import CryoTestSupport
import Foundation
import Testing

@testable import CryoInference

/// What the posterior is told of an image is what the image holds.
struct ImagePreparationTests {
    static let boxSize = 64
    static let pixelSize = 4.0
    static let boxLength = 256.0

    static func preparation(ringCount: Int, angleCount: Int = 96, radius: Double = 100) -> ImagePreparation {
        ImagePreparation(
            boxSize: boxSize, pixelSize: pixelSize,
            grid: PolarGrid(ringCount: ringCount, angleCount: angleCount),
            mask: SoftMask(radius: radius, softness: 13))
    }

    /// Mean and standard error of each ring over images of white noise of variance 1.
    static func ringStatistics(_ power: (_ image: Image) -> [Double]) -> [(mean: Double, error: Double)] {
        let spectra = (0..<150).map { power(Image.random(boxSize: boxSize, pixelSize: pixelSize, seed: $0)) }
        return spectra[0].indices.map { ring in
            let values = spectra.map { $0[ring] }
            let mean = values.reduce(0, +) / Double(values.count)
            let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)
            return (mean, (variance / Double(values.count)).squareRoot())
        }
    }

    @Test func whiteNoiseHasVarianceOneOnEveryRing() {
        let preparation = Self.preparation(ringCount: 12)
        let statistics = Self.ringStatistics { image in
            let polar = preparation.prepare(image, ctf: TestScene.ctf(), sign: 1)
            return (0..<12).map { ring in
                let half = preparation.grid.halfCount
                let values = polar.values[(ring * half)..<((ring + 1) * half)]
                return values.reduce(0) { $0 + Double(($1 * $1).sum()) } / Double(half)
                    / preparation.maskPower
            }
        }
        for (mean, error) in statistics {
            // Four standard errors of twelve rings: one in a thousand seeds would fail, and the seed is fixed.
            #expect(abs(mean - 1) < 4 * error)
            #expect(error < 0.06)
        }
    }

    @Test func backgroundAloneGivesTheSameVariance() {
        let preparation = Self.preparation(ringCount: 12)
        let statistics = Self.ringStatistics { preparation.backgroundPower($0) }
        for (mean, error) in statistics {
            // As above.
            #expect(abs(mean - 1) < 4 * error)
            #expect(error < 0.06)
        }
    }

    /// Fewer pixels for the same frequencies: a wide mask leaves coefficients as they were.
    @Test(arguments: [5, 9, 14]) func croppingDoesNotChangeCoefficients(ringCount: Int) {
        let image = Projector(TestScene.blobs(boxSize: Self.boxSize, pixelSize: Self.pixelSize))
            .project(Pose(rotation: .identity)).image()
        let preparation = Self.preparation(ringCount: ringCount, radius: 1000)
        let cropped = preparation.prepare(image, ctf: TestScene.ctf(), sign: 1).values
        let whole = PolarSampler(grid: preparation.grid, boxSize: Self.boxSize).sample(image)
        // The density is band-limited to about 14 rings (Gaussians of 0.045 n) and dies out before the box's edge;
        // the sampler's own error is 10⁻⁵.
        #expect(relativeDifference(cropped, whole) < 1e-3)
    }

    @Test func signAndCentreAreKept() {
        let image = Image.random(boxSize: Self.boxSize, pixelSize: Self.pixelSize, seed: 8)
        let preparation = Self.preparation(ringCount: 6)
        let white = preparation.prepare(image, ctf: TestScene.ctf(), sign: 1, centre: [3, -4])
        let black = preparation.prepare(image, ctf: TestScene.ctf(), sign: -1, centre: [3, -4])
        #expect(white.centre == [3, -4] && white.ctf == black.ctf)
        #expect(zip(white.values, black.values).allSatisfy { $0 == -$1 })
    }

    /// A particle whose origin is +o lies at −o, and so must the mask: what lies there is kept, the mirrored place not.
    @Test func maskStandsWhereTheParticleIs() {
        let preparation = Self.preparation(ringCount: 6, radius: 40)
        let centre = SIMD2(60.0, 0.0)
        func power(atPixel x: Int) -> Float {
            var image = Image(boxSize: Self.boxSize, pixelSize: Self.pixelSize)
            image[x, Self.boxSize / 2] = 1
            return preparation.prepare(image, ctf: TestScene.ctf(), sign: 1, centre: centre).values
                .reduce(0) { $0 + ($1 * $1).sum() }
        }
        let offset = Int(60 / Self.pixelSize)
        #expect(power(atPixel: Self.boxSize / 2 - offset) > 100 * power(atPixel: Self.boxSize / 2 + offset))
    }

    @Test func ctfIsThatOfTheFrequencyInReciprocalAngstroms() {
        let ctf = TestScene.ctf(defocus: 14_000, astigmatism: 900)
        let preparation = Self.preparation(ringCount: 8)
        let polar = preparation.prepare(Image(boxSize: 64, pixelSize: 4), ctf: ctf, sign: 1)
        let grid = preparation.grid
        for (ring, angle) in [(1, 0), (4, 7), (8, 30)] {
            let phi = 2 * Double.pi * Double(angle) / Double(grid.angleCount)
            let frequency = Double(ring) / Self.boxLength
            let expected = ctf.evaluator(frequency * cos(phi), frequency * sin(phi))
            // Points are single precision; the phase is below 10, so 10⁻⁵.
            #expect(abs(Double(polar.ctf[(ring - 1) * grid.halfCount + angle]) - expected) < 1e-5)
        }
    }

    /// Log-likelihoods relative to noise at one pose.
    struct Likelihoods {
        /// The sum over the Cartesian disc, without its centre.
        var cartesian: Double
        /// The centre's term of that sum.
        var centre: Double
        /// The polar quadrature.
        var polar: Double
    }

    /// −½|X − T|² + ½|X|².
    static func gain(_ x: Complex, _ t: Complex) -> Double {
        let residual = x - t
        return 0.5 * (Double((x * x).sum()) - Double((residual * residual).sum()))
    }

    static func likelihoods(pose: Pose, truth: Pose, sigma: Double, seed: UInt64) -> Likelihoods {
        let ctf = TestScene.ctf(defocus: 16_000, astigmatism: 800)
        let projector = Projector(TestScene.blobs(boxSize: boxSize, pixelSize: pixelSize))
        var stream = RandomStream(seed: seed)
        let image = TestScene.noisy(projector.project(truth, ctf: ctf).image(), sigma: sigma, &stream)
        let model = projector.project(pose, ctf: ctf).image()
        let ringCount = 20
        let preparation = preparation(ringCount: ringCount, angleCount: 192)
        let (grid, variance) = (preparation.grid, sigma * sigma)
        let data = preparation.prepare(image, ctf: ctf, sign: 1).values
        let predicted = preparation.prepare(model, ctf: ctf, sign: 1).values
        var result = Likelihoods(cartesian: 0, centre: 0, polar: 0)
        for point in data.indices {
            // The half grid stands for the whole.
            let weight = 2 * grid.measure(ring: point / grid.halfCount + 1) / variance
            result.polar += weight * gain(data[point], predicted[point])
        }
        let mask = SoftMask(radius: 100, softness: 13).weights(boxSize: boxSize, pixelSize: pixelSize)
        func transform(_ image: Image) -> FourierImage {
            FourierImage(
                Image(boxSize: boxSize, pixelSize: pixelSize, pixels: zip(image.pixels, mask).map { $0 * $1 })
            )
        }
        let (x, t) = (transform(image), transform(model))
        for index in x.coefficients.indices {
            let (kx, ky) = x.frequency(index)
            guard hypot(Double(kx), Double(ky)) < Double(ringCount) + 0.5 else { continue }
            let value = gain(x.coefficients[index], t.coefficients[index]) / variance
            if kx == 0 && ky == 0 {
                result.centre = value
            } else {
                result.cartesian += (kx == 0 ? 1 : 2) * value
            }
        }
        return result
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt64]) func polarLikelihoodIsTheCartesianOne(seed: UInt64) {
        var stream = RandomStream(seed: 100 + seed)
        let truth = Pose(rotation: TestScene.rotation(&stream), originX: 5, originY: -3)
        let tilted = Rotation(axis: [0, 1, 0], angle: Angle(degrees: 6)) * truth.rotation
        let near = Pose(rotation: tilted, originX: 8, originY: -3)
        let best = Self.likelihoods(pose: truth, truth: truth, sigma: 4, seed: seed)
        let other = Self.likelihoods(pose: near, truth: truth, sigma: 4, seed: seed)
        #expect(best.cartesian > 20 && best.cartesian > other.cartesian)
        // Both sums leave the mean out. The integral over frequencies is the Cartesian sum with the centre f(0); by
        // Euler and Maclaurin Σ 2πk f(k) falls short of it by 2π f(0)/12. The rest is noise cut at the last ring.
        let expected = best.cartesian + (1 - .pi / 6) * best.centre
        #expect(abs(best.polar - expected) < 0.1)
        // method.md §15.7: what the posterior sees of it is differences between poses.
        #expect(abs((best.polar - other.polar) - (best.cartesian - other.cartesian)) < 0.05)
    }
}
