import CryoCore
import CryoFourier
import CryoInference
import Foundation

/// One iteration: minibatch → posterior → gradient → density.
extension Reconstruction {
    /// Takes one minibatch through all stations.
    func iterate(
        _ iteration: Int, _ plan: IterationPlan, _ state: inout RunState
    ) throws -> IterationStatistics {
        guard let stage = state.stage, let density = state.density else {
            preconditionFailure("a stage is prepared before it is used")
        }
        let batch = batch(plan, &state)
        let variance = state.noise.variance(rings: plan.ringCount)
        let ball = stage.frame.ball(of: density)
        stage.engine.setDensity(ball)
        if let progress = plan.annealProgress {
            var temperature =
                state.temperature ?? settledTemperature(batch.indices, progress, stage, variance)
            temperature.enter(ringCount: plan.ringCount, start: firstEffectivePoses(stage))
            state.temperature = temperature
        }
        let beta = state.beta(plan)
        let movesDensity = plan.phase != .final || parameters.schedule == .annealed
        let gradient = movesDensity ? SliceGradient(engine: stage.engine) : nil
        let (visit, sampling) = try visitAndRemember(
            batch.indices, iteration, plan, stage, variance, beta: beta, gradient: gradient,
            fits: fits(plan, ball, stage, variance), &state)
        if let progress = plan.annealProgress {
            state.temperature?.follow(
                median: visit.medianEffectivePoses / stage.poseShare, progress: progress)
        }
        var change = 0.0
        if let gradient, gradient.imageCount > 0 {
            if plan.weighsJunk {
                state.junk = state.junk.learning(
                    visit.summaries.map(\.logEvidence), weight: plan.weight)
            }
            let densityGradient = stage.engine.densityGradient(
                of: gradient, noiseVariance: variance, symmetry: symmetry)
            let next = step(iteration, plan, batch, density, densityGradient, stage, visit, &state)
            if plan.phase != .anneal {
                state.noise.update(densityGradient, preparation: stage.preparation, weight: plan.weight)
            }
            change = Self.relativeChange(from: density, to: next)
            state.density = next
        }
        return statistics(iteration, plan, stage, visit, sampling, beta: beta, relativeChange: change)
    }

    /// The particles that an iteration visits.
    private func batch(_ plan: IterationPlan, _ state: inout RunState) -> ParticleOrder.Batch {
        if plan.phase == .final { return ParticleOrder.Batch(indices: state.particles, number: 0) }
        if plan.momentum > 0 {
            // Of all starts, so that they are compared by the same images.
            let batch = state.order.some(plan.batchSize, seed: parameters.seed)
            state.keep(batch.indices)
            return batch
        }
        return state.order.next(plan.batchSize) { [estimates = state.estimates] particle in
            plan.phase == .march && estimates[particle].map(\.isNoise) ?? false
        }
    }

    /// Whether images may show the density more or less strongly.
    var fitsScales: Bool { parameters.schedule == .annealed && parameters.scaleSigma > 0 }

    /// What is fitted to images at their poses once the density is known; nil if nothing is.
    func fits(_ plan: IterationPlan, _ ball: FourierBall, _ stage: Stage, _ variance: [Double]) -> PoseFits? {
        guard plan.phase != .anneal else { return nil }
        var fits = PoseFits()
        if plan.phase == .final, parameters.refinesPoses {
            fits.refinement = PoseRefinement(ball: ball, engine: stage.engine, noiseVariance: variance)
        }
        if fitsScales {
            fits.scale = ScaleFit(ball: ball, engine: stage.engine, noiseVariance: variance)
        }
        return fits
    }

    /// What is reported of an iteration.
    func statistics(
        _ iteration: Int, _ plan: IterationPlan, _ stage: Stage, _ visit: Visit,
        _ sampling: SamplingStatistics?,
        beta: Double = 1, relativeChange: Double = 0
    ) -> IterationStatistics {
        IterationStatistics(
            iteration: iteration, phase: plan.phase, resolution: stage.frame.resolution,
            batchSize: visit.indices.count, beta: beta, effectivePoses: visit.medianEffectivePoses,
            logEvidence: visit.meanLogEvidence, relativeChange: relativeChange,
            poseCount: stage.engine.poseCount, evaluatedFraction: visit.evaluatedFraction,
            sampling: sampling, seconds: 0, progress: 0)
    }

    /// The effective number of poses, on the fine quadrature, with which an anneal at this limit begins.
    private func firstEffectivePoses(_ stage: Stage) -> Double {
        parameters.annealStart * Double(stage.engine.poseCount) / stage.poseShare
    }

    /// The temperature at which the first minibatch has the wanted number of effective poses.
    private func settledTemperature(
        _ indices: [Int], _ progress: Double, _ stage: Stage, _ variance: [Double]
    ) -> Temperature {
        var temperature = Temperature(
            start: firstEffectivePoses(stage), end: parameters.annealEnd)
        let few = Array(indices.prefix(32))
        temperature.settle(progress: progress) { beta in
            self.visit(few, stage, variance, beta: beta).medianEffectivePoses / stage.poseShare
        }
        return temperature
    }

    private func step(
        _ iteration: Int, _ plan: IterationPlan, _ batch: ParticleOrder.Batch, _ density: Volume,
        _ gradient: DensityGradient, _ stage: Stage, _ visit: Visit, _ state: inout RunState
    ) -> Volume {
        // The paper's scale is √N times the mean voxel value.
        let prior = parameters.prior.prior(
            strength: parameters.priorStrength,
            scale: state.densityScale * Double(source.boxSize).squareRoot(),
            voxelRatio: pow(Double(source.boxSize) / Double(stage.frame.gridSize), 3))
        let learntCount =
            plan.momentum > 0 || plan.phase == .final ? batch.indices.count : state.order.count
        let situation = OptimizerSituation(
            density: density, gradient: CoefficientGradient(gradient, frame: stage.frame),
            symmetryOrder: symmetry.order, batch: batch.number, batchSize: visit.indices.count,
            learntCount: learntCount, iteration: iteration, weight: plan.weight,
            momentum: plan.momentum, prior: prior,
            objective: { [noise = state.noise] trial in
                prior.negativeLog(trial) / Double(learntCount)
                    - self.logEvidence(of: trial, visit, stage, noise)
            })
        let isPositive = plan.isPositive && !(plan.phase == .final && testsPositivity)
        return constraints(isPositive: isPositive).apply(to: state.optimizer.step(situation))
    }

    /// The log-evidence of a density per image, over the particles of a visit and on the nodes drawn there.
    private func logEvidence(
        of density: Volume, _ earlier: Visit, _ stage: Stage, _ noise: NoiseSpectrum
    ) -> Double {
        visit(
            earlier.indices, of: density, stage, noise,
            sampler: earlier.draws.isEmpty ? nil : .repeated(earlier.draws)
        ).meanLogEvidence
    }

    /// The most particles whose memories are held twice at once, as they were and as they are now.
    private static let largestPart = 4096

    /// Visits particles and keeps what is learnt of them, in parts of nearly equal size: images are as strong as the others of their part
    /// let them be (`rescale`).
    ///
    /// The statistics of sampling are those of the first part.
    ///
    /// - Throws: ``ReconstructionError/givenUp(iteration:)`` between two parts, if the run is to stop.
    func visitAndRemember(
        _ indices: [Int], _ iteration: Int, _ plan: IterationPlan, _ stage: Stage, _ variance: [Double],
        beta: Double = 1, gradient: SliceGradient? = nil, fits: PoseFits? = nil,
        _ state: inout RunState
    ) throws -> (Visit, SamplingStatistics?) {
        let proposal = plan.isSampled(parameters) ? proposal(iteration, stage, state) : nil
        var (whole, sampling) = (Visit(), SamplingStatistics?.none)
        let partCount = (indices.count + Self.largestPart - 1) / Self.largestPart
        for number in 0..<partCount {
            let range = (number * indices.count / partCount)..<((number + 1) * indices.count / partCount)
            if number > 0, isToStop() { throw ReconstructionError.givenUp(iteration: iteration + 1) }
            let part = visit(
                Array(indices[range]), stage, variance,
                beta: beta,
                sampler: proposal.map { .drawn($0, memories: state.memories, visits: state.visits) },
                gradient: gradient, iteration: iteration, fits: fits,
                junk: plan.weighsJunk ? state.junk : nil)
            // Before particles are recentred.
            if number == 0 { sampling = samplingStatistics(iteration, part, stage, variance, beta: beta) }
            remember(part, plan, stage.parallel, &state)
            whole.append(part)
        }
        return (whole, sampling)
    }

    private func remember(
        _ visit: Visit, _ plan: IterationPlan, _ parallel: Parallel, entersCensus: Bool = true,
        _ state: inout RunState
    ) {
        // Before the map is recognisable a shift found is noise, and following it would lose the particle.
        let recentres = parameters.schedule == .annealed && (plan.annealProgress ?? 1) > 0.6
        let known = state
        let learnt = parallel.map(visit.indices.count) { place in
            known.learnt(visit.indices[place], visit.posteriors[place], entersCensus: entersCensus)
        }
        for (index, learnt) in zip(visit.indices, learnt) {
            state.remember(index, learnt)
            let pose = learnt.estimate.pose
            if recentres { images.recentre(index, at: [pose.originX, pose.originY]) }
        }
        rescale(visit, state)
    }

    /// Sets the images' scales by what those that show a particle have in common.
    private func rescale(_ visit: Visit, _ state: RunState) {
        let seen = zip(visit.indices, visit.posteriors).compactMap { index, posterior in
            posterior.match.map { (index, match: $0) }
        }
        let common = ScaleMatch.common(
            seen.filter { state.estimates[$0.0].map { !$0.isNoise } ?? false }.map(\.match))
        for (index, match) in seen {
            images.rescale(index, to: Float(match.scale(common: common, deviation: parameters.scaleSigma)))
        }
    }

    /// The mean log-evidence of the images held out, at the present density; nil if there are none.
    ///
    /// They have memories and poses like all others, but neither the density nor the census ever sees them.
    func heldOutEvidence(
        _ iteration: Int, _ plan: IterationPlan, _ state: inout RunState
    ) -> Double? {
        guard !split.heldOut.isEmpty, let stage = state.stage, let density = constrained(state, plan) else {
            return nil
        }
        // Where poses are looked for anew the density keeps the march's grid.
        let visit = visit(
            split.heldOut, of: density.resampled(to: stage.frame.gridSize), stage, state.noise,
            sampler: plan.isSampled(parameters) ? sampler(iteration, stage, state) : nil)
        remember(visit, plan, stage.parallel, entersCensus: false, &state)
        return visit.indices.isEmpty ? nil : visit.meanLogEvidence
    }

    private static func relativeChange(from old: Volume, to new: Volume) -> Double {
        let (difference, length) = (old.moved(along: new, by: -1).squaredLength, new.squaredLength)
        guard length.isFinite, difference.isFinite else { return .nan }
        return length > 0 ? (difference / length).squareRoot() : 0
    }
}
