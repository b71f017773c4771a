import CryoCore
import CryoFourier
import CryoTestSupport
import Foundation
import Testing

@testable import CryoInference

/// The fast posterior and its gradient against the term-by-term specification.
struct PosteriorAgainstNaiveTests {
    static let boxSize = 32
    static let pixelSize = 6.0
    static let ringCount = 6

    struct Scene {
        var engine: PosteriorEngine
        var ball: FourierBall
        var images: [PolarImage]
        var noise: [Double]
        var volume: Volume
    }

    static func scene(
        astigmatism: Double, beta: Double = 1, seed: UInt64 = 7, threads: Int = 2, snr: Double = 1
    ) -> Scene {
        let volume = TestScene.blobs(boxSize: boxSize, pixelSize: pixelSize)
        let boxLength = Double(boxSize) * pixelSize
        let ctfs = (0..<3).map {
            TestScene.ctf(defocus: 12_000 + 4_000 * Double($0), astigmatism: astigmatism)
        }
        let orders = PosteriorEngine.normOrderCount(
            for: ctfs, frequency: Double(ringCount) / boxLength)
        let engine = PosteriorEngine(
            ringCount: ringCount, boxLength: boxLength, radius: 0.4 * boxLength, normOrderCount: orders,
            directions: DirectionGrid(spacing: 0.45),
            shifts: ShiftGrid(extent: 9, spacing: 8, priorSigma: 10), parallel: Parallel(threads: threads))
        let ball = FourierBall(
            volume, radius: Double(ringCount) + 0.01, scale: 1 / Float(boxSize))
        engine.setDensity(ball)
        let preparation = ImagePreparation(
            boxSize: boxSize, pixelSize: pixelSize, grid: engine.grid,
            mask: SoftMask(radius: 0.42 * boxLength, softness: 0.06 * boxLength))
        let projector = Projector(volume)
        var stream = RandomStream(seed: seed)
        let images = ctfs.map { ctf -> PolarImage in
            let pose = Pose(
                rotation: TestScene.rotation(&stream), originX: 5 * stream.normal(),
                originY: 5 * stream.normal())
            let clean = projector.project(pose, ctf: ctf).image()
            let image = TestScene.noisy(clean, sigma: 1.0 / snr, &stream)
            return preparation.prepare(
                image, ctf: ctf, sign: 1, centre: [2 * stream.normal(), 2 * stream.normal()])
        }
        let noise = (0..<ringCount).map { (1 + 0.1 * Double($0)) / (snr * snr) }
        return Scene(engine: engine, ball: ball, images: images, noise: noise, volume: volume)
    }

    static func allDirections(_ grid: DirectionGrid) -> [Rotation] {
        (0..<grid.pairCount).flatMap { index in
            [grid.rotation(index, isOpposite: false), grid.rotation(index, isOpposite: true)]
        }
    }

    static func maximumDifference(_ a: FourierBall, _ b: FourierBall) -> Float {
        let volumeA = a.adjointVolume(boxSize: boxSize, pixelSize: pixelSize, scale: 1)
        let volumeB = b.adjointVolume(boxSize: boxSize, pixelSize: pixelSize, scale: 1)
        let scale = volumeB.voxels.map(abs).max() ?? 1
        return zip(volumeA.voxels, volumeB.voxels).map { abs($0 - $1) }.max().map { $0 / scale } ?? 0
    }

    @Test(arguments: [(0.0, 1.0, 1.0), (3_000.0, 1.0, 1.0), (3_000.0, 0.2, 1.0), (1_000.0, 1.0, 4.0)])
    func evidenceAndGradientAgree(astigmatism: Double, beta: Double, snr: Double) {
        let scene = Self.scene(astigmatism: astigmatism, snr: snr)
        let gradient = SliceGradient(engine: scene.engine)
        let fast = scene.engine.posterior(
            of: scene.images, noiseVariance: scene.noise, beta: beta, gradient: gradient)
        let density = scene.engine.densityGradient(of: gradient, noiseVariance: scene.noise)
        let naive = NaivePosterior(
            grid: scene.engine.grid, boxLength: scene.engine.boxLength, noiseVariance: scene.noise,
            beta: beta)
        let results = scene.images.map {
            naive.evaluate(
                $0, ball: scene.ball, directions: Self.allDirections(scene.engine.directions),
                shifts: scene.engine.shifts)
        }
        for (fast, naive) in zip(fast, results) {
            // What is left is single precision and the triangle of angular orders.
            #expect(abs(fast.logEvidence - naive.logEvidence) <= 1e-4 * max(1, abs(naive.logEvidence)))
            #expect(abs(fast.effectivePoses / naive.effectivePoses - 1) < 2e-3)
        }
        var (expected, curvature) = (results[0].gradient, results[0].curvature)
        var residuals = results[0].residualPowers
        for result in results.dropFirst() {
            expected += result.gradient
            curvature += result.curvature
            for ring in residuals.indices { residuals[ring] += result.residualPowers[ring] }
        }
        #expect(Self.maximumDifference(density.gradient, expected) < 1e-3)
        for ring in residuals.indices {
            #expect(abs(density.residualPowers[ring] / residuals[ring] - 1) < 1e-3)
        }
        let scale = curvature.samples.map { abs($0.x) }.max() ?? 1
        for (a, b) in zip(density.curvature.samples, curvature.samples) {
            #expect(abs(a.x - b.x) < 1e-3 * scale)
        }
    }

    @Test func resultsDoNotDependOnThreads() {
        let outcomes = [1, 2, 3].map { threads -> ([ImagePosterior], [SIMD2<Float>]) in
            let scene = Self.scene(astigmatism: 500, threads: threads)
            let gradient = SliceGradient(engine: scene.engine)
            let posteriors = scene.engine.posterior(
                of: scene.images, noiseVariance: scene.noise, gradient: gradient)
            let density = scene.engine.densityGradient(of: gradient, noiseVariance: scene.noise)
            return (posteriors, density.gradient.samples)
        }
        #expect(outcomes[0] == outcomes[1])
        #expect(outcomes[0] == outcomes[2])
    }

    @Test func gradientIsTheDerivativeOfTheEvidence() {
        let scene = Self.scene(astigmatism: 1_000)
        let scale = 1 / Float(Self.boxSize)
        let gradient = SliceGradient(engine: scene.engine)
        _ = scene.engine.posterior(of: scene.images, noiseVariance: scene.noise, gradient: gradient)
        let slope = scene.engine.densityGradient(of: gradient, noiseVariance: scene.noise).gradient
            .adjointVolume(boxSize: Self.boxSize, pixelSize: Self.pixelSize, scale: scale)
        var direction = TestScene.blobs(boxSize: Self.boxSize, pixelSize: Self.pixelSize, seed: 99)
        for index in direction.voxels.indices { direction.voxels[index] *= 0.02 }
        func evidence(_ step: Float) -> Double {
            var moved = scene.volume
            for index in moved.voxels.indices { moved.voxels[index] += step * direction.voxels[index] }
            scene.engine.setDensity(
                FourierBall(moved, radius: Double(Self.ringCount) + 0.01, scale: scale))
            return scene.engine.posterior(of: scene.images, noiseVariance: scene.noise)
                .reduce(0) { $0 + $1.logEvidence }
        }
        let expected = zip(slope.voxels, direction.voxels).reduce(0.0) { $0 + Double($1.0 * $1.1) }
        let difference = (evidence(1) - evidence(-1)) / 2
        // Central difference of a smooth function: the error is of third order in the step.
        #expect(abs(difference / expected - 1) < 5e-3, "difference \(difference), gradient \(expected)")
    }

    @Test func peakIsTheMostProbableNode() {
        let scene = Self.scene(astigmatism: 0)
        let posteriors = scene.engine.posterior(of: scene.images, noiseVariance: scene.noise)
        for posterior in posteriors {
            #expect(posterior.peakProbability > 0 && posterior.peakProbability <= 1.001)
            #expect(posterior.node.direction < scene.engine.directions.pairCount)
            #expect(posterior.effectivePoses >= 1 / posterior.peakProbability * 0.999)
        }
    }
}
