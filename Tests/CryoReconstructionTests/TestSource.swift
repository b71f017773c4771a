import CryoCore
import CryoFourier
import CryoReconstruction
import CryoTestSupport

/// Particles in memory; an image may be missing.
struct TestSource: ParticleSource {
    /// What a missing image throws.
    struct Unreadable: Error {}

    var particles: [Particle]
    let boxSize: Int
    let pixelSize: Double
    var images: [Image?]

    init(particles: [Particle], images: [Image?], boxSize: Int, pixelSize: Double) {
        self.particles = particles
        self.images = images
        self.boxSize = boxSize
        self.pixelSize = pixelSize
    }

    func image(_ index: Int) throws -> Image {
        guard let image = images[index] else { throw Unreadable() }
        return image
    }

    /// Simulated images of a density; `gain` multiplies every pixel.
    init(
        _ volume: Volume, count: Int, diameter: Double, signalToNoise: Double, seed: UInt64 = 1,
        gain: Float = 1, scaleSigma: Double = 0
    ) throws {
        var parameters = SimulationParameters()
        parameters.particleCount = count
        parameters.diameter = diameter
        parameters.signalToNoise = signalToNoise
        parameters.seed = seed
        parameters.scaleSigma = scaleSigma
        let simulator = try ParticleSimulator(volume, parameters: parameters)
        let images = Parallel(threads: 2).map(count) { index -> Image in
            var image = simulator.image(index)
            for pixel in image.pixels.indices { image.pixels[pixel] *= gain }
            return image
        }
        self.init(
            particles: (0..<count).map { simulator.particle($0) }, images: images, boxSize: volume.boxSize,
            pixelSize: volume.pixelSize)
    }

    /// Images of noise alone, of any spectrum: variance by the distance from the centre in units of 1/box.
    static func noise(
        count: Int, boxSize: Int, pixelSize: Double, variance: (_ frequency: Double) -> Double
    ) -> TestSource {
        let images = (0..<count).map { index -> Image? in
            var transform = FourierImage(
                .random(boxSize: boxSize, pixelSize: pixelSize, seed: UInt64(500 + index)))
            for place in transform.coefficients.indices {
                let (kx, ky) = transform.frequency(place)
                let gain = variance(Double(kx * kx + ky * ky).squareRoot()).squareRoot()
                transform.coefficients[place] *= Float(gain)
            }
            return transform.image()
        }
        let particles = (0..<count).map { Particle(imageName: "\($0 + 1)@noise.mrcs", ctf: TestScene.ctf()) }
        return TestSource(particles: particles, images: images, boxSize: boxSize, pixelSize: pixelSize)
    }
}
