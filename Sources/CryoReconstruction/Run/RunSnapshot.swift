import CryoCore
import CryoFiles
import CryoFourier
import CryoInference

/// What there is to see of a run that goes on: copies, so that whoever looks never holds it up.
public struct RunSnapshot: Sendable {
    /// The statistics of each iteration, of the present start.
    public var iterations: [IterationStatistics]
    /// The present density, or one for each half-set, on the grid of the frequency limit.
    public var densities: [Volume]
    /// What is known of the particles met so far, by their index in the source.
    public var poses: [Int: Pose]
    /// σ² of a Fourier coefficient by ring.
    public var noiseVariance: [Double]

    /// Whether protein is taken for black.
    public var isDark: Bool

    /// Copies what there is to see of a run on these particles; without them poses keep the run's own numbers.
    public init(_ progress: RunProgress, of source: (any ParticleSource)?) {
        self.init(progress, source.map { CanonicalOrder($0) })
    }

    fileprivate init(_ progress: RunProgress, _ order: CanonicalOrder?) {
        iterations = progress.course.statistics
        densities = progress.states.compactMap(\.density)
        var known = [Int: Pose]()
        for state in progress.states {
            let estimates = state.estimates
            for particle in estimates.particles where known[particle] == nil {
                known[particle] = estimates[particle]?.pose
            }
        }
        poses = order?.inSourceOrder(known) ?? known
        noiseVariance = progress.states.first?.noise.variance ?? []
        isDark = (progress.sign ?? 1) < 0
    }

    /// The density, or the mean of the half-sets', on at most `limit` voxels an edge; nil before the first iteration.
    public func density(atMost limit: Int) -> Volume? { densities.mean(atMost: limit) }

    /// How well the half-sets agree, as they lie; nil while there is one density.
    public var agreement: FourierShellCorrelation? {
        guard densities.count == 2, densities[0].boxSize == densities[1].boxSize, let last = iterations.last
        else { return nil }
        let whole = FourierShellCorrelation(densities[0], densities[1])
        // Beyond the limit there is what positivity put there, alike in both.
        return whole.cut(after: Int((whole.boxLength / last.resolution).rounded()))
    }
}

extension Reconstruction {
    /// Copies what there is to see.
    public func snapshot(of progress: RunProgress) -> RunSnapshot { RunSnapshot(progress, source) }
}

extension RunProgress {
    /// The same as ``RunSnapshot/density(atMost:)``, without a snapshot.
    public func density(atMost limit: Int) -> Volume? {
        states.compactMap(\.density).mean(atMost: limit)
    }
}

extension [Volume] {
    /// The mean, on at most `limit` voxels an edge; nil if there is none.
    fileprivate func mean(atMost limit: Int) -> Volume? {
        guard let largest = map(\.boxSize).max() else { return nil }
        let size = Swift.min(largest, limit)
        return map { $0.resampled(to: size) }.mean
    }
}
