import CryoCore
import CryoFourier
import CryoInference

/// Everything that belongs to one frequency limit.
struct Stage {
    let frame: DensityFrame
    let engine: PosteriorEngine
    let preparation: ImagePreparation

    init(
        ringCount: Int, source: any ParticleSource, parameters: ReconstructionParameters,
        radius: Double, symmetry: PointGroup, shiftExtent: Double, parallel: Parallel
    ) {
        let boxLength = source.boxLength
        frame = DensityFrame(imageSize: source.boxSize, boxLength: boxLength, ringCount: ringCount)
        let spacing = parameters.angularStep * frame.resolution / (2 * radius)
        engine = PosteriorEngine(
            ringCount: ringCount, boxLength: boxLength, radius: radius + Self.maskSoftness(boxLength),
            normOrderCount: PosteriorEngine.normOrderCount(
                for: source.particles.lazy.map(\.ctf), frequency: 1 / frame.resolution),
            directions: DirectionGrid(spacing: spacing, symmetry: symmetry),
            shifts: ShiftGrid(
                extent: shiftExtent, spacing: parameters.shiftStep * frame.resolution,
                priorSigma: parameters.shiftSigma),
            parallel: parallel)
        preparation = ImagePreparation(
            boxSize: source.boxSize, pixelSize: source.pixelSize, grid: engine.grid,
            mask: SoftMask(radius: radius, softness: Self.maskSoftness(boxLength)))
    }

    static func maskSoftness(_ boxLength: Double) -> Double { 0.05 * boxLength }
}
