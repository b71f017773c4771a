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
    /// How the directions and the data set's census correspond.
    let censusPlaces: PoseCensus.Places
    /// Points of the product of directions, in-plane angles and all shifts within the largest that is searched.
    let fullPoseCount: Int

    init(
        plan: IterationPlan, source: any ParticleSource, parameters: ReconstructionParameters,
        radius: Double, symmetry: PointGroup, census: PoseCensus, parallel: Parallel
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
            canSample: plan.isSampled(parameters), parallel: parallel)
        censusPlaces = plan.isSampled(parameters) ? census.places(of: engine.directions) : PoseCensus.Places()
        let wholeShifts = ShiftGrid(
            extent: parameters.shiftExtent, spacing: engine.shifts.spacing,
            priorSigma: parameters.shiftSigma)
        fullPoseCount =
            engine.directions.directionCount * engine.grid.angleCount * wholeShifts.offsets.count
        preparation = ImagePreparation(
            boxSize: source.boxSize, pixelSize: source.pixelSize, grid: engine.grid,
            mask: SoftMask(radius: radius, softness: softness))
    }

    /// The width of the masks' soft edges, in Å.
    static func maskSoftness(_ boxLength: Double) -> Double { 0.05 * boxLength }
}
