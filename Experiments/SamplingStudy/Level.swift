import CryoCore
import CryoFiles
import CryoFourier
import CryoInference
import CryoReconstruction

/// One frequency limit: its quadrature, the density's slices, and the images on its polar grid.
struct Level {
    let frame: DensityFrame
    let engine: PosteriorEngine
    let symmetry: PointGroup
    let images: [PolarImage]
    /// Images are normalised to a background of variance 1.
    let noise: [Double]

    init(
        study: SamplingStudy, set: ParticleSet, images source: ParticleImages, density: Volume, ringCount: Int
    ) {
        let parallel = Parallel(threads: study.threads)
        let parameters = ReconstructionParameters.standard
        let mask = SoftMask(radius: study.diameter / 2, softness: 0.05 * set.boxLength)
        symmetry = PointGroup(name: study.symmetry) ?? .c1
        frame = DensityFrame(imageSize: set.boxSize, boxLength: set.boxLength, ringCount: ringCount)
        engine = PosteriorEngine(
            ringCount: ringCount, boxLength: set.boxLength, radius: mask.radius + mask.softness,
            normOrderCount: PosteriorEngine.normOrderCount(
                for: set.particles.lazy.map(\.ctf), frequency: 1 / frame.resolution),
            directions: DirectionGrid(
                spacing: parameters.angularStep * frame.resolution / study.diameter, symmetry: symmetry),
            shifts: ShiftGrid(
                extent: study.shiftExtent, spacing: parameters.shiftStep * frame.resolution,
                priorSigma: parameters.shiftSigma ?? study.shiftExtent / 3), parallel: parallel)
        var scaled = density
        scaled.pixelSize = set.boxLength / Double(density.boxSize)
        engine.setDensity(frame.ball(of: scaled.resampled(to: frame.gridSize)))
        let preparation = ImagePreparation(
            boxSize: set.boxSize, pixelSize: set.pixelSize, grid: engine.grid, mask: mask)
        images =
            source.polarImages(
                Array(0..<min(study.images, set.count)), preparation: preparation, parallel: parallel
            ).images
        noise = [Double](repeating: 1, count: ringCount)
    }

    /// The density's gradient that was summed over slices.
    func gradient(_ slices: SliceGradient) -> CoefficientGradient {
        CoefficientGradient(
            engine.densityGradient(of: slices, noiseVariance: noise, symmetry: symmetry), frame: frame)
    }
}
