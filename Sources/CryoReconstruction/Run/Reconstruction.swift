import CryoCore
import CryoFourier
import CryoInference
import Foundation

/// A run: from images to a density and poses.
public final class Reconstruction: @unchecked Sendable {
    /// The settings.
    public let parameters: ReconstructionParameters
    /// The images.
    public let images: ParticleImages
    /// What the contrast was told to be, or found to be so far.
    public var contrast: ContrastDetection {
        var contrast = detectedContrast
        contrast.sign = Int(images.sign)
        return contrast
    }
    /// What was told, or what the images' low frequencies say.
    let detectedContrast: ContrastDetection
    /// The particle's diameter, in Å.
    public let diameter: Double
    /// Where the diameter comes from; nil if it was told.
    public let diameterEstimate: DiameterEstimate?
    /// A density to start from instead of a random one, on any grid of the same box; set before the run.
    public var initialDensity: Volume?
    /// Asked between parts of an iteration over many particles: whether to give it up.
    public var isToStop: @Sendable () -> Bool = { false }
    /// The particles, in an order that is not that of their file.
    let source: CanonicalOrder
    let symmetry: PointGroup
    let parallel: Parallel
    /// Whether half-sets take turns with one engine instead of having one each, in half the memory; the result is the same.
    public var sharesEngine: Bool
    /// The plan of the run for each kind of anneal that may be carried out, in their order.
    let plans: [[IterationPlan]]
    /// How far off the middle of its image a particle is looked for.
    let shiftSearch: ShiftSearch
    /// The particles to learn from, and those held out.
    let split: (learning: [Int], heldOut: [Int])
    let backgroundNoise: NoiseSpectrum

    /// The frequency limit at the start and at the end, as resolutions in Å.
    public var plannedResolutions: (first: Double, last: Double) {
        let rings = plans[0].map(\.ringCount)
        return (source.boxLength / Double(rings.first ?? 1), source.boxLength / Double(rings.last ?? 1))
    }

    /// The limit at which the first anneal ends, as a resolution in Å; nil without one.
    public var annealedResolution: Double? {
        plans[0].endOfAnneal.map { source.boxLength / Double($0.ringCount) }
    }

    /// Prepares a run: looks at the images' contrast and background.
    ///
    /// - Throws: ``ReconstructionError`` if the images cannot be reconstructed from.
    public init(
        source given: any ParticleSource, parameters: ReconstructionParameters,
        parallel: Parallel = Parallel()
    ) throws(ReconstructionError) {
        let source = CanonicalOrder(given)
        try parameters.validate()
        let symmetry = try parameters.pointGroup()
        let estimate: DiameterEstimate?
        let diameter: Double
        if let told = parameters.diameter {
            (diameter, estimate) = (told, nil)
        } else {
            let found = DiameterEstimate(source: source, parallel: parallel)
            (diameter, estimate) = (found.diameter, found)
        }
        guard diameter > 4 * source.pixelSize, diameter <= source.boxLength else {
            throw .diameterOutOfRange(diameter, box: source.boxLength)
        }
        split = ParticleOrder.split(
            source.particles.count, heldOut: min(parameters.heldOut, source.particles.count / 10),
            seed: parameters.seed)
        let plans = IterationSchedule.repeatedPlans(
            parameters, particleCount: split.learning.count, boxLength: source.boxLength,
            boxSize: source.boxSize, diameter: diameter)
        let images = ParticleImages(source: source, radius: diameter / 2)
        images.setAside(source.repetitions, because: "another row has the same image")
        images.learnLimits(parallel: parallel)
        if let failure = images.failure { throw .readFailure(failure) }
        var contrast = ContrastDetection(images: images, parallel: parallel)
        if let told = parameters.contrast { contrast.sign = told < 0 ? -1 : 1 }
        images.sign = Float(contrast.sign)
        let spectra = images.backgroundSpectra(
            ringCount: plans[0].finestRing ?? 3, parallel: parallel)
        guard let noise = NoiseSpectrum(spectra, isColoured: parameters.hasColouredNoise) else {
            let reasons = images.setAside
            let first = reasons.min { $0.key < $1.key }?.value ?? "nothing is left"
            throw .noUsableImages(reasons.count, reason: first)
        }
        if parameters.hasColouredNoise { images.gains = GroupGains(spectra) }
        self.source = source
        self.parameters = parameters.settled(diameter: diameter)
        self.parallel = parallel
        sharesEngine = parallel.threads == 1
        self.symmetry = symmetry
        self.diameter = diameter
        diameterEstimate = estimate
        self.plans = plans
        shiftSearch = ShiftSearch(parameters, diameter: diameter)
        self.images = images
        detectedContrast = contrast
        backgroundNoise = noise
    }

    func constraints(isPositive: Bool) -> DensityConstraints {
        DensityConstraints(
            mask: SoftMask(radius: diameter / 2, softness: Stage.maskSoftness(source.boxLength)),
            isPositive: isPositive)
    }
}
