import CryoCore
import CryoInference

/// What changes while a run goes on.
struct RunState: Sendable {
    /// The seed of the random start and of the particles' order.
    let seed: UInt64
    /// The rule that moves the density.
    var optimizer: any Optimizer
    /// σ² by ring.
    var noise: NoiseSpectrum
    /// The particles to learn from.
    var particles: [Int]
    /// Which of them come next.
    var order: ParticleOrder
    /// What belongs to the present frequency limit.
    var stage: Stage?
    /// The present density.
    var density: Volume?
    /// The density to start from instead of a random one, until it has.
    var origin: Volume?
    /// The mean voxel of the start, whose amplitude is the data's; the scale of priors.
    var densityScale = 0.0
    /// Particles that are being introduced.
    var newcomers: [Int] = []
    /// The likelihood's temperature, while it is annealed.
    var temperature: Temperature?
    /// Where each particle's posterior was at its last visit.
    var memories = ParticleTable<PoseMemory>()
    /// Where the posteriors of the whole set lie.
    var census: PoseCensus
    /// How often each particle was visited.
    var visits = ParticleTable<UInt32>()
    /// How probably an image shows nothing, by what was seen of late.
    var junk = JunkProbability(logEvidences: [])
    /// What was last learnt about each particle.
    var estimates = ParticleTable<PoseEstimate>()

    init(
        seed: UInt64, optimizer: any Optimizer, noise: NoiseSpectrum, particles: [Int], hasFixedBatches: Bool,
        census: PoseCensus
    ) {
        self.seed = seed
        self.particles = particles
        self.optimizer = optimizer
        self.noise = noise
        order = ParticleOrder(particles: particles, seed: seed, hasFixedBatches: hasFixedBatches)
        self.census = census
    }

    /// Those of some particles that were visited; all if none was.
    func known(among particles: [Int]) -> [Int] {
        let known = particles.filter { visits[$0] != nil }
        return known.isEmpty ? particles : known
    }

    /// Forgets particles that belong to the other half-set; those held out never entered the census.
    mutating func forget(_ particles: [Int], areInCensus: Bool = true) {
        for particle in particles {
            if areInCensus { census.replace(memories[particle].flatMap { census.share(of: $0) }, by: nil) }
            memories[particle] = nil
            visits[particle] = nil
            estimates[particle] = nil
        }
    }

    /// Forgets all particles to learn from but these.
    mutating func keep(_ some: [Int]) {
        let kept = Set(some)
        forget(particles.filter { visits[$0] != nil && !kept.contains($0) })
    }

    /// The inverse temperature that a plan asks for.
    func beta(_ plan: IterationPlan) -> Double {
        plan.annealProgress == nil ? plan.sharpness : temperature?.beta ?? 1
    }

    /// What a visit changes in what is known of a particle.
    struct Learnt: Sendable {
        var estimate: PoseEstimate
        var memory: PoseMemory
        /// What it contributed to the census and what it contributes now.
        var shares: (before: PoseCensus.Share?, now: PoseCensus.Share?) = (nil, nil)
    }

    /// What a visit says of a particle, for ``remember(_:_:)``.
    func learnt(_ index: Int, _ posterior: ImagePosterior, entersCensus: Bool) -> Learnt {
        let earlier = memories[index]
        var learnt = Learnt(
            estimate: PoseEstimate(
                pose: posterior.pose,
                logEvidence: posterior.logEvidence + (posterior.match?.evidenceAtOne ?? 0),
                peakProbability: min(1, posterior.peakProbability),
                effectivePoses: posterior.effectivePoses, uncertainty: posterior.uncertainty),
            memory: posterior.memory.carrying(earlier))
        if entersCensus {
            learnt.shares = (earlier.flatMap { census.share(of: $0) }, census.share(of: learnt.memory))
        }
        return learnt
    }

    /// Keeps what a visit says of a particle.
    mutating func remember(_ index: Int, _ learnt: Learnt) {
        estimates[index] = learnt.estimate
        census.replace(learnt.shares.before, by: learnt.shares.now)
        memories[index] = learnt.memory
        visits[index] = (visits[index] ?? 0) + 1
    }
}

/// A half-set's state while its iteration is carried out beside the other's.
final class ApartState: Sendable {
    let state: Mutex<RunState>

    init(_ state: RunState) { self.state = Mutex(state) }
}
