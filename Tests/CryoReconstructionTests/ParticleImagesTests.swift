import CryoCore
import CryoFourier
import CryoInference
import CryoTestSupport
import Foundation
import Testing

@testable import CryoReconstruction

/// What a run learns from its images before it starts, and which of them it leaves out.
struct ParticleImagesTests {
    static let phantom = Volume(scatterers: Phantom(diameter: 140).scatterers, boxSize: 32, pixelSize: 6)

    /// Row by row, where the circle ends on pixels, between them and outside the box.
    @Test(arguments: [31, 32], [9, 9.6, 40]) func measuresAreThoseOfEachPixelInTheCircle(
        boxSize n: Int, radius: Double
    ) {
        var image = Image.random(boxSize: n, seed: 4)
        image[3, 1] = -20
        let inside = (0..<n * n).filter { hypot(Double($0 % n - n / 2), Double($0 / n - n / 2)) <= radius }
        let power = inside.reduce(0) { $0 + pow(Double(image.pixels[$1]), 2) } / Double(inside.count)
        let measures = ImageLimits.Measures(image, radius: radius)
        // The same sum in the same order.
        #expect(abs(measures.power / power - 1) < 1e-14)
        #expect(measures.extreme == 20)
    }

    @Test(arguments: [1, -1] as [Float], [1, 2] as [UInt64])
    func contrastIsFound(gain: Float, seed: UInt64) throws {
        let source = try TestSource(
            Self.phantom, count: 200, diameter: 140, signalToNoise: 0.1, seed: seed, gain: gain)
        let images = ParticleImages(source: source, radius: 75)
        let contrast = ContrastDetection(images: images, parallel: Parallel(threads: 2))
        #expect(contrast.sign == (gain > 0 ? 1 : -1))
        #expect(contrast.isClear)
    }

    @Test func noiseHasNoContrast() {
        let source = TestSource.noise(count: 100, boxSize: 32, pixelSize: 6) { _ in 1 }
        let contrast = ContrastDetection(
            images: ParticleImages(source: source, radius: 75), parallel: Parallel(threads: 2))
        // Standard errors of a mean that is zero; the seed is fixed.
        #expect(contrast.significance < 3 && !contrast.isClear)
    }

    @Test func spectrumOfColouredNoiseIsMeasured() throws {
        // Falls by a factor of six over the rings, smoothly on the scale of the mask's own transform.
        func variance(_ k: Double) -> Double { 1 + 5 * exp(-k * k / 72) }
        let source = TestSource.noise(count: 400, boxSize: 48, pixelSize: 5, variance: variance)
        let images = ParticleImages(source: source, radius: 80)
        let parallel = Parallel(threads: 2)
        let spectra = images.backgroundSpectra(ringCount: 20, parallel: parallel)
        let coloured = try #require(NoiseSpectrum(spectra, isColoured: true))
        #expect(coloured.variance.count == 20 && coloured.variance(rings: 7).count == 7)
        // Images are normalised, so only the shape is known; the outer rings have some 10⁴ samples.
        let scale = coloured.variance[14] / variance(15)
        for ring in [4, 5, 6, 9, 12, 17, 20] {
            // Taking off the ramp takes noise with it, 20 % at ring 2 and 10 % at ring 4. 400 images with some π·ring
            // independent samples each give 1 to 2 %.
            #expect(abs(coloured.variance[ring - 1] / scale / variance(Double(ring)) - 1) < 0.15)
        }
        let white = try #require(NoiseSpectrum(spectra, isColoured: false))
        #expect(white.variance == [Double](repeating: 1, count: 20))
    }

    /// A source of noise with a NaN image, a constant one and one that cannot be read.
    static func damaged(count: Int = 20) -> TestSource {
        var source = TestSource.noise(count: count, boxSize: 32, pixelSize: 6) { _ in 1 }
        source.images[3]?.pixels[500] = .nan
        source.images[7] = Image(boxSize: 32, pixelSize: 6)
        source.images[11] = nil
        return source
    }

    @Test func damagedParticlesAreSetAsideWithTheReason() {
        let images = ParticleImages(source: Self.damaged(), radius: 75)
        let preparation = ImagePreparation(
            boxSize: 32, pixelSize: 6, grid: PolarGrid(ringCount: 5, angleCount: 24),
            mask: SoftMask(radius: 75, softness: 10))
        #expect(images.setAside.isEmpty)
        for threads in [1, 2] {
            let made = images.polarImages(
                [11, 2, 3, 5, 7, 13], preparation: preparation, parallel: Parallel(threads: threads))
            #expect(made.indices == [2, 5, 13] && made.images.count == 3)
        }
        #expect(images.setAside.keys.sorted() == [3, 7, 11])
        #expect(images.setAside[3]?.contains("not finite") == true)
        #expect(images.setAside[7]?.contains("constant") == true)
        #expect(images.setAside[11]?.contains("Unreadable") == true)
    }

    @Test func centresAreHandedToTheImages() {
        let images = ParticleImages(source: Self.damaged(), radius: 75)
        let preparation = ImagePreparation(
            boxSize: 32, pixelSize: 6, grid: PolarGrid(ringCount: 5, angleCount: 24),
            mask: SoftMask(radius: 75, softness: 10))
        images.recentre(2, at: [4, -9])
        images.sign = -1
        let made = images.polarImages([2, 4], preparation: preparation, parallel: Parallel(threads: 1))
        #expect(made.images.map(\.centre) == [[4, -9], .zero])
        images.sign = 1
        let white = images.polarImages([2], preparation: preparation, parallel: Parallel(threads: 1))
        #expect(zip(white.images[0].values, made.images[0].values).allSatisfy { $0 == -$1 })
    }

    static func shortRun(_ source: TestSource, _ change: (inout ReconstructionParameters) -> Void = { _ in })
        throws
        -> Reconstruction
    {
        var parameters = ReconstructionParameters()
        parameters.annealIterations = 3
        parameters.annealBatch = 4
        parameters.maxIterations = 3
        parameters.annealResolution = 50
        parameters.maxResolution = 50
        parameters.shiftExtent = 12
        change(&parameters)
        return try Reconstruction(source: source, parameters: parameters, parallel: Parallel(threads: 2))
    }

    /// Minibatches without a single usable image pass by.
    @Test func runsGoOnWithoutDamagedParticles() throws {
        var source = try TestSource(Self.phantom, count: 30, diameter: 140, signalToNoise: 1)
        for index in 0..<27 { source.images[index] = Image(boxSize: 32, pixelSize: 6) }
        let result = try Self.shortRun(source).run()
        #expect(result.setAside.count == 27)
        #expect(result.estimates.map { $0 != nil } == (0..<30).map { $0 >= 27 })
        #expect(result.map.voxels.allSatisfy { $0.isFinite } && result.map.voxels.contains { $0 > 0 })
        #expect(result.statistics.allSatisfy { $0.logEvidence.isFinite })
    }

    /// One crop padded with a constant and one hot pixel would outweigh all other images.
    @Test func imagesFarFromTheOthersAreSetAside() throws {
        var source = try TestSource(Self.phantom, count: 60, diameter: 140, signalToNoise: 1)
        for y in 0..<32 {
            for x in 0..<32 where (x - 16) * (x - 16) + (y - 16) * (y - 16) > 144 {
                source.images[4]?[x, y] = (x + y) % 2 == 0 ? 1e-3 : -1e-3
            }
        }
        source.images[9]?[14, 17] = 1e5
        let result = try Self.shortRun(source).run()
        #expect(result.setAside.keys.sorted() == [4, 9])
        #expect(result.estimates.indices.filter { result.estimates[$0] == nil } == [4, 9])
        #expect(result.map.voxels.allSatisfy { $0.isFinite } && result.map.voxels.contains { $0 > 0 })
    }

    /// All stacks were there at the start, so a failure is the disk's, and the run must not go on without the image.
    @Test func failuresToReadStopTheRun() throws {
        var source = try TestSource(Self.phantom, count: 30, diameter: 140, signalToNoise: 1)
        source.images[5] = nil
        #expect(throws: ReconstructionError.readFailure("Unreadable()")) {
            try Self.shortRun(source).run()
        }
    }

    @Test func senselessInputIsRefused() throws {
        let source = try TestSource(Self.phantom, count: 10, diameter: 140, signalToNoise: 1)
        #expect(throws: ReconstructionError.unknownSymmetry("Q3")) {
            try Self.shortRun(source) { $0.symmetry = "Q3" }
        }
        for diameter in [0, 24, 193, -5, Double.infinity] {
            #expect(throws: ReconstructionError.diameterOutOfRange(diameter, box: 192)) {
                try Self.shortRun(source) { $0.diameter = diameter }
            }
        }
        #expect(throws: ReconstructionError.self) { try Self.shortRun(source) { $0.diameter = .nan } }
        var empty = source
        empty.images = [Image?](repeating: Image(boxSize: 32, pixelSize: 6), count: 10)
        #expect(throws: ReconstructionError.noUsableImages(10, reason: "pixels are constant or not finite")) {
            try Self.shortRun(empty)
        }
    }
}
