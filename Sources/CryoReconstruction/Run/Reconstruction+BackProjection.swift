import CryoCore
import CryoFourier
import CryoInference

/// What images say beyond the last frequency limit, by the poses that were learnt up to it.
extension Reconstruction {
    /// Images that are prepared at once.
    private static let partSize = 64

    /// The half-sets' densities: as learnt up to the last limit, as back-projected beyond it.
    ///
    /// Positivity and masks put the same into both halves beyond the limit, where no image holds against it; other
    /// programs took that for signal. What the images themselves hold there, each half-set's at the poses of its own, is
    /// signal where halves agree and noise where they do not.
    ///
    /// - Parameters:
    ///   - maps: The densities as learnt, the second laid upon the first.
    ///   - states: What was learnt with each half-set.
    ///   - placement: How the second was laid.
    ///   - junk: How probably an image shows nothing, in whose place it does not count.
    ///   - limit: The last shell that was learnt.
    ///   - iteration: The number of the last iteration.
    /// - Throws: ``ReconstructionError``, if images can no longer be read or the run is to stop.
    func completed(
        _ maps: [Volume], _ states: [RunState], placement: Superposition, junk: JunkProbability,
        beyond limit: Int, iteration: Int
    ) throws(ReconstructionError) -> [Volume] {
        guard limit < (source.boxSize - 1) / 2 else { return maps }
        let outer = Parallel(threads: sharesEngine ? 1 : parallel.threads).map(states.count) { half in
            self.backProjection(
                of: states[half], placement: half == 0 ? Superposition(rotation: .identity) : placement,
                junk: junk, beyond: limit, parallel: states[half].stage?.parallel ?? self.parallel)
        }
        if let failure = images.failure { throw .readFailureWithin(failure) }
        if isToStop() { throw .givenUp(iteration: iteration) }
        return zip(maps, outer).map { map, outer in
            map.within(...limit).moved(along: outer.within((limit + 1)...), by: 1)
        }
    }

    private func backProjection(
        of state: RunState, placement: Superposition, junk: JunkProbability, beyond limit: Int,
        parallel: Parallel
    ) -> Volume {
        var projection = BackProjection(
            boxSize: source.boxSize, pixelSize: source.pixelSize, beyond: limit, symmetry: symmetry)
        let particles = state.particles
        for start in stride(from: 0, to: particles.count, by: Self.partSize) where !isToStop() {
            let part = particles[start..<min(start + Self.partSize, particles.count)]
            let slices = parallel.map(part.count) { [points = projection.points] place -> ImageSlice? in
                let index = part[part.startIndex + place]
                guard let estimate = state.estimates[index] else { return nil }
                return self.images.slice(
                    index, at: placement.applied(to: estimate.pose),
                    weight: Float(junk.particleProbability(estimate.logEvidence)), points: points)
            }
            for slice in slices { slice.map { projection.add($0) } }
        }
        return constraints(isPositive: false).apply(to: projection.finish())
    }
}
