import CryoCore
import CryoInference
import CryoReconstruction
import Foundation

/// Visits the images limit after limit, and remembers.
struct Visitor {
    private let settings: SamplingSettings
    private let parallel: Parallel
    private var memories: [PoseMemory?]
    private var census: PoseCensus
    private var visits: UInt32 = 0

    init(study: SamplingStudy, count: Int) {
        let parameters = ReconstructionParameters.preset(named: study.preset) ?? .standard
        // Long after whatever annealing there is.
        var settings = parameters.samplingSettings(iteration: 1_000_000)
        settings.temperature = study.temperature ?? settings.temperature
        self.settings = settings
        parallel = Parallel(threads: study.threads)
        memories = [PoseMemory?](repeating: nil, count: count)
        census = PoseCensus(imageCount: count, extent: study.shiftExtent)
    }

    /// What one visit of all images says, and how long an image took.
    private struct Outcome {
        var posteriors: [ImagePosterior]
        var gradient: SliceGradient
        var seconds: Double
    }

    /// Four visits, the first and the last against the exact sum.
    mutating func row(_ level: Level) -> SamplingStudy.Row {
        let exact = exactSum(level)
        let outcomes = (0..<4).map { _ in visit(level) }
        let (first, last) = (outcomes[0], outcomes[3])
        let errors = zip(last.posteriors, exact.posteriors).map { abs($0.logEvidence - $1.logEvidence) }
        let firstErrors = zip(first.posteriors, exact.posteriors).map { abs($0.logEvidence - $1.logEvidence) }
        func mean(_ value: (ImagePosterior) -> Double?) -> Double {
            let values = last.posteriors.compactMap(value)
            return values.reduce(0, +) / Double(max(1, values.count))
        }
        return SamplingStudy.Row(
            resolution: level.frame.resolution, points: Double(level.engine.poseCount),
            directionFraction: mean(\.coverage.directions), angleFraction: mean(\.coverage.angles),
            shiftFraction: mean(\.coverage.shifts), pointFraction: mean(\.coverage.points),
            nodeFraction: mean { $0.coverage.points / $0.coverage.angles },
            effectiveDirections: mean(\.spread?.directions), effectiveAngles: mean(\.spread?.angles),
            effectiveShifts: mean(\.spread?.shifts),
            effectivePoses: quantile(last.posteriors.map(\.effectivePoses), 0.5),
            secondsPerImage: last.seconds, exactSecondsPerImage: exact.seconds,
            evidenceError: quantile(errors, 0.5), evidenceError90: quantile(errors, 0.9),
            firstEvidenceError: quantile(firstErrors, 0.5),
            gradientError: difference(level.gradient(last.gradient), level.gradient(exact.gradient)))
    }

    private func exactSum(_ level: Level) -> Outcome {
        let gradient = SliceGradient(engine: level.engine)
        let start = ContinuousClock.now
        let posteriors = level.engine.posterior(
            of: level.images, noiseVariance: level.noise, gradient: gradient)
        return Outcome(
            posteriors: posteriors, gradient: gradient,
            seconds: (ContinuousClock.now - start) / .seconds(1) / Double(level.images.count))
    }

    /// Draws and evaluates every image; those that ask for all nodes are summed in blocks.
    private mutating func visit(_ level: Level) -> Outcome {
        let gradient = SliceGradient(engine: level.engine)
        visits += 1
        let start = ContinuousClock.now
        let proposal = NodeProposal(
            engine: level.engine, census: census, places: census.places(of: level.engine.directions),
            settings: settings)
        let draws = parallel.map(level.images.count) { [memories, visits] index -> NodeDraw? in
            var stream = RandomStream(seed: 7, stream: UInt32(index), substream: visits)
            return proposal.draw(memory: memories[index], centre: level.images[index].centre, &stream)
        }
        let sampled = draws.indices.filter { draws[$0] != nil }
        let rest = draws.indices.filter { draws[$0] == nil }
        let results =
            level.engine.posterior(
                of: sampled.map { level.images[$0] }, draws: sampled.compactMap { draws[$0] },
                noiseVariance: level.noise, gradient: gradient)
            + level.engine.posterior(
                of: rest.map { level.images[$0] }, noiseVariance: level.noise, gradient: gradient)
        let posteriors = zip(sampled + rest, results).sorted { $0.0 < $1.0 }.map(\.1)
        let seconds = (ContinuousClock.now - start) / .seconds(1) / Double(level.images.count)
        for (index, posterior) in posteriors.enumerated() {
            let memory = posterior.memory.carrying(memories[index])
            census.replace(memories[index].flatMap { census.share(of: $0) }, by: census.share(of: memory))
            memories[index] = memory
        }
        return Outcome(posteriors: posteriors, gradient: gradient, seconds: seconds)
    }

    private func difference(_ a: CoefficientGradient, _ b: CoefficientGradient) -> Double {
        var (apart, length) = (0.0, 0.0)
        for (x, y) in zip(a.gradient.samples, b.gradient.samples) {
            apart += Double(((x - y) * (x - y)).sum())
            length += Double((y * y).sum())
        }
        return (apart / length).squareRoot()
    }

    private func quantile(_ values: [Double], _ fraction: Double) -> Double {
        values.sorted()[min(values.count - 1, Int(fraction * Double(values.count)))]
    }
}
