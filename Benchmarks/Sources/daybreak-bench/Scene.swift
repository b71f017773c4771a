import CryoCore
import CryoFourier
import CryoInference
import CryoReconstruction

/// The built-in molecule, simulated images of it, and an engine at one frequency limit.
struct Scene {
    let frame: DensityFrame
    let engine: PosteriorEngine
    let density: Volume
    let preparation: ImagePreparation
    let raw: [Image]
    let images: [PolarImage]
    let ctfs: [ContrastTransferFunction]
    let noise: [Double]
    let parallel: Parallel

    /// - Parameters:
    ///   - boxSize: Pixels along an edge.
    ///   - pixelSize: In Å.
    ///   - resolution: The frequency limit, in Å.
    ///   - shiftExtent: The largest shift searched, in Å.
    ///   - threads: Workers.
    init(
        boxSize: Int, pixelSize: Double, resolution: Double, shiftExtent: Double, imageCount: Int,
        threads: Int
    ) throws {
        parallel = Parallel(threads: threads)
        let boxLength = Double(boxSize) * pixelSize
        let phantom = Phantom(diameter: 0.7 * boxLength)
        let standard = ReconstructionParameters.standard
        frame = DensityFrame(
            imageSize: boxSize, boxLength: boxLength, ringCount: Int(boxLength / resolution + 1e-6))
        var parameters = SimulationParameters()
        parameters.particleCount = imageCount
        parameters.diameter = phantom.diameter
        parameters.signalToNoise = 0.05
        let truth = Volume(scatterers: phantom.scatterers, boxSize: boxSize, pixelSize: pixelSize)
        let simulator = try ParticleSimulator(truth, parameters: parameters)
        raw = parallel.map(imageCount) { simulator.image($0) }
        let mask = SoftMask(radius: phantom.diameter / 2, softness: 0.05 * boxLength)
        let particles = (0..<imageCount).map { simulator.particle($0) }
        engine = PosteriorEngine(
            ringCount: frame.ringCount, boxLength: boxLength, radius: mask.radius + mask.softness,
            normOrderCount: PosteriorEngine.normOrderCount(
                for: particles.map(\.ctf), frequency: 1 / frame.resolution),
            directions: DirectionGrid(spacing: standard.angularStep * frame.resolution / phantom.diameter),
            shifts: ShiftGrid(
                extent: shiftExtent, spacing: standard.shiftStep * frame.resolution,
                priorSigma: shiftExtent), parallel: parallel)
        density = truth.resampled(to: frame.gridSize)
        preparation = ImagePreparation(
            boxSize: boxSize, pixelSize: pixelSize, grid: engine.grid, mask: mask)
        images = zip(raw, particles).map { [preparation] in
            preparation.prepare($0, ctf: $1.ctf, sign: 1)
        }
        ctfs = particles.map(\.ctf)
        let variance = simulator.noiseVariance
        noise = [Double](repeating: variance, count: frame.ringCount)
        engine.setDensity(frame.ball(of: density))
    }
}
