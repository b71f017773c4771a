import CryoCore
import CryoFourier
import CryoInference
import Foundation

/// A run: from images to a density and poses.
public final class Reconstruction {
    /// The settings.
    public let parameters: ReconstructionParameters
    /// The images.
    public let images: ParticleImages
    /// What the contrast was found or told to be.
    public private(set) var contrast: ContrastDetection
    /// The particle's diameter, in Å.
    public let diameter: Double
    private let source: any ParticleSource
    private let symmetry: PointGroup
    private let parallel: Parallel
    private let plans: [IterationPlan]
    private var noise: NoiseSpectrum
    private var order: ParticleOrder
    /// A density to start from instead of a random one.
    public var initialDensity: Volume?

    /// What a run leaves.
    public struct Result: Sendable {
        /// The density on the images' own grid.
        public var map: Volume
        /// What was learnt about each particle; nil for those set aside.
        public var estimates: [PoseEstimate?]
        /// The particles set aside, and why.
        public var setAside: [Int: String]
        /// The statistics of each iteration.
        public var statistics: [IterationStatistics]
        /// σ² of a Fourier coefficient by ring.
        public var noiseVariance: [Double]
    }

    /// Prepares a run: looks at the images' contrast and background.
    ///
    /// - Throws: ``ReconstructionError`` if the images cannot be reconstructed from.
    public init(
        source: any ParticleSource, parameters: ReconstructionParameters, parallel: Parallel = Parallel()
    ) throws(ReconstructionError) {
        guard let symmetry = PointGroup(name: parameters.symmetry) else {
            throw .unknownSymmetry(parameters.symmetry)
        }
        self.source = source
        self.parameters = parameters
        self.parallel = parallel
        self.symmetry = symmetry
        diameter = parameters.diameter ?? 0.8 * source.boxLength
        guard diameter > 4 * source.pixelSize, diameter <= source.boxLength else {
            throw .diameterOutOfRange(diameter, box: source.boxLength)
        }
        plans = IterationSchedule.plans(
            parameters, particleCount: source.particles.count, boxLength: source.boxLength,
            boxSize: source.boxSize, diameter: diameter)
        images = ParticleImages(source: source, radius: diameter / 2)
        contrast = ContrastDetection(images: images, parallel: parallel)
        if let told = parameters.contrast { contrast.sign = told }
        images.sign = Float(contrast.sign)
        let highest = plans.map(\.ringCount).max() ?? 3
        guard
            let noise = NoiseSpectrum(
                background: images, ringCount: highest, isColoured: parameters.hasColouredNoise,
                parallel: parallel)
        else { throw .noUsableImages(images.setAside.count) }
        self.noise = noise
        order = ParticleOrder(count: source.particles.count, seed: parameters.seed)
    }

    /// Runs to the end; `report` is called after each iteration and may ask to stop by returning false.
    public func run(report: (IterationStatistics) -> Bool = { _ in true }) -> Result {
        let clock = ContinuousClock()
        let start = clock.now
        var state = RunState(optimizer: makeOptimizer())
        let work = plans.map(Self.work)
        let totalWork = work.reduce(0, +)
        var (done, statistics) = (0.0, [IterationStatistics]())
        for (iteration, plan) in plans.enumerated() {
            prepareStage(plan, &state)
            var entry = iterate(iteration, plan, &state)
            done += work[iteration]
            entry.seconds = (clock.now - start) / .seconds(1)
            entry.progress = done / totalWork
            statistics.append(entry)
            if !report(entry) { break }
        }
        return Result(
            map: finalMap(state), estimates: state.estimates(count: source.particles.count),
            setAside: images.setAside, statistics: statistics, noiseVariance: noise.variance)
    }

    /// The work of an iteration in arbitrary units: poses grow with the fifth power of the frequency limit.
    private static func work(_ plan: IterationPlan) -> Double {
        Double(plan.batchSize) * pow(Double(plan.ringCount), plan.phase == .anneal ? 5 : 4)
    }

    private func makeOptimizer() -> any Optimizer {
        switch parameters.optimizer {
        case .preconditionedSGD: PreconditionedSGD(signalFloor: parameters.signalFloor)
        case .sagd: SAGD()
        }
    }

    /// Makes the engine of a new frequency limit and carries the density over to its grid.
    private func prepareStage(_ plan: IterationPlan, _ state: inout RunState) {
        if let stage = state.stage, stage.frame.ringCount == plan.ringCount { return }
        let isLocal = plan.annealProgress == nil && parameters.schedule == .annealed
        let resolution = source.boxLength / Double(plan.ringCount)
        // Once a particle has been centred, its shift is looked for nearby.
        let extent =
            isLocal
            ? min(parameters.shiftExtent, 2.9 * parameters.shiftStep * resolution) : parameters.shiftExtent
        let stage = Stage(
            ringCount: plan.ringCount, source: source, parameters: parameters, radius: diameter / 2,
            symmetry: symmetry, shiftExtent: extent, parallel: parallel)
        if let density = state.density {
            state.density = density.resampled(to: stage.frame.gridSize)
        } else {
            state.density = startDensity(stage)
        }
        state.stage = stage
    }

    /// A random density with the amplitude that the images' power asks for.
    private func startDensity(_ stage: Stage) -> Volume {
        var density =
            initialDensity.map { constraints().apply(to: $0.resampled(to: stage.frame.gridSize)) }
            ?? RandomDensity.blobs(frame: stage.frame, radius: diameter / 2, seed: parameters.seed)
        let sample = images.polarImages(
            Array(0..<min(200, source.particles.count)), preparation: stage.preparation, parallel: parallel)
        let amplitude = SignalPower.amplitude(
            of: density, frame: stage.frame, images: sample.images, noise: noise.variance,
            preparation: stage.preparation, directions: stage.engine.directions)
        for index in density.voxels.indices { density.voxels[index] *= Float(amplitude) }
        return density
    }

    /// One minibatch: posterior, gradient, step, constraints, bookkeeping.
    private func iterate(_ iteration: Int, _ plan: IterationPlan, _ state: inout RunState) -> IterationStatistics {
        guard let stage = state.stage, let density = state.density else {
            preconditionFailure("a stage is prepared before it is used")
        }
        let batch = order.next(plan.batchSize)
        stage.engine.setDensity(stage.frame.ball(of: density))
        let variance = noise.variance(rings: plan.ringCount)
        let gradient = SliceGradient(engine: stage.engine)
        var posteriors = [ImagePosterior]()
        var indices = [Int]()
        // Images pass in groups, so that memory does not grow with the minibatch.
        for group in stride(from: 0, to: batch.indices.count, by: 256) {
            let wanted = Array(batch.indices[group..<min(group + 256, batch.indices.count)])
            let loaded = images.polarImages(wanted, preparation: stage.preparation, parallel: parallel)
            if iteration == 0, group == 0 { settle(&state, stage, loaded.images, variance, plan) }
            posteriors += stage.engine.posterior(
                of: loaded.images, noiseVariance: variance, beta: state.beta(plan), gradient: gradient)
            indices += loaded.indices
        }
        let densityGradient = stage.engine.densityGradient(
            of: gradient, noiseVariance: variance, symmetry: symmetry)
        let beta = state.beta(plan)
        let median = posteriors.map(\.effectivePoses).sorted()[posteriors.count / 2]
        if let progress = plan.annealProgress { state.temperature?.follow(median: median, progress: progress) }
        let next = step(iteration, plan, batch, density, densityGradient, stage, indices, &state)
        if plan.phase != .anneal {
            noise.update(densityGradient, preparation: stage.preparation, weight: plan.weight)
        }
        remember(indices, posteriors, plan, &state)
        let change = Self.relativeChange(from: density, to: next)
        state.density = next
        return IterationStatistics(
            iteration: iteration, phase: plan.phase, resolution: stage.frame.resolution,
            batchSize: indices.count, beta: beta, effectivePoses: median,
            logEvidence: posteriors.reduce(0) { $0 + $1.logEvidence } / Double(max(1, posteriors.count)),
            relativeChange: change, poseCount: stage.engine.poseCount, seconds: 0, progress: 0)
    }

    /// Finds the temperature of the first minibatch.
    private func settle(
        _ state: inout RunState, _ stage: Stage, _ images: [PolarImage], _ variance: [Double],
        _ plan: IterationPlan
    ) {
        guard let progress = plan.annealProgress else { return }
        var temperature = Temperature(
            start: parameters.annealStart * Double(stage.engine.poseCount), end: parameters.annealEnd)
        let few = Array(images.prefix(32))
        temperature.settle(progress: progress) { beta in
            let posteriors = stage.engine.posterior(of: few, noiseVariance: variance, beta: beta)
            return posteriors.map(\.effectivePoses).sorted()[posteriors.count / 2]
        }
        state.temperature = temperature
    }

    private func step(
        _ iteration: Int, _ plan: IterationPlan, _ batch: ParticleOrder.Batch, _ density: Volume,
        _ gradient: DensityGradient, _ stage: Stage, _ indices: [Int], _ state: inout RunState
    ) -> Volume {
        let prior = makePrior(stage.frame, density)
        let situation = OptimizerSituation(
            density: density, gradient: CoefficientGradient(gradient, frame: stage.frame),
            batch: batch.number, batchCount: max(1, source.particles.count / max(1, plan.batchSize)),
            batchSize: indices.count, particleCount: source.particles.count, iteration: iteration,
            weight: plan.weight, prior: prior,
            objective: { trial in
                self.objective(trial, indices: indices, stage: stage, prior: prior)
            })
        let proposed = state.optimizer.step(situation)
        return constraints().apply(to: proposed)
    }

    private func objective(
        _ density: Volume, indices: [Int], stage: Stage, prior: any DensityPrior
    ) -> Double {
        let constrained = density
        stage.engine.setDensity(stage.frame.ball(of: constrained))
        let loaded = images.polarImages(indices, preparation: stage.preparation, parallel: parallel)
        let posteriors = stage.engine.posterior(
            of: loaded.images, noiseVariance: noise.variance(rings: stage.frame.ringCount))
        let evidence = posteriors.reduce(0) { $0 + $1.logEvidence } / Double(max(1, posteriors.count))
        return -evidence + prior.negativeLog(constrained) / Double(source.particles.count)
    }

    private func makePrior(_ frame: DensityFrame, _ density: Volume) -> any DensityPrior {
        guard parameters.exponentialRate > 0 else { return UniformPrior() }
        let mean = density.voxels.reduce(0.0) { $0 + abs(Double($1)) } / Double(density.voxels.count)
        let ratio = pow(Double(frame.imageSize) / Double(frame.gridSize), 3)
        // The paper's scale is √N times the mean voxel value.
        return ExponentialPrior(
            rate: parameters.exponentialRate, scale: max(1e-12, mean * Double(frame.imageSize).squareRoot()),
            voxelRatio: ratio)
    }

    private func constraints() -> DensityConstraints {
        DensityConstraints(
            mask: SoftMask(radius: diameter / 2, softness: Stage.maskSoftness(source.boxLength)),
            isPositive: parameters.isPositive, levelsSolvent: false)
    }

    private func remember(
        _ indices: [Int], _ posteriors: [ImagePosterior], _ plan: IterationPlan, _ state: inout RunState
    ) {
        for (index, posterior) in zip(indices, posteriors) {
            state.latest[index] = PoseEstimate(
                pose: posterior.pose, logEvidence: posterior.logEvidence,
                peakProbability: posterior.peakProbability, effectivePoses: posterior.effectivePoses)
            if plan.annealProgress == nil || (plan.annealProgress ?? 0) > 0.6, parameters.schedule == .annealed {
                images.recentre(index, at: [posterior.pose.originX, posterior.pose.originY])
            }
        }
    }

    private static func relativeChange(from old: Volume, to new: Volume) -> Double {
        var (difference, length) = (0.0, 0.0)
        for (a, b) in zip(old.voxels, new.voxels) {
            difference += Double(a - b) * Double(a - b)
            length += Double(b) * Double(b)
        }
        return length > 0 ? (difference / length).squareRoot() : 0
    }

    private func finalMap(_ state: RunState) -> Volume {
        guard let density = state.density else {
            return Volume(boxSize: source.boxSize, pixelSize: source.pixelSize)
        }
        var map = density.resampled(to: source.boxSize)
        map.pixelSize = source.pixelSize
        return map
    }
}

/// What changes while a run goes on.
struct RunState {
    var optimizer: any Optimizer
    var stage: Stage?
    var density: Volume?
    var temperature: Temperature?
    var latest: [Int: PoseEstimate] = [:]

    init(optimizer: any Optimizer) { self.optimizer = optimizer }

    func beta(_ plan: IterationPlan) -> Double { plan.annealProgress == nil ? 1 : temperature?.beta ?? 1 }

    func estimates(count: Int) -> [PoseEstimate?] { (0..<count).map { latest[$0] } }
}
