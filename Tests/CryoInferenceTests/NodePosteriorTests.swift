import CryoCore
import CryoFourier
import CryoKernelInterface
import CryoTestSupport
import Foundation
import Testing

@testable import CryoInference

/// Evaluation on drawn nodes: the exact sum where all are drawn, unbiased where not.
struct NodePosteriorTests {
    typealias Scene = PosteriorAgainstNaiveTests

    static let settings = SamplingSettings(
        kind: .joint, floor: 0.2, censusShare: 0.5, temperature: 1.25, drawsPerEffectiveNode: 0.4)

    static func proposal(_ engine: PosteriorEngine, _ settings: SamplingSettings = settings) -> NodeProposal {
        let census = PoseCensus(imageCount: 10, extent: 20)
        return NodeProposal(
            engine: engine, census: census, places: census.places(of: engine.directions), settings: settings)
    }

    /// A memory of two places of a quadrature, one of them twice as probable.
    static func memory(_ engine: PosteriorEngine) -> PoseMemory {
        func axis(_ pair: Int) -> SIMD3<Float> { SIMD3<Float>(engine.directions.rotations[pair].row2) }
        return PoseMemory(
            entries: [
                PoseMemory.Entry(direction: axis(0), origin: [0, 0], mass: 0.6),
                PoseMemory.Entry(direction: axis(7), origin: [8, 0], mass: 0.3),
            ],
            angles: [.init(angle: 1, mass: 0.6), .init(angle: 2.5, mass: 0.2)],
            directionReach: engine.directions.spacing, shiftReach: engine.shifts.spacing, angleReach: 0.3)
    }

    /// Every instruction set, with and without astigmatism and temperature, against the sum in blocks.
    @Test(arguments: AvailableKernels.names, [(0.0, 1.0), (3_000.0, 0.2)])
    func allNodesGiveTheSumInBlocks(name: String, condition: (astigmatism: Double, beta: Double)) {
        let scene = Scene.scene(astigmatism: condition.astigmatism)
        let engine = PosteriorEngine(
            ringCount: scene.engine.grid.ringCount, boxLength: scene.engine.boxLength,
            radius: 0.4 * scene.engine.boxLength, normOrderCount: scene.engine.layout.normOrderCount,
            directions: scene.engine.directions, shifts: scene.engine.shifts,
            parallel: Parallel(threads: 2), kernels: AvailableKernels.named(name))
        engine.setDensity(scene.ball)
        let (blocks, nodes) = (SliceGradient(engine: engine), SliceGradient(engine: engine))
        let exact = engine.posterior(
            of: scene.images, noiseVariance: scene.noise, beta: condition.beta, gradient: blocks)
        let everything = NodeDraw.all(of: engine)
        let sampled = engine.posterior(
            of: scene.images, draws: scene.images.map { _ in everything }, noiseVariance: scene.noise,
            beta: condition.beta, gradient: nodes)
        for (a, b) in zip(sampled, exact) {
            // Sums in another order, in single precision.
            #expect(abs(a.logEvidence - b.logEvidence) < 1e-5 * max(1, abs(b.logEvidence)))
            #expect(abs(a.effectivePoses / b.effectivePoses - 1) < 1e-3)
            #expect(abs(a.peakProbability / b.peakProbability - 1) < 1e-3)
            #expect(a.node == b.node && a.coverage == .whole)
        }
        let (a, b) = (
            engine.densityGradient(of: nodes, noiseVariance: scene.noise),
            engine.densityGradient(of: blocks, noiseVariance: scene.noise)
        )
        // Both leave out less than 10⁻⁴ of the posterior, not the same part.
        #expect(relativeDifference(a.gradient.samples, b.gradient.samples) < 1e-3)
        #expect(relativeDifference(a.curvature.samples, b.curvature.samples) < 1e-3)
        for (x, y) in zip(a.residualPowers, b.residualPowers) { #expect(abs(x / y - 1) < 1e-3) }
    }

    /// Slices that are left out hold no more than their share, and without them the gradient is the same.
    @Test func lightSlicesDoNotMatter() {
        let scene = Scene.scene(astigmatism: 0)
        let gradient = SliceGradient(engine: scene.engine)
        let all = NodeDraw.all(of: scene.engine)
        _ = scene.engine.posterior(
            of: scene.images, draws: scene.images.map { _ in all },
            noiseVariance: scene.noise,
            gradient: gradient)
        let whole = scene.engine.densityGradient(of: gradient, noiseVariance: scene.noise, lightShare: 0)
        var counts = [Int]()
        for share in [1e-6, 1e-2] {
            let isLight = gradient.lightSlices(share: share)
            counts.append(isLight.count { $0 })
            let part = scene.engine.densityGradient(
                of: gradient, noiseVariance: scene.noise, lightShare: share)
            // Data and weight of a slice go together; residuals of slices beside the right one are some times larger.
            #expect(relativeDifference(part.gradient.samples, whole.gradient.samples) < 10 * share)
            #expect(relativeDifference(part.curvature.samples, whole.curvature.samples) < 10 * share)
        }
        let empty = gradient.blocks.map { PoseKernels.laneCount - $0.pairs.count }.reduce(0, +)
        #expect(counts[0] >= empty && counts[1] > counts[0], "\(counts), \(empty)")
        #expect(counts[1] < gradient.blocks.count * PoseKernels.laneCount)
    }

    /// Slices that were read for drawn nodes, then all of them; nothing of the density before, and nodes give to their own pairs only.
    @Test func slicesAreThoseOfTheDensityWheneverTheyAreRead() {
        let (scene, used) = (Scene.scene(astigmatism: 500), Scene.scene(astigmatism: 500))
        used.engine.readSlices()
        used.engine.setDensity(FourierBall(radius: used.ball.radius))
        used.engine.readSlices()
        used.engine.setDensity(used.ball)
        let draw = NodeDraw.allShifts(ofDirection: 5, scene.engine)
        var outcomes: [[ImagePosterior]] = []
        for engine in [scene.engine, used.engine] {
            let gradient = SliceGradient(engine: engine)
            let drawn = engine.posterior(
                of: [scene.images[0]], draws: [draw], noiseVariance: scene.noise, gradient: gradient)
            #expect(gradient.blocks.flatMap(\.pairs) == [5])
            outcomes.append(drawn + engine.posterior(of: scene.images, noiseVariance: scene.noise))
        }
        #expect(outcomes[0] == outcomes[1])
    }

    /// Without information each factor's marginal posterior is its prior, whose 1/Σφ² is known.
    @Test func spreadCountsTheNodesOfEachFactor() {
        var scene = Scene.scene(astigmatism: 0)
        scene.noise = scene.noise.map { $0 * 1e12 }
        let everything = NodeDraw.all(of: scene.engine)
        let posterior = scene.engine.posterior(
            of: [scene.images[0]], draws: [everything], noiseVariance: scene.noise)[0]
        let weights = scene.engine.shifts.shares(around: scene.images[0].centre)
        let spread = posterior.spread
        #expect(abs((spread?.directions ?? 0) / Double(scene.engine.directions.directionCount) - 1) < 1e-3)
        #expect(abs((spread?.angles ?? 0) / Double(scene.engine.grid.angleCount) - 1) < 1e-3)
        #expect(abs((spread?.shifts ?? 0) * weights.reduce(0) { $0 + $1 * $1 } - 1) < 1e-3)
    }

    @Test func resultsDoNotDependOnThreads() {
        let outcomes = [1, 2, 3].map { threads -> ([ImagePosterior], [SIMD2<Float>]) in
            let scene = Scene.scene(astigmatism: 500, threads: threads)
            let proposal = Self.proposal(scene.engine)
            let gradient = SliceGradient(engine: scene.engine)
            let draws = scene.images.enumerated().map { index, image -> NodeDraw in
                var stream = RandomStream(seed: 5, stream: UInt32(index))
                return proposal.draw(memory: Self.memory(scene.engine), centre: image.centre, &stream)
                    ?? .all(of: scene.engine)
            }
            let posteriors = scene.engine.posterior(
                of: scene.images, draws: draws, noiseVariance: scene.noise, gradient: gradient)
            return (
                posteriors,
                scene.engine.densityGradient(of: gradient, noiseVariance: scene.noise).gradient.samples
            )
        }
        #expect(outcomes[0] == outcomes[1])
        #expect(outcomes[0] == outcomes[2])
        #expect(outcomes[0].0[0].coverage.points < 1)
    }

    /// The mean over draws of the sampled evidence, both modes, is the exact one within its standard error.
    ///
    /// Drawn from what the exact sum in blocks leaves behind, as the first sampled visit of a run is.
    @Test(arguments: [SamplingSettings.Kind.joint, .factorised])
    func sampledEvidenceIsUnbiased(kind: SamplingSettings.Kind) {
        let scene = Scene.scene(astigmatism: 0)
        let image = [scene.images[0]]
        let exact = scene.engine.posterior(of: image, noiseVariance: scene.noise)[0]
        var settings = Self.settings
        (settings.kind, settings.floor) = (kind, 0.5)
        settings.drawsPerEffectiveNode = kind == .joint ? 0.25 : 0.8
        let proposal = Self.proposal(scene.engine, settings)
        // Blocks of directions say little on so coarse a grid; a node's own reach makes the memory narrow.
        var memory = exact.memory
        memory.directionReach = 0.3
        memory.angles = [
            .init(angle: 2 * .pi * Float(exact.node.angle) / Float(scene.engine.grid.angleCount), mass: 1)
        ]
        memory.angleReach = 0.5
        let ratios = (0..<1500).map { round -> Double in
            var stream = RandomStream(seed: 11, stream: 0, substream: UInt32(round))
            guard let draw = proposal.draw(memory: memory, centre: scene.images[0].centre, &stream) else {
                Issue.record("all nodes are asked for")
                return 1
            }
            #expect(draw.coverage.points < 1)
            let sampled = scene.engine.posterior(of: image, draws: [draw], noiseVariance: scene.noise)[0]
            return exp(sampled.logEvidence - exact.logEvidence)
        }
        let mean = ratios.reduce(0, +) / Double(ratios.count)
        let variance = ratios.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(ratios.count - 1)
        let error = (variance / Double(ratios.count)).squareRoot()
        // Four standard errors, and what single precision leaves.
        #expect(abs(mean - 1) < 4 * error + 1e-4, "mean \(mean), standard error \(error)")
        #expect(error < 0.05 && variance > 1e-8, "standard error \(error)")
    }

    /// The error of the averaged gradient falls as 1/√n with the number of independent draws n.
    @Test func gradientErrorFallsAsTheRootOfTheDraws() {
        let scene = Scene.scene(astigmatism: 0)
        let image = scene.images[0]
        let exact = SliceGradient(engine: scene.engine)
        let evidence = scene.engine.posterior(of: [image], noiseVariance: scene.noise, gradient: exact)[0]
        let expected = scene.engine.densityGradient(of: exact, noiseVariance: scene.noise).gradient.samples
        let proposal = Self.proposal(scene.engine)
        let memory = Self.memory(scene.engine)
        // Gradients weighed by their evidence estimates are unbiased: Σ p g over draws of Z, over Σ Z.
        let samples = (0..<256).map { round -> (weight: Float, gradient: [SIMD2<Float>]) in
            var stream = RandomStream(seed: 12, stream: 0, substream: UInt32(round))
            guard let draw = proposal.draw(memory: memory, centre: image.centre, &stream) else {
                return (1, expected)
            }
            let gradient = SliceGradient(engine: scene.engine)
            let sampled = scene.engine.posterior(
                of: [image], draws: [draw], noiseVariance: scene.noise, gradient: gradient)[0]
            return (
                Float(exp(sampled.logEvidence - evidence.logEvidence)),
                scene.engine.densityGradient(of: gradient, noiseVariance: scene.noise).gradient.samples
            )
        }
        func error(_ count: Int) -> Double {
            let groups = samples.count / count
            let errors = (0..<groups).map { group -> Double in
                let members = samples[(group * count)..<((group + 1) * count)]
                let total = members.reduce(Float(0)) { $0 + $1.weight }
                var mean = [SIMD2<Float>](repeating: .zero, count: expected.count)
                for member in members {
                    let share = member.weight / total
                    for index in mean.indices { mean[index] += member.gradient[index] * share }
                }
                return relativeDifference(mean, expected)
            }
            return (errors.reduce(0) { $0 + $1 * $1 } / Double(groups)).squareRoot()
        }
        let (few, many) = (error(4), error(64))
        // Sixteen times the draws, a quarter of the error; each is known to about a third.
        #expect(few / many > 2.4 && few / many < 7, "errors \(few) and \(many)")
    }

    @Test(arguments: [-1, 0.3, 1, 4]) func noiseOfAnySizeLeavesFiniteNumbers(scale: Double) {
        var scene = Scene.scene(astigmatism: 500)
        scene.noise = scene.noise.map { $0 * pow(10, -6 * scale) }
        let proposal = Self.proposal(scene.engine)
        let gradient = SliceGradient(engine: scene.engine)
        let draws = scene.images.map { image -> NodeDraw in
            var stream = RandomStream(seed: 6)
            return proposal.draw(memory: Self.memory(scene.engine), centre: image.centre, &stream)
                ?? .all(of: scene.engine)
        }
        let posteriors = scene.engine.posterior(
            of: scene.images, draws: draws, noiseVariance: scene.noise, gradient: gradient)
        for posterior in posteriors {
            #expect(posterior.logEvidence.isFinite && posterior.effectivePoses >= 0.999)
        }
        let slope = scene.engine.densityGradient(of: gradient, noiseVariance: scene.noise).gradient
        #expect(slope.samples.allSatisfy { $0.x.isFinite && $0.y.isFinite })
    }
}
