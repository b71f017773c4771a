/// What happened in one iteration.
public struct IterationStatistics: Codable, Sendable {
    /// The iteration, from 0.
    public var iteration: Int
    /// The part of the run.
    public var phase: IterationPlan.Phase
    /// The frequency limit as a resolution, in Å.
    public var resolution: Double
    /// Images in the minibatch.
    public var batchSize: Int
    /// The inverse temperature.
    public var beta: Double
    /// The median over the minibatch of 1/Σp².
    public var effectivePoses: Double
    /// The mean log-evidence an image, relative to noise, in nats (tempered).
    public var logEvidence: Double
    /// ‖ΔV‖ / ‖V‖.
    public var relativeChange: Double
    /// Quadrature points of an image.
    public var poseCount: Int
    /// The mean part of them that was evaluated.
    public var evaluatedFraction: Double
    /// What importance sampling did; nil where all points were summed.
    public var sampling: SamplingStatistics?
    /// The mean log-evidence of the images held out, untempered; nil where it was not measured.
    public var heldOutLogEvidence: Double?
    /// The least of the half-sets' FSC in all shells, where a ring was finished; nil elsewhere.
    public var halfSetFSC: Double?
    /// The SHA-256 of the voxels of the density after it, or of the half-sets' densities one after the other.
    public var densityHash: String?
    /// Seconds since the start, of its part in a run of two.
    public var seconds: Double
    /// Seconds that it took; nil in records of older versions.
    public var duration: Double?
    /// The part of the run's time that has passed, as far as it can be foretold, from 0 to 1; never less than before in one
    /// part of a run.
    public var progress: Double
    /// Seconds that the run will still take, as far as it can be foretold; nil at first.
    public var remaining: Double?
}

extension Sequence<IterationStatistics> {
    /// Seconds that they took together, whatever was done between them; those without a duration count for nothing.
    package var totalDuration: Double { reduce(0) { $0 + ($1.duration ?? 0) } }
}

extension [IterationStatistics] {
    /// Appends what happened in an iteration; another random start counts anew.
    public mutating func note(_ entry: IterationStatistics) {
        if let last, last.iteration >= entry.iteration { removeAll() }
        append(entry)
    }
}

/// What importance sampling did in one iteration: the statistics that the paper reports, and its error.
public struct SamplingStatistics: Codable, Sendable {
    /// Images evaluated on drawn nodes, of a long iteration those of its first part; the others were summed exactly, since they were not visited before or since
    /// their proposals were too wide.
    public var imageCount: Int
    /// The mean part of the directions that was evaluated, over all images.
    public var directionFraction: Double
    /// The same of the in-plane angles.
    public var angleFraction: Double
    /// The same of the shifts.
    public var shiftFraction: Double
    /// The same of the points of the product.
    public var pointFraction: Double
    /// The same, of the product with all shifts within the largest that is searched; once particles are centred, the
    /// quadrature itself holds only those near their centres.
    public var fullPointFraction: Double
    /// The mean effective number of directions, 1/Σφ² of the marginal posterior, over the sampled images.
    public var effectiveDirections: Double
    /// The same of in-plane angles.
    public var effectiveAngles: Double
    /// The same of shifts.
    public var effectiveShifts: Double
    /// Seconds a sampled image for evidence and gradient, all threads together at work.
    public var secondsPerImage: Double
    /// The same of the exact sum, on the images that were checked.
    public var exactSecondsPerImage: Double?
    /// Their ratio: the measured speed-up over the exact sum of the same quadrature.
    public var speedUp: Double?
    /// The median error of the log-evidence against the exact sum, in nats, on those images.
    public var evidenceError: Double?
}

extension IterationStatistics {
    /// What the half-sets did in one iteration, as one.
    init(joining parts: [IterationStatistics]) {
        self = parts[0]
        guard parts.count > 1 else { return }
        let images = parts.map(\.batchSize)
        func mean(_ value: (IterationStatistics) -> Double) -> Double {
            parts.map(value).mean(weights: images)
        }
        batchSize = max(1, images.reduce(0, +))
        effectivePoses = mean(\.effectivePoses)
        logEvidence = mean(\.logEvidence)
        relativeChange = mean(\.relativeChange)
        evaluatedFraction = mean(\.evaluatedFraction)
        sampling = SamplingStatistics(joining: parts.compactMap(\.sampling))
    }
}

extension SamplingStatistics {
    /// Means over the half-sets' images; nil if none were sampled.
    init?(joining parts: [SamplingStatistics]) {
        guard let first = parts.first else { return nil }
        self = first
        let images = parts.map(\.imageCount)
        func mean(_ value: (SamplingStatistics) -> Double) -> Double {
            parts.map(value).mean(weights: images)
        }
        func meanOfSome(_ value: (SamplingStatistics) -> Double?) -> Double? {
            let values = parts.compactMap(value)
            return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
        }
        imageCount = max(1, images.reduce(0, +))
        directionFraction = mean(\.directionFraction)
        angleFraction = mean(\.angleFraction)
        shiftFraction = mean(\.shiftFraction)
        pointFraction = mean(\.pointFraction)
        fullPointFraction = mean(\.fullPointFraction)
        effectiveDirections = mean(\.effectiveDirections)
        effectiveAngles = mean(\.effectiveAngles)
        effectiveShifts = mean(\.effectiveShifts)
        secondsPerImage = mean(\.secondsPerImage)
        exactSecondsPerImage = meanOfSome(\.exactSecondsPerImage)
        speedUp = meanOfSome(\.speedUp)
        evidenceError = meanOfSome(\.evidenceError)
    }
}

extension [Double] {
    /// Σ w x / Σ w for numbers of images w.
    fileprivate func mean(weights: [Int]) -> Double {
        zip(self, weights).reduce(0) { $0 + $1.0 * Double($1.1) } / Double(Swift.max(1, weights.reduce(0, +)))
    }
}
