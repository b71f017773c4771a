import CryoCore
import CryoFourier

/// Two half-sets of the particles learn from the end of the anneal on without seeing each other.
///
/// What they agree on beyond the anneal's resolution is therefore signal, up to the FSC's own error; below it they
/// share their beginning. Positivity and the mask about the particle are common to both.
extension Reconstruction {
    /// Whether the run divides its particles.
    var hasHalves: Bool { parameters.halves && parameters.schedule == .annealed && !isTooSmallForHalves }

    /// Whether the set stays whole since half of it would not make a map.
    public var isTooSmallForHalves: Bool { split.learning.count < Self.leastHalves }

    /// The size from which a set is divided.
    public static let leastHalves = 100

    /// The state of the anneal's end, once for each half-set; particles are dealt by a permutation of the seed.
    func halfStates(of state: RunState) -> [RunState] {
        var stream = RandomStream(seed: parameters.seed, stream: 0x4A1F)
        let dealt = split.learning.shuffled(using: &stream)
        let halves = [0, 1].map { half in
            stride(from: half, to: dealt.count, by: 2).map { dealt[$0] }.sorted()
        }
        return [0, 1].map { half in
            var copy = state
            // The anneal's engine is one; side by side each half needs its own.
            copy.stage = nil
            copy.particles = halves[half]
            copy.order = ParticleOrder(
                particles: state.known(among: halves[half]), seed: parameters.seed &+ UInt64(half) &+ 1,
                hasFixedBatches: false)
            copy.forget(halves[1 - half])
            copy.census.imageCount = Double(halves[half].count)
            // Held-out images belong to the first.
            if half == 1 { copy.forget(split.heldOut, areInCensus: false) }
            return copy
        }
    }

    /// The half-set of each particle, 1 or 2; nil while there is one state.
    ///
    /// Held-out images, from which neither learns, are dealt evenly too.
    func halfSetNumbers(_ states: [RunState]) -> [Int]? {
        guard states.count == 2 else { return nil }
        var numbers = [Int](repeating: 1, count: source.particles.count)
        for particle in states[1].particles { numbers[particle] = 2 }
        for (place, particle) in split.heldOut.enumerated() where place % 2 == 1 { numbers[particle] = 2 }
        return numbers
    }

    /// The FSC of the present half-set densities; nil while there is one state.
    ///
    /// Nothing holds a density without symmetry in its place, and the halves drift apart: by 5 Å and 1.5° on a 30S set, which
    /// then seemed to disagree at 13.5 Å instead of 8.5. Where they seem to disagree one is laid upon the other first.
    func halfSetFSC(_ states: [RunState], _ plan: IterationPlan) -> FourierShellCorrelation? {
        guard states.count == 2, let first = constrained(states[0], plan),
            let second = constrained(states[1], plan)
        else {
            return nil
        }
        let fsc = FourierShellCorrelation(first, second)
        guard let ring = states[0].stage?.frame.ringCount,
            let least = fsc.least(upTo: ring), least < AgreementWatch.leastAgreement
        else { return fsc }
        return FourierShellCorrelation(first, laid(second, upon: first, ring).density)
    }

    /// A density moved to where it agrees best with another, as far as the symmetry leaves it free.
    func laid(_ density: Volume, upon other: Volume, _ ring: Int) -> (
        density: Volume, superposition: Superposition
    ) {
        density.nudged(onto: other, shellLimit: ring, freedom: freedom, parallel: parallel)
    }

    /// Which of the turns about x, y and z and the shifts along them leave the symmetry's axes in their place.
    private var freedom: [Int] {
        guard let axis = symmetry.axes.first else { return Array(0..<6) }
        guard symmetry.axes.count == 1 else { return [] }
        // A single axis is z, of D1 x.
        let along = abs(axis.direction.z) > 0.5 ? 2 : 0
        return [along, along + 3]
    }
}
