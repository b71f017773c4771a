import CryoCore
import CryoFourier
import CryoInference

/// What a run leaves when it ends.
extension Reconstruction {
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
        /// The random starts, one alone too; empty without an anneal.
        public var starts: [StartRecord]
        /// Whether the images want negative values left out; nil if they were not asked.
        public var positivityCheck: PositivityCheck?
        /// Whether the images support the density's detail; nil if too few could be asked.
        public var nullCheck: NullCheck?
    }

    /// - Throws: ``ReconstructionError``, if images can no longer be read or the run is to stop.
    func result(
        _ states: [RunState], _ statistics: [IterationStatistics], _ starts: [StartRecord]
    ) throws(ReconstructionError) -> Result {
        let setAside = images.setAside
        let limit = states[0].stage?.frame.ringCount ?? 0
        func laidMaps(_ densities: [Volume?]) -> ([Volume], Superposition) {
            var maps = densities.map { finalMap($0) }
            var placement = Superposition(rotation: .identity)
            if maps.count == 2 { (maps[1], placement) = laid(maps[1], upon: maps[0], limit) }
            return (maps, placement)
        }
        var densities = states.map { testsPositivity ? $0.density?.nonNegative : $0.density }
        var (maps, placement) = laidMaps(densities)
        let verdict = verdict(states, placement: placement)
        if let failure = images.failure { throw .readFailureWithin(failure) }
        if let positivity = verdict.positivity, !positivity.isKept {
            densities = states.map(\.density)
            (maps, placement) = laidMaps(densities)
        }
        let estimates = source.particles.indices.map { index -> PoseEstimate? in
            guard setAside[index] == nil else { return nil }
            if let estimate = states[0].estimates[index] { return estimate }
            // Poses of the second half-set are those of its own density.
            guard states.count > 1, var estimate = states[1].estimates[index] else { return nil }
            estimate.pose = placement.applied(to: estimate.pose)
            return estimate
        }
        let junk = JunkProbability(logEvidences: estimates.compactMap { $0?.logEvidence })
        var halves: HalfMaps?
        if maps.count == 2 {
            maps = try completed(
                maps, states, placement: placement, junk: junk, beyond: limit, iteration: statistics.count)
            halves = HalfMaps(maps[0], maps[1])
        }
        let map = halves?.filtered ?? maps[0]
        return Result(
            map: parameters.bFactor == 0 ? map : map.sharpened(by: -parameters.bFactor),
            estimates: source.inSourceOrder(estimates),
            junk: junk,
            scales: fitsScales ? source.inSourceOrder(images.scales) : nil,
            halfSets: halfSetNumbers(states).map { source.inSourceOrder($0) },
            setAside: source.inSourceOrder(setAside), statistics: statistics,
            noiseVariance: states[0].noise.variance,
            halves: halves, starts: starts, positivityCheck: verdict.positivity,
            nullCheck: verdict.nullCheck)
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
