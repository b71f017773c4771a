/// What one iteration does.
public struct IterationPlan: Sendable, Hashable {
    /// The parts of a run.
    public enum Phase: String, Sendable, Codable {
        /// The likelihood is tempered.
        case anneal
        /// Resolution rises.
        case march
        /// Particles that are not or badly known look for their poses anew: among all, then near by at finer limits.
        case introduction
        /// All particles at the final resolution.
        case final
    }

    /// The part of the run.
    public var phase: Phase
    /// The frequency limit, in units of 1/box.
    public var ringCount: Int
    /// Images in the minibatch.
    public var batchSize: Int
    /// The weight of the minibatch in the running average.
    public var weight: Double
    /// The part of the density's last change that is made again; then every iteration sees the same images, since others
    /// would be noise that momentum amplifies.
    public var momentum = 0.0
    /// How often the anneal has been through its limits with momentum before; each time begins with the map that the last one led to.
    public var climb = 0
    /// How far the anneal has come, from 0 to 1; nil for an untempered likelihood.
    public var annealProgress: Double?
    /// The inverse temperature outside the anneal: 1, or so large that only the best match is left.
    public var sharpness = 1.0

    /// Whether negative values are set to zero.
    var isPositive = true
    /// Whether images count by the probability that they show a particle.
    var weighsJunk = false
    /// Whether directions and shifts lie farther apart than the settings say.
    var isCoarse = false
    /// Whether particles are looked for in all poses and as far from their present centres as shifts go.
    var isFirstLook = false
    /// Whether it is carried out only if the march ended before it, once particles have looked for their poses anew.
    var isResumed = false

    /// A hundred: poses a twentieth of a nat below the best weigh a hundredth of it.
    static let bestMatch = 100.0

    /// Whether shifts are searched only about each particle's present centre.
    func isLocal(_ parameters: ReconstructionParameters) -> Bool {
        annealProgress == nil && !isFirstLook && parameters.schedule == .annealed
    }

    /// Whether images that were visited before are evaluated on drawn nodes.
    func isSampled(_ parameters: ReconstructionParameters) -> Bool {
        annealProgress == nil && !isFirstLook && parameters.sampling != .none
    }

    /// The largest shift that is searched, in Å.
    ///
    /// Once a particle has been centred, nodes up to 2.9 steps away are enough; the centre may still wander.
    func shiftExtent(_ search: ShiftSearch, _ parameters: ReconstructionParameters, boxLength: Double)
        -> Double
    {
        let resolution = boxLength / Double(ringCount)
        guard isLocal(parameters) else { return search.extent }
        return min(search.extent, 2.9 * parameters.shiftStep * resolution)
    }

    /// The same iteration for the second part of the march, which goes on where the first one ended.
    var resumed: IterationPlan {
        var plan = self
        plan.isResumed = true
        return plan
    }

    /// The part that one of several states does.
    func shared(by count: Int) -> IterationPlan {
        var part = self
        part.batchSize = (batchSize + count - 1) / count
        return part
    }
}

extension [IterationPlan] {
    /// Its anneal.
    var anneal: [IterationPlan] { filter { $0.phase == .anneal } }

    /// The anneal's last iteration, at the limit where it ends; nil without an anneal.
    var endOfAnneal: IterationPlan? { last { $0.phase == .anneal } }

    /// The finest frequency limit; nil without iterations.
    var finestRing: Int? { map(\.ringCount).max() }

    /// Whether the anneal's limit rises, in the end by iterations with momentum.
    var rises: Bool { contains { $0.momentum > 0 } }

    /// Whether no iteration leaves negative values.
    var isPositive: Bool { allSatisfy(\.isPositive) }

    /// Whether an iteration is the first of another climb.
    func beginsClimb(at iteration: Int) -> Bool {
        iteration > 0 && self[iteration].climb > self[iteration - 1].climb
    }

    /// Whether an iteration is the last of its phase at its limit.
    func endsLimit(at iteration: Int) -> Bool {
        guard iteration + 1 < count else { return true }
        let (present, next) = (self[iteration], self[iteration + 1])
        return next.ringCount != present.ringCount || next.phase != present.phase
    }

    /// How many of its iterations a short start of a rise has: those to the end of the first limit with momentum; nil without one, and where it is the last limit too.
    var shortCount: Int? {
        guard let first = firstIndex(where: { $0.momentum > 0 }),
            self[first].ringCount != endOfAnneal?.ringCount
        else { return nil }
        return self[first...].firstIndex { $0.ringCount != self[first].ringCount }
    }

    /// Images in its largest minibatch.
    var largestBatch: Int { map(\.batchSize).max() ?? 0 }

    /// Whether an anneal has something to add to an earlier one: a finer limit, one that rises, half as many images again, or
    /// negative values.
    func goBeyond(_ earlier: [IterationPlan]) -> Bool {
        finestRing ?? 0 > earlier.finestRing ?? 0 || rises && !earlier.rises
            || 2 * largestBatch >= 3 * earlier.largestBatch || !isPositive && earlier.isPositive
    }

    /// Particles that the anneal has met at its end at the least, if there are so many: the fine iterations of a rise meet others.
    var metCount: Int {
        rises ? anneal.largestBatch : anneal.map(\.batchSize).reduce(0, +)
    }
}
