import CryoCore
import CryoFourier
import CryoInference
import Foundation

/// One iteration: minibatch → posterior → gradient → density.
extension Reconstruction {
    /// Images that pass through the engine at once, so that memory does not grow with the minibatch.
    private static let groupSize = 256

    /// Takes one minibatch through all stations.
    func iterate(_ iteration: Int, _ plan: IterationPlan, _ state: inout RunState) -> IterationStatistics {
        guard let stage = state.stage, let density = state.density else {
            preconditionFailure("a stage is prepared before it is used")
        }
        let batch = state.order.next(plan.batchSize)
        let variance = state.noise.variance(rings: plan.ringCount)
        stage.engine.setDensity(stage.frame.ball(of: density))
        if state.temperature == nil, plan.annealProgress != nil {
            state.temperature = settledTemperature(batch.indices, stage, variance)
        }
        let beta = state.beta(plan)
        let gradient = SliceGradient(engine: stage.engine)
        let isSampled = parameters.isSampled && plan.annealProgress == nil
        let visit = visit(
            batch.indices, stage, variance, beta: beta, gradient: gradient,
            cells: isSampled ? { [state] in self.drawCells($0, $1, stage, state) } : nil)
        let median = visit.medianEffectivePoses
        if let progress = plan.annealProgress {
            state.temperature?.follow(median: median, progress: progress)
        }
        remember(visit, plan, &state)
        var change = 0.0
        if gradient.imageCount > 0, plan.phase != .final || parameters.schedule == .annealed {
            let densityGradient = stage.engine.densityGradient(
                of: gradient, noiseVariance: variance, symmetry: symmetry)
            let next = step(iteration, plan, batch, density, densityGradient, stage, visit, &state)
            if plan.phase != .anneal {
                state.noise.update(densityGradient, preparation: stage.preparation, weight: plan.weight)
            }
            change = Self.relativeChange(from: density, to: next)
            state.density = next
        }
        return IterationStatistics(
            iteration: iteration, phase: plan.phase, resolution: stage.frame.resolution,
            batchSize: visit.indices.count, beta: beta, effectivePoses: median,
            logEvidence: visit.meanLogEvidence, relativeChange: change,
            poseCount: stage.engine.poseCount, evaluatedFraction: visit.evaluatedFraction, seconds: 0,
            progress: 0)
    }

    /// The particles of a minibatch that could be used, and what the posterior says of them.
    private struct Visit {
        var indices: [Int] = []
        var posteriors: [ImagePosterior] = []

        var medianEffectivePoses: Double {
            let sorted = posteriors.map(\.effectivePoses).sorted()
            return sorted.isEmpty ? 1 : sorted[sorted.count / 2]
        }

        var evaluatedFraction: Double {
            posteriors.reduce(0) { $0 + $1.evaluatedFraction } / Double(max(1, posteriors.count))
        }

        var meanLogEvidence: Double {
            posteriors.reduce(0) { $0 + $1.logEvidence } / Double(max(1, posteriors.count))
        }
    }

    private func visit(
        _ indices: [Int], _ stage: Stage, _ variance: [Double], beta: Double = 1,
        gradient: SliceGradient? = nil, cells: (([Int], [PolarImage]) -> [[Float]])? = nil
    ) -> Visit {
        var visit = Visit()
        for group in stride(from: 0, to: indices.count, by: Self.groupSize) {
            let loaded = images.polarImages(
                Array(indices[group..<min(group + Self.groupSize, indices.count)]),
                preparation: stage.preparation, parallel: parallel)
            visit.indices += loaded.indices
            visit.posteriors += stage.engine.posterior(
                of: loaded.images, noiseVariance: variance, beta: beta,
                cells: cells?(loaded.indices, loaded.images), gradient: gradient)
        }
        return visit
    }

    /// The cells on which particles are evaluated; all of them for a particle that was never visited.
    ///
    /// Draws are a pure function of (seed, particle, visit).
    private func drawCells(
        _ indices: [Int], _ images: [PolarImage], _ stage: Stage, _ state: RunState
    ) -> [[Float]] {
        let settings = CellProposal.Settings(
            floor: parameters.samplingFloor, temperature: parameters.samplingTemperature,
            drawsPerEffectiveCell: parameters.samplingDraws)
        let proposal = stage.engine.proposal
        let seed = parameters.seed
        let (memories, visits) = (state.memories, state.visits)
        return parallel.map(indices.count) { place in
            let index = indices[place]
            guard let memory = memories[index] else {
                return [Float](repeating: 0, count: proposal.cellCount)
            }
            var stream = RandomStream(
                seed: seed ^ 0x5A3B, stream: UInt32(truncatingIfNeeded: index),
                substream: visits[index] ?? 0)
            let probabilities = proposal.probabilities(
                memory: memory, centre: images[place].centre, settings: settings)
            return proposal.draw(probabilities, settings: settings, &stream)
        }
    }

    /// The temperature at which the first minibatch has the wanted number of effective poses.
    private func settledTemperature(
        _ indices: [Int], _ stage: Stage, _ variance: [Double]
    ) -> Temperature {
        var temperature = Temperature(
            start: parameters.annealStart * Double(stage.engine.poseCount), end: parameters.annealEnd)
        let few = Array(indices.prefix(32))
        temperature.settle(progress: 0) { beta in
            self.visit(few, stage, variance, beta: beta).medianEffectivePoses
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
        let situation = OptimizerSituation(
            density: density, gradient: CoefficientGradient(gradient, frame: stage.frame),
            symmetryOrder: symmetry.order, batch: batch.number, batchSize: visit.indices.count,
            particleCount: source.particles.count, iteration: iteration, weight: plan.weight,
            prior: prior,
            objective: { [noise = state.noise] trial in
                self.objective(trial, visit.indices, stage, noise, prior)
            })
        return constraints().apply(to: state.optimizer.step(situation))
    }

    /// The negative log-posterior of a density per image, over some particles.
    private func objective(
        _ density: Volume, _ indices: [Int], _ stage: Stage, _ noise: NoiseSpectrum,
        _ prior: any DensityPrior
    ) -> Double {
        stage.engine.setDensity(stage.frame.ball(of: density))
        let visit = visit(indices, stage, noise.variance(rings: stage.frame.ringCount))
        return prior.negativeLog(density) / Double(source.particles.count) - visit.meanLogEvidence
    }

    private func remember(_ visit: Visit, _ plan: IterationPlan, _ state: inout RunState) {
        // Before the map is recognisable a shift found is noise, and following it would lose the particle.
        let recentres = parameters.schedule == .annealed && (plan.annealProgress ?? 1) > 0.6
        for (index, posterior) in zip(visit.indices, visit.posteriors) {
            state.estimates[index] = PoseEstimate(
                pose: posterior.pose, logEvidence: posterior.logEvidence,
                peakProbability: min(1, posterior.peakProbability),
                effectivePoses: posterior.effectivePoses)
            state.memories[index] = posterior.memory
            state.visits[index, default: 0] += 1
            if recentres { images.recentre(index, at: [posterior.pose.originX, posterior.pose.originY]) }
        }
    }

    private static func relativeChange(from old: Volume, to new: Volume) -> Double {
        var (difference, length) = (0.0, 0.0)
        for (a, b) in zip(old.voxels, new.voxels) {
            difference += Double(a - b) * Double(a - b)
            length += Double(b) * Double(b)
        }
        guard length.isFinite, difference.isFinite else { return .nan }
        return length > 0 ? (difference / length).squareRoot() : 0
    }
}
