import CryoCore
import CryoFourier
import CryoInference

@testable import CryoReconstruction
import CryoTestSupport

/// A dozen images of a small density, and the log-posterior of any density given them.
struct SmallProblem {
    static let imageSize = 32
    static let boxLength = 192.0

    let frame: DensityFrame
    let engine: PosteriorEngine
    let images: [PolarImage]
    let noise: [Double]
    /// The density that the images show, on the frame's grid.
    let truth: Volume
    let symmetry: PointGroup

    init(ringCount: Int = 6, symmetry: PointGroup = .c1, count: Int = 12, sigma: Double = 4) {
        self.symmetry = symmetry
        frame = DensityFrame(imageSize: Self.imageSize, boxLength: Self.boxLength, ringCount: ringCount)
        let pixelSize = Self.boxLength / Double(Self.imageSize)
        let volume = Self.density(symmetry, boxSize: Self.imageSize)
        truth = volume.resampled(to: frame.gridSize)
        engine = PosteriorEngine(
            ringCount: ringCount, boxLength: Self.boxLength, radius: 80, normOrderCount: 2,
            directions: DirectionGrid(spacing: 0.25, symmetry: symmetry),
            shifts: ShiftGrid(extent: 8, spacing: 8, priorSigma: 10), parallel: Parallel(threads: 2))
        let preparation = ImagePreparation(
            boxSize: Self.imageSize, pixelSize: pixelSize, grid: engine.grid,
            mask: SoftMask(radius: 80, softness: 10))
        let projector = Projector(volume)
        var stream = RandomStream(seed: 77)
        images = (0..<count).map { index in
            let ctf = TestScene.ctf(defocus: 12_000 + 900 * Double(index), astigmatism: 300)
            let pose = Pose(rotation: TestScene.rotation(&stream), originX: 3 * stream.normal())
            let image = TestScene.noisy(projector.project(pose, ctf: ctf).image(), sigma: sigma, &stream)
            return preparation.prepare(image, ctf: ctf, sign: 1)
        }
        noise = [Double](repeating: sigma * sigma, count: ringCount)
    }

    /// Blobs of 12 Å under a symmetry.
    static func density(_ symmetry: PointGroup, boxSize: Int, seed: UInt64 = 3) -> Volume {
        var stream = RandomStream(seed: seed)
        let centres = (0..<6).map { _ in stream.direction() * (15 + 40 * stream.uniform()) }
        let blobs = symmetry.operations.flatMap { operation in
            centres.map {
                PointScatterer(
                    position: operation.inverse.apply($0), weight: 500 / Double(symmetry.order),
                    bFactor: 8 * .pi * .pi * 144)
            }
        }
        return Volume(scatterers: blobs, boxSize: boxSize, pixelSize: boxLength / Double(boxSize))
    }

    /// A wrong density of the right size and symmetry.
    var start: Volume {
        Self.density(symmetry, boxSize: Self.imageSize, seed: 8).resampled(to: frame.gridSize)
    }

    /// The mean log-evidence of the images.
    func evidence(of density: Volume) -> Double {
        engine.setDensity(frame.ball(of: density))
        return engine.posterior(of: images, noiseVariance: noise).reduce(0) { $0 + $1.logEvidence }
            / Double(images.count)
    }

    /// The gradient of all images.
    func gradient(of density: Volume) -> CoefficientGradient {
        engine.setDensity(frame.ball(of: density))
        let gradient = SliceGradient(engine: engine)
        _ = engine.posterior(of: images, noiseVariance: noise, gradient: gradient)
        return CoefficientGradient(
            engine.densityGradient(of: gradient, noiseVariance: noise, symmetry: symmetry), frame: frame)
    }

    /// What an optimizer may know at a density.
    func situation(
        _ density: Volume, iteration: Int = 0, batch: Int = 0, weight: Double = 0.3,
        prior: any DensityPrior = UniformPrior()
    ) -> OptimizerSituation {
        OptimizerSituation(
            density: density, gradient: gradient(of: density), symmetryOrder: symmetry.order,
            batch: batch, batchSize: images.count, learntCount: 10 * images.count, iteration: iteration,
            weight: weight, prior: prior,
            objective: { objective(of: $0, prior: prior) })
    }

    /// The negative log-posterior per image.
    func objective(of density: Volume, prior: any DensityPrior = UniformPrior()) -> Double {
        prior.negativeLog(density) / Double(10 * images.count) - evidence(of: density)
    }
}
