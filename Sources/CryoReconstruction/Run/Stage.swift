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
    /// Whether its nodes lie farther apart than the settings say.
    let isCoarse: Bool
    /// Its points in relation to those of the quadrature that the settings ask for.
    let poseShare: Double
    /// How the directions and the data set's census correspond.
    let censusPlaces: PoseCensus.Places
    /// Points of the product of directions, in-plane angles and all shifts within the largest that is searched.
    let fullPoseCount: Int

    init(
        plan: IterationPlan, source: any ParticleSource, parameters: ReconstructionParameters,
        shiftSearch: ShiftSearch, radius: Double, symmetry: PointGroup, census: PoseCensus, parallel: Parallel
    ) {
        let boxLength = source.boxLength
        let softness = Self.maskSoftness(boxLength)
        isLocal = plan.isLocal(parameters)
        frame = DensityFrame(imageSize: source.boxSize, boxLength: boxLength, ringCount: plan.ringCount)
        isCoarse = plan.isCoarse
        let nodes = Quadrature(plan, frame, parameters, shiftSearch, radius: radius, symmetry: symmetry)
        engine = PosteriorEngine(
            ringCount: plan.ringCount, boxLength: boxLength, radius: radius + softness,
            normOrderCount: PosteriorEngine.normOrderCount(
                for: source.particles.lazy.map(\.ctf), frequency: 1 / frame.resolution),
            directions: nodes.directions, shifts: nodes.shifts,
            canSample: plan.isSampled(parameters), parallel: parallel)
        poseShare = nodes.share
        censusPlaces = plan.isSampled(parameters) ? census.places(of: engine.directions) : PoseCensus.Places()
        let wholeShifts = ShiftGrid(
            extent: shiftSearch.extent, spacing: engine.shifts.spacing, priorSigma: shiftSearch.sigma)
        fullPoseCount =
            engine.directions.directionCount * engine.grid.angleCount * wholeShifts.offsets.count
        preparation = ImagePreparation(
            boxSize: source.boxSize, pixelSize: source.pixelSize, grid: engine.grid,
            mask: SoftMask(radius: radius, softness: softness))
    }

    /// The workers of the engine.
    var parallel: Parallel { engine.parallel }

    /// The width of the masks' soft edges, in Å.
    static func maskSoftness(_ boxLength: Double) -> Double { 0.05 * boxLength }
}
