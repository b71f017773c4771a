import CryoCore
import CryoFourier
import CryoInference
import Foundation

/// A run: from images to a density and poses.
public final class Reconstruction: @unchecked Sendable {
    /// The settings.
    public let parameters: ReconstructionParameters
    /// The images.
    public let images: ParticleImages
    /// What the contrast was told to be, or found to be so far.
    public var contrast: ContrastDetection {
        var contrast = detectedContrast
        contrast.sign = Int(images.sign)
        return contrast
    }
    /// What was told, or what the images' low frequencies say.
    let detectedContrast: ContrastDetection
    /// The particle's diameter, in Å.
    public let diameter: Double
    /// Where the diameter comes from; nil if it was told.
    public let diameterEstimate: DiameterEstimate?
    /// A density to start from instead of a random one, on any grid of the same box; set before the run.
    public var initialDensity: Volume?
    /// Asked between parts of an iteration over many particles: whether to give it up.
    public var isToStop: @Sendable () -> Bool = { false }
    /// The particles, in an order that is not that of their file.
    let source: CanonicalOrder
    let symmetry: PointGroup
    let parallel: Parallel
    /// Whether half-sets take turns with one engine instead of having one each, in half the memory; the result is the same.
    public var sharesEngine: Bool
    /// The plan of the run for each limit at which the anneal may be carried out, the coarsest first.
    let plans: [[IterationPlan]]
    /// How far off the middle of its image a particle is looked for.
    let shiftSearch: ShiftSearch
    /// The particles to learn from, and those held out.
    let split: (learning: [Int], heldOut: [Int])
    let backgroundNoise: NoiseSpectrum

    /// What a run leaves.
    public struct Result: Sendable {
        /// The density on the images' own grid.
        public var map: Volume
        /// What was learnt about each particle; nil for those set aside.
        public var estimates: [PoseEstimate?]
        /// How probably each is an image of nothing, by its log-evidence.
        public var junk: JunkProbability
        /// How strongly the image of each shows the density; nil where that was not asked.
        public var scales: [Float]?
        /// The half-set (1 or 2) in which each particle was; nil for a run without them.
        public var halfSets: [Int]?
        /// The particles set aside, and why.
        public var setAside: [Int: String]
        /// The statistics of each iteration.
        public var statistics: [IterationStatistics]
        /// σ² of a Fourier coefficient by ring.
        public var noiseVariance: [Double]
        /// The densities of the two half-sets; nil for a run without them.
        public var halves: HalfMaps?
        /// The random starts that were ranked; empty where there was one.
        public var starts: [StartRecord]
        /// Whether the images want negative values left out; nil if they were not asked.
        public var positivityCheck: PositivityCheck?
        /// Whether the images support the density's detail; nil if too few could be asked.
        public var nullCheck: NullCheck?
    }

    /// The frequency limit at the start and at the end, as resolutions in Å.
    public var plannedResolutions: (first: Double, last: Double) {
        let rings = plans[0].map(\.ringCount)
        return (source.boxLength / Double(rings.first ?? 1), source.boxLength / Double(rings.last ?? 1))
    }

    /// Prepares a run: looks at the images' contrast and background.
    ///
    /// - Throws: ``ReconstructionError`` if the images cannot be reconstructed from.
    public init(
        source given: any ParticleSource, parameters: ReconstructionParameters,
        parallel: Parallel = Parallel()
    ) throws(ReconstructionError) {
        let source = CanonicalOrder(given)
        try parameters.validate()
        guard let symmetry = PointGroup(name: parameters.symmetry) else {
            throw .unknownSymmetry(parameters.symmetry)
        }
        let estimate: DiameterEstimate?
        let diameter: Double
        if let told = parameters.diameter {
            (diameter, estimate) = (told, nil)
        } else {
            let found = DiameterEstimate(source: source, parallel: parallel)
            (diameter, estimate) = (found.diameter, found)
        }
        guard diameter > 4 * source.pixelSize, diameter <= source.boxLength else {
            throw .diameterOutOfRange(diameter, box: source.boxLength)
        }
        split = ParticleOrder.split(
            source.particles.count, heldOut: min(parameters.heldOut, source.particles.count / 10),
            seed: parameters.seed)
        let plans = IterationSchedule.repeatedPlans(
            parameters, particleCount: split.learning.count, boxLength: source.boxLength,
            boxSize: source.boxSize, diameter: diameter)
        let images = ParticleImages(source: source, radius: diameter / 2)
        images.learnLimits(parallel: parallel)
        if let failure = images.failure { throw .readFailure(failure) }
        var contrast = ContrastDetection(images: images, parallel: parallel)
        if let told = parameters.contrast { contrast.sign = told < 0 ? -1 : 1 }
        images.sign = Float(contrast.sign)
        let spectra = images.backgroundSpectra(
            ringCount: plans[0].map(\.ringCount).max() ?? 3, parallel: parallel)
        guard let noise = NoiseSpectrum(spectra, isColoured: parameters.hasColouredNoise) else {
            let reasons = images.setAside
            let first = reasons.min { $0.key < $1.key }?.value ?? "nothing is left"
            throw .noUsableImages(reasons.count, reason: first)
        }
        if parameters.hasColouredNoise { images.gains = GroupGains(spectra) }
        self.source = source
        self.parameters = parameters.settled(diameter: diameter)
        self.parallel = parallel
        sharesEngine = parallel.threads == 1
        self.symmetry = symmetry
        self.diameter = diameter
        diameterEstimate = estimate
        self.plans = plans
        shiftSearch = ShiftSearch(parameters, diameter: diameter)
        self.images = images
        detectedContrast = contrast
        backgroundNoise = noise
    }

    /// Runs to the end.
    ///
    /// - Parameters:
    ///   - saved: Where to go on; nil to begin.
    ///   - report: Called after each iteration.
    ///   - checkpoint: Called after each iteration with what is needed to go on from there; what it throws ends the run.
    /// - Throws: ``ReconstructionError/readFailure(_:)``, ``ReconstructionError/diverged(iteration:)``,
    ///   ``ReconstructionError/vanished(iteration:)``, ``ReconstructionError/givenUp(iteration:)``, or what `checkpoint` throws.
    public func run(
        from saved: RunProgress? = nil, report: (IterationStatistics) -> Void = { _ in },
        checkpoint: (RunProgress) throws -> Void = { _ in }
    ) throws -> Result {
        var progress = saved ?? beginning()
        if saved != nil { restore(&progress) }
        while progress.start != nil {
            do { try carryOut(until: annealCount, &progress, report, checkpoint) } catch let error
                as ReconstructionError
            {
                guard case .vanished = error, giveUpStart(&progress) else { throw error }
            }
            endStart(&progress)
            if progress.start == nil { learnApart(&progress) }
        }
        try carryOut(until: plans[progress.repetition].count, &progress, report, checkpoint)
        return result(progress.states, progress.course.statistics, progress.records)
    }

    /// Whether the iteration that was just carried out was the last of its phase: the next one may take long.
    public func endsPhase(at progress: RunProgress) -> Bool {
        let next = progress.watch.firstAdmitted(of: plans[progress.repetition][progress.iteration...])
        return next?.phase != progress.lastStatistics?.phase
    }

    /// Iterations of the anneal, the same at each of its limits.
    var annealCount: Int { plans[0].prefix { $0.phase == .anneal }.count }

    /// A run before its first iteration, at the first of its random starts or at a recorded one.
    func beginning(_ start: Int = 0, of records: [StartRecord] = []) -> RunProgress {
        let wanted = records.indices.contains(start) ? records[start] : nil
        let repetition = plans.firstIndex { plans in
            guard let first = plans.first, let resolution = wanted?.resolution else { return false }
            return first.ringCount == Int((source.boxLength / resolution).rounded())
                && wanted?.batchSize == first.batchSize
        }
        return RunProgress(
            start: start, repetition: repetition ?? 0, records: Array(records.prefix(start)),
            states: [startState(start)], course: RunCourse())
    }

    /// Makes again what follows from a checkpoint and the plan: the images' centres and the engine of the last iteration.
    private func restore(_ progress: inout RunProgress) {
        images.restore(
            centres: progress.centres, scales: progress.scales, setAside: progress.setAside)
        images.sign = Float(contrast(at: progress))
        let done = plans[progress.repetition][..<progress.iteration].reversed()
        guard let plan = progress.watch.firstAdmitted(of: done) else { return }
        prepareStages(plan, &progress.states)
    }

    /// From the end of the anneal on there is a state for each half-set, and only particles that were met are learnt from.
    private func learnApart(_ progress: inout RunProgress) {
        if hasHalves {
            progress.states = halfStates(of: progress.states[0])
        } else if annealCount > 0 {
            progress.states[0].order = ParticleOrder(
                particles: progress.states[0].known(among: split.learning), seed: parameters.seed &+ 1,
                hasFixedBatches: false)
        }
    }

    /// Carries out the plan up to an iteration.
    private func carryOut(
        until end: Int, _ progress: inout RunProgress, _ report: (IterationStatistics) -> Void,
        _ checkpoint: (RunProgress) throws -> Void
    ) throws {
        let plans = plans[progress.repetition]
        let time = RemainingTime(
            plans: plans, parameters: parameters, starts: place(of: progress)?.count ?? 1,
            particleCount: split.learning.count)
        while progress.iteration < end {
            let iteration = progress.iteration
            progress.iteration += 1
            guard let plan = progress.watch.admitted(plans[iteration]) else { continue }
            var entry = try iterate(iteration, plan, &progress.states)
            if plan.phase == .final || iteration % parameters.heldOutInterval == 0 {
                entry.heldOutLogEvidence = heldOutEvidence(iteration, plan, &progress.states[0])
            }
            let endsRing = iteration + 1 == plans.count || plans[iteration + 1].ringCount != plan.ringCount
            if endsRing, let fsc = halfSetFSC(progress.states) {
                entry.halfSetFSC = progress.watch.look(at: fsc, plan)
            }
            entry.iteration += progress.numberOffset
            entry.densityHash = progress.densityHash
            if let failure = images.failure { throw ReconstructionError.readFailure(failure) }
            let isEmpty = progress.states.contains {
                $0.density.map { $0.voxels.allSatisfy { $0 == 0 } } ?? false
            }
            let place = RemainingTime.Place(
                iteration: progress.iteration, numberOffset: progress.numberOffset,
                start: self.place(of: progress)?.index,
                watch: progress.watch)
            report(
                try progress.course.note(entry, isEmpty: isEmpty) { time.seconds(from: place, $0) })
            (progress.centres, progress.scales, progress.setAside) = (
                images.centres, images.scales, images.setAside
            )
            try checkpoint(progress)
        }
    }

    /// Nothing learnt yet; the first start has the run's own seed.
    func startState(_ start: Int) -> RunState {
        let seed = parameters.seed &+ 1000 * UInt64(start)
        return RunState(
            seed: seed, optimizer: makeOptimizer(), noise: backgroundNoise,
            particles: split.learning, hasFixedBatches: parameters.optimizer == .sagd,
            census: PoseCensus(
                imageCount: split.learning.count,
                extent: max(shiftSearch.extent, 2 * shiftSearch.sigma)))
    }

    /// One iteration of the whole set, or of each half-set.
    private func iterate(
        _ iteration: Int, _ plan: IterationPlan, _ states: inout [RunState]
    ) throws -> IterationStatistics {
        prepareStages(plan, &states)
        let part = plan.shared(by: states.count)
        guard states.count > 1, !sharesEngine else {
            return IterationStatistics(
                joining: try states.indices.map { try iterateOne(iteration, part, &states[$0]) })
        }
        // Given away, so that a state has one owner and is changed in place.
        let apart = states.map { ApartState($0) }
        states = []
        let entries = parallel.map(apart.count) { half in
            apart[half].state.withLock { state in
                Swift.Result { try self.iterateOne(iteration, part, &state) }
            }
        }
        states = apart.map { $0.state.withLock { $0 } }
        return IterationStatistics(joining: try entries.map { try $0.get() })
    }

    private func iterateOne(
        _ iteration: Int, _ plan: IterationPlan, _ state: inout RunState
    ) throws -> IterationStatistics {
        plan.phase == .introduction
            ? try introduce(iteration, plan, &state) : try iterate(iteration, plan, &state)
    }

    /// Makes the engines of an iteration.
    ///
    /// Half-sets have one each, with their part of the threads, so that all of an iteration is done by both at once; with one thread, or where
    /// memory is short, they take turns with one.
    private func prepareStages(_ plan: IterationPlan, _ states: inout [RunState]) {
        guard states.contains(where: { !isPrepared($0, for: plan) }) else { return }
        // Not both the old engines and the new ones in memory.
        for index in states.indices { states[index].stage = nil }
        let isApart = states.count > 1 && !sharesEngine
        for index in states.indices {
            let threads = isApart ? max(1, (parallel.threads + index) / states.count) : parallel.threads
            prepareStage(
                plan, &states[index], threads: threads, sharing: isApart || index == 0 ? nil : states[0].stage
            )
        }
    }

    private func result(
        _ states: [RunState], _ statistics: [IterationStatistics], _ starts: [StartRecord]
    ) -> Result {
        let setAside = images.setAside
        let limit = states[0].stage?.frame.ringCount ?? 0
        func laidMaps(_ densities: [Volume?]) -> ([Volume], Superposition) {
            var maps = densities.map { finalMap($0) }
            var placement = Superposition(rotation: .identity)
            if maps.count == 2 { (maps[1], placement) = laid(maps[1], upon: maps[0], limit) }
            return (maps, placement)
        }
        var densities = states.map { constrained($0) }
        var (maps, placement) = laidMaps(densities)
        let verdict = verdict(states, placement: placement)
        if let positivity = verdict.positivity, !positivity.isKept {
            densities = states.map(\.density)
            (maps, placement) = laidMaps(densities)
        }
        let halves = maps.count == 2 ? HalfMaps(maps[0], maps[1], limit: limit) : nil
        let map = halves?.filtered ?? maps[0]
        let estimates = source.particles.indices.map { index -> PoseEstimate? in
            guard setAside[index] == nil else { return nil }
            if let estimate = states[0].estimates[index] { return estimate }
            // Poses of the second half-set are those of its own density.
            guard states.count > 1, var estimate = states[1].estimates[index] else { return nil }
            estimate.pose = placement.applied(to: estimate.pose)
            return estimate
        }
        return Result(
            map: parameters.bFactor == 0 ? map : map.sharpened(by: -parameters.bFactor),
            estimates: source.inSourceOrder(estimates),
            junk: JunkProbability(logEvidences: estimates.compactMap { $0?.logEvidence }),
            scales: fitsScales ? source.inSourceOrder(images.scales) : nil,
            halfSets: halfSetNumbers(states).map { source.inSourceOrder($0) },
            setAside: source.inSourceOrder(setAside), statistics: statistics,
            noiseVariance: states[0].noise.variance,
            halves: halves, starts: starts, positivityCheck: verdict.positivity,
            nullCheck: verdict.nullCheck)
    }

    private func makeOptimizer() -> any Optimizer {
        switch parameters.optimizer {
        case .preconditionedSGD, .projectionMatching:
            PreconditionedSGD(signalFloor: parameters.signalFloor)
        case .sagd: SAGD()
        case .momentum: GradientDescent(momentum: parameters.momentum, isStochastic: true)
        case .batch: GradientDescent(momentum: 0, isStochastic: false)
        }
    }

    private func isPrepared(_ state: RunState, for plan: IterationPlan) -> Bool {
        state.stage.map {
            $0.frame.ringCount == plan.ringCount && $0.isCoarse == plan.isCoarse
                && $0.isLocal == plan.isLocal(parameters)
        } ?? false
    }

    /// Makes the engine of a new frequency limit and carries the density over to its grid.
    private func prepareStage(
        _ plan: IterationPlan, _ state: inout RunState, threads: Int, sharing shared: Stage?
    ) {
        let stage =
            shared
            ?? Stage(
                plan: plan, source: source, parameters: parameters, shiftSearch: shiftSearch,
                radius: diameter / 2, symmetry: symmetry,
                census: state.census, parallel: Parallel(threads: threads))
        if let density = state.density {
            // What is introduced must not cost the density its detail.
            if plan.phase != .introduction { state.density = density.resampled(to: stage.frame.gridSize) }
        } else {
            let start = startDensity(stage, state.noise, seed: state.seed)
            state.densityScale = start.voxels.reduce(0.0) { $0 + Double($1) } / Double(start.voxels.count)
            state.density = start
        }
        state.stage = stage
    }

    /// A random density with the amplitude that the images' power asks for.
    private func startDensity(_ stage: Stage, _ noise: NoiseSpectrum, seed: UInt64) -> Volume {
        let start =
            initialDensity.map { constraints().apply(to: known($0, to: stage.frame)) }
            ?? RandomDensity.blobs(frame: stage.frame, radius: diameter / 2, seed: seed)
        var density = start.symmetrized(by: symmetry)
        let sample = images.polarImages(
            source.sample(atMost: 200), preparation: stage.preparation, parallel: parallel)
        let amplitude = SignalPower.amplitude(
            of: density, frame: stage.frame, images: sample.images, noise: noise.variance,
            preparation: stage.preparation, directions: stage.engine.directions)
        for index in density.voxels.indices { density.voxels[index] *= Float(amplitude) }
        return density
    }

    /// A density without what lies beyond a frequency limit: half-sets must find that themselves.
    private func known(_ density: Volume, to frame: DensityFrame) -> Volume {
        density.resampled(to: frame.gridSize).filtered { kx, ky, kz in
            FourierShellCorrelation.shell(kx, ky, kz) <= frame.ringCount ? 1 : 0
        }
    }

    func constraints() -> DensityConstraints {
        DensityConstraints(
            mask: SoftMask(radius: diameter / 2, softness: Stage.maskSoftness(source.boxLength)),
            isPositive: parameters.isPositive)
    }

    private func finalMap(_ density: Volume?) -> Volume {
        guard let density else {
            return Volume(boxSize: source.boxSize, pixelSize: source.pixelSize)
        }
        var map = density.resampled(to: source.boxSize)
        map.pixelSize = source.pixelSize
        return map
    }
}
