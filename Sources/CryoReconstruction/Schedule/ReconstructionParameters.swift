import Foundation

/// Every setting of a reconstruction; written to `run.json` and readable back from JSON.
///
/// Lengths in Å, frequencies as resolutions in Å.
public struct ReconstructionParameters: Codable, Sendable, Equatable {
    /// How the density is moved.
    public enum OptimizerKind: String, Codable, Sendable, CaseIterable {
        /// A stochastic gradient step divided by the curvature's diagonal.
        case preconditionedSGD
        /// Stochastic average gradient descent, as in the paper.
        case sagd
        /// Stochastic gradient descent with momentum.
        case momentum
        /// Gradient descent with the gradient of all images.
        case batch
        /// Best-match refinement: each image is assigned to its one best pose, then the density is solved for.
        case projectionMatching

        /// Whether steps are found by evaluating the minibatch again.
        var searches: Bool { self == .sagd || self == .momentum || self == .batch }
    }

    /// How resolution and temperature evolve.
    public enum ScheduleKind: String, Codable, Sendable, CaseIterable {
        /// The likelihood is annealed by the effective number of poses, then resolution rises.
        case annealed
        /// Resolution rises with the iteration alone, as in the paper.
        case frequencyMarching
    }

    /// Which nodes of the quadrature an image is evaluated on, once it has been visited and the anneal is over.
    public enum SamplingKind: String, Codable, Sendable, CaseIterable {
        /// All: the exact sum.
        case none
        /// Drawn pairs of direction and shift, with all in-plane angles.
        case joint
        /// Drawn directions × drawn in-plane angles × drawn shifts, as in the paper.
        case factorised
    }

    /// The name of the preset these settings began as.
    public var preset = "default"
    /// The seed of everything random.
    public var seed: UInt64 = 1
    /// The point group, such as `C1`.
    public var symmetry = "C1"
    /// The particle's diameter, in Å; nil to estimate it from the images.
    public var diameter: Double?
    /// The finest resolution to reach, in Å; nil for the schedule's own choice.
    public var maxResolution: Double?
    /// A cap on the number of iterations before particles look for their poses anew and all are passed over.
    public var maxIterations: Int?
    /// +1 for white protein, −1 for black; nil to find out.
    public var contrast: Int?
    /// The optimizer.
    public var optimizer = OptimizerKind.preconditionedSGD
    /// The schedule.
    public var schedule = ScheduleKind.annealed
    /// Whether noise is modelled per Fourier shell; otherwise white.
    public var hasColouredNoise = true
    /// The prior on the density.
    public var prior = PriorKind.uniform
    /// The prior's number: λ of the exponential, the width of the others in units of the density's scale.
    public var priorStrength = 0.0
    /// Whether the density is kept ≥ 0.
    public var isPositive = true
    /// The standard deviation of the shift prior, in Å; nil for a third of the largest shift.
    public var shiftSigma: Double?
    /// The largest shift that is searched, in Å; nil for a sixth of the diameter.
    public var shiftExtent: Double?
    /// The distance of shift nodes, in units of the resolution.
    public var shiftStep = 0.25
    /// The distance of direction nodes, in units of the resolution over the particle's diameter.
    public var angularStep = 1.0
    /// The resolution at which the likelihood is annealed, in Å; nil for a sixth of the diameter, at most 32 Å.
    public var annealResolution: Double?
    /// The resolution at which an anneal begins whose limit rises, in Å: those of the repeated ones that rise, and if this is told all
    /// of them; nil for the diameter over 4.5.
    public var annealBeginning: Double?
    /// Iterations of an anneal at one limit; where it rises, three quarters of these at its first ring, then a quarter each, with momentum
    /// an eighth, and up to half at the last ring; up to three times more those with momentum, and as many on the fine quadrature as at one
    /// limit.
    public var annealIterations = 160
    /// Images in a minibatch of the anneal; four times as many if its map does not explain what images hold, and it is repeated,
    /// and where the limit rises, sixty-four times as many once images begin to tell their poses.
    public var annealBatch = 80
    /// The weight of a minibatch in the running average during an anneal at one limit.
    public var annealWeight = 0.5
    /// The effective number of poses at the start of the anneal, as a fraction of all poses.
    public var annealStart = 0.01
    /// The effective number of poses at the end of the anneal.
    public var annealEnd = 10.0
    /// The part of the anneal that is carried out on a coarser quadrature.
    public var annealCoarseShare = 0.95
    /// How often the anneal is done again at most if its map is not good enough: with four times as many images a step, then
    /// at a limit a quarter finer, then with one that rises, without positivity, and with more images again; 0 for one kind of anneal in any case.
    public var annealRetries = 6
    /// How many further random starts an anneal whose limit rises has at most, if images do not tell their poses in any map; none where
    /// the number of iterations is limited.
    public var annealRestarts = 2
    /// How many short random starts an anneal whose limit rises has, of which the one that images prefer goes on, unless images begin to tell their
    /// poses in one; 1 where the number of iterations is limited.
    public var annealShortStarts = 4
    /// The least signal that a shell is granted, in units of the estimate's noise.
    public var signalFloor = 4.0
    /// The posterior mass from which on a pair of columns (16 directions, two shifts) is certain to enter an exact sum's
    /// gradient.
    ///
    /// Lighter ones enter by chance, with the weight that makes up for it. 0 for all of them.
    public var thinningMass = 0.02
    /// How images are evaluated after the anneal.
    public var sampling = SamplingKind.joint
    /// The fraction α of a proposal that does not come from the image's own memory.
    public var samplingFloor = 0.1
    /// The part of the floor that follows the whole data set's poses; the rest is the prior.
    public var samplingCensusShare = 0.5
    /// The temperature of the last posterior in a proposal.
    public var samplingTemperature = 1.5
    /// Nodes drawn for each effective node of a proposal, s₀.
    public var samplingDraws = 2.0
    /// Iterations after which the floor and the temperature fall a step, as in the paper; 0 for constant ones.
    public var samplingPeriod = 0
    /// Every so many iterations eight sampled images are summed exactly too, to measure the error; 0 for never.
    public var samplingCheckInterval = 20
    /// Images that are kept from the density, to measure the evidence of unseen ones; at most a tenth of the set.
    public var heldOut = 0
    /// Every so many iterations the evidence of the images held out is measured.
    public var heldOutInterval = 10
    /// The momentum of the optimizer of that name.
    public var momentum = 0.9
    /// Images in a minibatch while resolution rises.
    public var marchBatch = 400
    /// Passes through the particles for each ring that resolution rises by.
    public var marchEpochs = 0.4
    /// By how much the limit rises at once while half-sets agree well; 1 for ring by ring.
    public var marchLeap = 1.2
    /// The weight of a minibatch while resolution rises.
    public var marchWeight = 0.36
    /// Whether an image counts by the probability that it shows a particle in anneals that are done again at a finer limit, or whose limit rises;
    /// not with optimizers that search their step.
    public var weighsJunk = true
    /// The standard deviation of the prior on how strongly images show the density, after the anneal; 0 for all alike.
    public var scaleSigma = 0.2
    /// Random starts that are annealed, of which the best by evidence goes on; nil for three under a symmetry and one without.
    public var starts: Int?
    /// Whether two half-sets learn independently after the anneal, so that the resolution is known and the march ends
    /// where they no longer agree; only in the annealed schedule.
    public var halves = true
    /// Whether the last pass moves poses off the quadrature's nodes.
    public var refinesPoses = true
    /// The B factor of `map.mrc`, in Å²: its transform is multiplied by exp(−B s²/4), so a negative one sharpens.
    public var bFactor = 0.0
    /// Passes over all particles at the end; at least one.
    public var finalEpochs = 1

    /// Our own settings.
    public init() {}

    /// The settings with what depends on the diameter (Å) filled in.
    func settled(diameter: Double) -> ReconstructionParameters {
        let search = ShiftSearch(self, diameter: diameter)
        var settled = self
        (settled.shiftExtent, settled.shiftSigma) = (search.extent, search.sigma)
        return settled
    }

    /// The default settings.
    public static let standard = ReconstructionParameters()

    /// The settings of the paper: SAGD, resolution by the clock, no temperature, an exponential prior, importance
    /// sampling of directions, in-plane angles and shifts.
    public static let paper: ReconstructionParameters = {
        var parameters = ReconstructionParameters()
        parameters.preset = "paper"
        parameters.optimizer = .sagd
        parameters.schedule = .frequencyMarching
        parameters.hasColouredNoise = false
        parameters.prior = .exponential
        parameters.priorStrength = 0.9
        (parameters.shiftExtent, parameters.shiftSigma) = (60, 10)
        parameters.sampling = .factorised
        parameters.thinningMass = 0
        parameters.samplingFloor = 0.05
        parameters.samplingTemperature = 1.25
        parameters.samplingCensusShare = 0.9
        parameters.samplingDraws = 10
        parameters.samplingPeriod = 50
        parameters.heldOut = 200
        parameters.halves = false
        parameters.weighsJunk = false
        parameters.marchBatch = 200
        return parameters
    }()

    /// The preset of a name, if there is one.
    public static func preset(named name: String) -> ReconstructionParameters? {
        switch name {
        case "default": standard
        case "paper": paper
        default: nil
        }
    }
}
