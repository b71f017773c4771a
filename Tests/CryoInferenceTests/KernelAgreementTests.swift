import CryoCore
import CryoFourier
import CryoKernelInterface
import CryoTestSupport
import Foundation
import Testing

@testable import CryoInference

/// The instruction sets compute the same posterior, and no data make it undefined.
struct KernelAgreementTests {
    typealias Scene = PosteriorAgainstNaiveTests

    /// The scene's posterior and gradient with a set of kernels.
    static func outcome(_ scene: Scene.Scene, kernels: PoseKernels) -> ([ImagePosterior], FourierBall) {
        let engine = PosteriorEngine(
            ringCount: scene.engine.grid.ringCount, boxLength: scene.engine.boxLength,
            radius: 0.4 * scene.engine.boxLength, normOrderCount: scene.engine.layout.normOrderCount,
            directions: scene.engine.directions, shifts: scene.engine.shifts,
            parallel: Parallel(threads: 2), kernels: kernels)
        engine.setDensity(scene.ball)
        let gradient = SliceGradient(engine: engine)
        let posteriors = engine.posterior(of: scene.images, noiseVariance: scene.noise, gradient: gradient)
        return (posteriors, engine.densityGradient(of: gradient, noiseVariance: scene.noise).gradient)
    }

    @Test(arguments: AvailableKernels.names)
    func instructionSetsAgreeWithinRounding(name: String) {
        let scene = Scene.scene(astigmatism: 2_000)
        let (expected, slope) = Self.outcome(scene, kernels: AvailableKernels.all[0])
        let (found, otherSlope) = Self.outcome(scene, kernels: AvailableKernels.named(name))
        for (a, b) in zip(found, expected) {
            // Sums of some hundred products in single precision, in another order: 10⁻⁶ of the largest energy.
            #expect(abs(a.logEvidence - b.logEvidence) < 1e-5 * max(1, abs(b.logEvidence)))
            #expect(abs(a.peakProbability / b.peakProbability - 1) < 1e-3)
            #expect(a.node == b.node)
        }
        // A responsibility moves by as much, relatively, as its energy does absolutely.
        #expect(relativeDifference(otherSlope.samples, slope.samples) < 1e-3)
    }

    @Test func theBestSetIsOneOfTheAvailable() {
        #expect(AvailableKernels.names.contains(KernelSet.best.name))
    }

    /// Noise from far too small to far too large: sharper than floats resolve, or no information at all.
    @Test(arguments: [1e-8, 1e-4, 1, 1e4, 1e8], AvailableKernels.names)
    func evidenceIsFiniteAtAnySignalToNoise(variance: Double, name: String) {
        let scene = Scene.scene(astigmatism: 500)
        let silent = PolarImage(
            values: [Complex](repeating: .zero, count: scene.engine.grid.pointCount),
            ctf: scene.images[0].ctf)
        var loud = scene.images[1]
        for index in loud.values.indices { loud.values[index] *= 1e3 }
        var extreme = scene
        extreme.images = [scene.images[0], silent, loud]
        extreme.noise = scene.noise.map { $0 * variance }
        let (posteriors, gradient) = Self.outcome(extreme, kernels: AvailableKernels.named(name))
        for posterior in posteriors {
            #expect(posterior.logEvidence.isFinite)
            #expect(posterior.effectivePoses >= 0.999 && posterior.effectivePoses.isFinite)
            #expect(posterior.peakProbability > 0 && posterior.peakProbability <= 1.001)
        }
        #expect(gradient.samples.allSatisfy { $0.x.isFinite && $0.y.isFinite })
        // An image without signal cannot favour a density over noise.
        #expect(posteriors[1].logEvidence < 1e-6)
    }

    @Test func withoutInformationEveryPoseIsAsProbable() {
        var scene = Scene.scene(astigmatism: 0)
        scene.noise = scene.noise.map { $0 * 1e12 }
        let posteriors = scene.engine.posterior(of: scene.images, noiseVariance: scene.noise)
        for (posterior, image) in zip(posteriors, scene.images) {
            let prior = scene.engine.shifts.logWeights(around: image.centre)
            #expect(abs(posterior.logEvidence - log(prior.reduce(0) { $0 + exp(Double($1)) })) < 1e-4)
            // 1/Σp² of the prior: uniform over rotations, Gaussian over shifts.
            let weights = scene.engine.shifts.shares(around: image.centre)
            let shiftPoses = 1 / weights.reduce(0) { $0 + $1 * $1 }
            let rotations = Double(scene.engine.directions.directionCount * scene.engine.grid.angleCount)
            // The sums run over 10⁵ terms in single precision.
            #expect(abs(posterior.effectivePoses / (rotations * shiftPoses) - 1) < 1e-3)
        }
    }
}
