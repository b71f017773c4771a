import CryoCore
import CryoFourier
import CryoInference

/// Everything that belongs to one frequency limit.
struct Stage {
    /// The density's grid.
    let frame: DensityFrame
    /// The posterior.
    let engine: PosteriorEngine
    /// How images become polar.
    let preparation: ImagePreparation
    /// Whether shifts are searched only about each particle's present centre.
    let isLocal: Bool

    init(
        plan: IterationPlan, source: any ParticleSource, parameters: ReconstructionParameters,
        radius: Double, symmetry: PointGroup, parallel: Parallel
    ) {
        let boxLength = source.boxLength
        let softness = Self.maskSoftness(boxLength)
        isLocal = plan.isLocal(parameters)
        frame = DensityFrame(imageSize: source.boxSize, boxLength: boxLength, ringCount: plan.ringCount)
        engine = PosteriorEngine(
            ringCount: plan.ringCount, boxLength: boxLength, radius: radius + softness,
            normOrderCount: PosteriorEngine.normOrderCount(
                for: source.particles.lazy.map(\.ctf), frequency: 1 / frame.resolution),
            directions: DirectionGrid(
                spacing: parameters.angularStep * frame.resolution / (2 * radius), symmetry: symmetry),
            shifts: ShiftGrid(
                extent: plan.shiftExtent(parameters, boxLength: boxLength),
                spacing: parameters.shiftStep * frame.resolution, priorSigma: parameters.shiftSigma),
            parallel: parallel)
        preparation = ImagePreparation(
            boxSize: source.boxSize, pixelSize: source.pixelSize, grid: engine.grid,
            mask: SoftMask(radius: radius, softness: softness))
    }

    /// The width of the masks' soft edges, in Å.
    static func maskSoftness(_ boxLength: Double) -> Double { 0.05 * boxLength }
}
