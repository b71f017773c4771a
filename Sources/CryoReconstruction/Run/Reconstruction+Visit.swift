import CryoCore
import CryoInference
import Foundation

/// The particles of a minibatch that could be used, and what the posterior says of them.
struct Visit {
    var indices: [Int] = []
    /// What the posterior says of each; empty once visits were put together.
    var posteriors: [ImagePosterior] = []
    /// What is told of each in the end.
    var summaries: [Summary] = []
    /// The places in ``indices`` of the particles that were sampled.
    var sampled: [Int] = []
    /// Their nodes by particle, kept only if they are to be evaluated again.
    var draws: [Int: NodeDraw] = [:]
    /// Seconds that the evaluation of the sampled particles took.
    var sampledSeconds = 0.0

    var medianEffectivePoses: Double { summaries.map(\.effectivePoses).median ?? 1 }
    /// The same of the images that noise alone does not explain better: junk fits any pose.
    var medianEffectivePosesOfParticles: Double {
        summaries.filter { $0.logEvidence > 0 }.map(\.effectivePoses).median ?? medianEffectivePoses
    }
    var evaluatedFraction: Double { Self.mean(summaries.map(\.evaluatedFraction)) }
    var meanLogEvidence: Double { Self.mean(summaries.map(\.logEvidence)) }

    /// What is told of a particle after its posterior is forgotten.
    struct Summary {
        var effectivePoses: Double
        var evaluatedFraction: Double
        var logEvidence: Double

        init(_ posterior: ImagePosterior) {
            effectivePoses = posterior.effectivePoses
            evaluatedFraction = posterior.coverage.points
            logEvidence = posterior.logEvidence
        }
    }

    /// Adds another, without its posteriors: of all particles at once they would take more memory than anything else.
    mutating func append(_ other: Visit) {
        sampled += other.sampled.map { indices.count + $0 }
        indices += other.indices
        summaries += other.summaries
        draws.merge(other.draws) { $1 }
        sampledSeconds += other.sampledSeconds
    }

    static func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(max(1, values.count)) }
}

/// Where the nodes of particles come from.
enum NodeSampler {
    /// Drawn from proposals; a pure function of (seed, particle, visit).
    case drawn(NodeProposal, memories: ParticleTable<PoseMemory>, visits: ParticleTable<UInt32>)
    /// The nodes of an earlier visit.
    case repeated([Int: NodeDraw])
}

extension Reconstruction {
    /// Images that pass through the engine at once, so that memory does not grow with the minibatch.
    private static let groupSize = 256

    /// The proposal of an iteration, from which the nodes of all its particles are drawn.
    func proposal(_ iteration: Int, _ stage: Stage, _ state: RunState) -> NodeProposal {
        NodeProposal(
            engine: stage.engine, census: state.census, places: stage.censusPlaces,
            settings: parameters.samplingSettings(iteration: iteration))
    }

    /// The sampler of an iteration; it shares what is known of all particles, so it should not outlive their next change.
    func sampler(_ iteration: Int, _ stage: Stage, _ state: RunState) -> NodeSampler {
        .drawn(proposal(iteration, stage, state), memories: state.memories, visits: state.visits)
    }

    /// Evaluates particles: on drawn nodes where a sampler is given that has some, else on all.
    ///
    /// Junk weighs less in the gradient of exact sums, if it is told how. Fits are made at the most probable poses. The iteration chooses what is left out of a thinned gradient.
    func visit(
        _ indices: [Int], _ stage: Stage, _ variance: [Double], beta: Double = 1,
        sampler: NodeSampler? = nil, gradient: SliceGradient? = nil, iteration: Int = 0,
        fits: PoseFits? = nil, junk: JunkProbability? = nil
    ) -> Visit {
        var visit = Visit()
        for group in stride(from: 0, to: indices.count, by: Self.groupSize) {
            let loaded = images.polarImages(
                Array(indices[group..<min(group + Self.groupSize, indices.count)]),
                preparation: stage.preparation, parallel: stage.parallel)
            let draws = draws(loaded.indices, loaded.images, sampler, stage.parallel)
            let sampled = loaded.indices.indices.filter { draws[$0] != nil }
            let exact = loaded.indices.indices.filter { draws[$0] == nil }
            let exactPosteriors = stage.engine.posterior(
                of: exact.map { loaded.images[$0] }, noiseVariance: variance, beta: beta,
                gradient: gradient,
                thinning: thinning(exact.map { loaded.indices[$0] }, iteration), junk: junk)
            let start = ContinuousClock.now
            let sampledPosteriors =
                sampled.isEmpty
                ? []
                : stage.engine.posterior(
                    of: sampled.map { loaded.images[$0] }, draws: sampled.compactMap { draws[$0] },
                    noiseVariance: variance, beta: beta, gradient: gradient)
            visit.sampledSeconds += (ContinuousClock.now - start) / .seconds(1)
            let found = zip(exact + sampled, exactPosteriors + sampledPosteriors).sorted { $0.0 < $1.0 }
                .map(\.1)
            let posteriors =
                fits.map { fits in
                    stage.parallel.map(found.count) { found[$0].fitted(fits, loaded.images[$0]) }
                } ?? found
            visit.sampled += sampled.map { visit.indices.count + $0 }
            visit.indices += loaded.indices
            visit.posteriors += posteriors
            visit.summaries += posteriors.map(Visit.Summary.init)
            guard parameters.optimizer.searches else { continue }
            for place in sampled { visit.draws[loaded.indices[place]] = draws[place] }
        }
        return visit
    }

    /// Evaluates particles on a density, which the stage's engine holds from here on.
    func visit(
        _ indices: [Int], of density: Volume, _ stage: Stage, _ noise: NoiseSpectrum,
        sampler: NodeSampler? = nil
    ) -> Visit {
        stage.engine.setDensity(stage.frame.ball(of: density))
        return visit(indices, stage, noise.variance(rings: stage.frame.ringCount), sampler: sampler)
    }

    /// What the gradient of exact sums leaves out.
    private func thinning(_ indices: [Int], _ iteration: Int) -> GradientThinning? {
        guard parameters.thinningMass > 0 else { return nil }
        return GradientThinning(
            certainMass: parameters.thinningMass,
            seed: parameters.seed &+ 0x7417_0000_0000 &+ UInt64(iteration),
            keys: indices.map { UInt32(truncatingIfNeeded: $0) })
    }

    /// The nodes of each particle; nil where all are summed.
    private func draws(
        _ indices: [Int], _ images: [PolarImage], _ sampler: NodeSampler?, _ parallel: Parallel
    ) -> [NodeDraw?] {
        switch sampler {
        case nil: return [NodeDraw?](repeating: nil, count: indices.count)
        case .repeated(let draws): return indices.map { draws[$0] }
        case .drawn(let proposal, let memories, let visits):
            let seed = parameters.seed ^ 0x5A3B
            return parallel.map(indices.count) { place -> NodeDraw? in
                let index = indices[place]
                var stream = RandomStream(
                    seed: seed, stream: UInt32(truncatingIfNeeded: index), substream: visits[index] ?? 0)
                return proposal.draw(
                    memory: memories[index], centre: images[place].centre, &stream)
            }
        }
    }

    /// Images that are summed exactly too where sampling is checked.
    private static let checkedImages = 8

    /// What sampling did; every so many iterations some of its images are summed exactly too.
    func samplingStatistics(
        _ iteration: Int, _ visit: Visit, _ stage: Stage, _ variance: [Double], beta: Double
    ) -> SamplingStatistics? {
        guard !visit.sampled.isEmpty else { return nil }
        let coverages = visit.posteriors.map(\.coverage)
        let spreads = visit.posteriors.compactMap(\.spread)
        let points = Visit.mean(coverages.map(\.points))
        var result = SamplingStatistics(
            imageCount: visit.sampled.count, directionFraction: Visit.mean(coverages.map(\.directions)),
            angleFraction: Visit.mean(coverages.map(\.angles)),
            shiftFraction: Visit.mean(coverages.map(\.shifts)), pointFraction: points,
            fullPointFraction: points * Double(stage.engine.poseCount) / Double(stage.fullPoseCount),
            effectiveDirections: Visit.mean(spreads.map(\.directions)),
            effectiveAngles: Visit.mean(spreads.map(\.angles)),
            effectiveShifts: Visit.mean(spreads.map(\.shifts)),
            secondsPerImage: visit.sampledSeconds / Double(visit.sampled.count))
        let interval = parameters.samplingCheckInterval
        guard interval > 0, iteration % interval == 0 else { return result }
        let count = min(Self.checkedImages, visit.sampled.count)
        let first = iteration / interval * count
        let checked = (0..<count).map { visit.sampled[(first + $0) % visit.sampled.count] }
        let loaded = images.polarImages(
            checked.map { visit.indices[$0] }, preparation: stage.preparation, parallel: stage.parallel)
        let start = ContinuousClock.now
        // The gradient too, so that the seconds compare with those of the sampled images.
        let exact = stage.engine.posterior(
            of: loaded.images, noiseVariance: variance, beta: beta,
            gradient: SliceGradient(engine: stage.engine))
        let seconds = (ContinuousClock.now - start) / .seconds(1) / Double(max(1, exact.count))
        result.exactSecondsPerImage = seconds
        result.speedUp = seconds / max(1e-9, result.secondsPerImage)
        result.evidenceError =
            zip(checked, exact).map { abs(visit.posteriors[$0].logEvidence - $1.logEvidence) }.median
        return result
    }
}
