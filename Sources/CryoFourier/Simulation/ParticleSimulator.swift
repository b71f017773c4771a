import CryoCore
import Foundation

/// Makes the images of a data set whose truth is known; each is a pure function of (seed, index).
///
///     image = scale · CTF ∗ shifted projection + white Gaussian noise
///
/// The signal-to-noise ratio is that of pixels inside the particle's circle. For the noise-free, CTF-filtered and
/// shifted image I_j of scale 1 of particle j, and the pixels x within `diameter`/2 of the image's origin pixel:
///
///     signal = mean over j of Var_x I_j(x),  j = 0 … min(particleCount, 100) − 1
///     noise variance per pixel = signal / signalToNoise
///
/// Junk is counted in the sample as the particle that it would have been. Images are protein-white (RELION's
/// sign), and in the units of the density: a line sum of its voxels.
public struct ParticleSimulator: Sendable {
    /// What the data set is like.
    public let parameters: SimulationParameters
    /// The mean variance of the signal inside the particle's circle, per pixel.
    public let signalVariance: Double
    private let projector: Projector

    /// What an image holds.
    public enum Content: Sendable, Equatable {
        /// A particle near the centre.
        case particle
        /// A particle so far from the centre that part of it is cut off.
        case offCentre
        /// Nothing but noise.
        case noise
    }

    /// The substreams of a particle's random numbers; one for each purpose, so that changing how many one
    /// purpose draws leaves the others as they were.
    private enum Purpose: UInt32 {
        case pose, optics, content, noise, scale
    }

    /// Prepares a data set.
    ///
    /// - Parameters:
    ///   - volume: The density; images have its box and pixel size.
    ///   - parameters: What the data set is like.
    ///   - parallel: For measuring the signal; the result does not depend on it.
    /// - Throws: ``SimulationError`` if a parameter makes no sense or the density is empty.
    public init(
        _ volume: Volume, parameters: SimulationParameters, parallel: Parallel = Parallel()
    ) throws(SimulationError) {
        try parameters.validate()
        self.parameters = parameters
        let projector = Projector(volume)
        self.projector = projector
        let variances = parallel.map(min(parameters.particleCount, 100)) { index in
            Self.clean(index, parameters, projector).variance(withinDiameter: parameters.diameter)
        }
        signalVariance = variances.reduce(0, +) / Double(variances.count)
        guard signalVariance > 0, signalVariance.isFinite else { throw .noSignal }
    }

    /// The variance of the noise per pixel.
    public var noiseVariance: Double { signalVariance / parameters.signalToNoise }

    /// The true metadata of particle `index`; the pose is nil where there is only noise.
    public func particle(_ index: Int) -> Particle {
        let pose = content(index) == .noise ? nil : Self.pose(index, parameters, content(index))
        return Particle(
            imageName: String(format: "%06d", index + 1) + "@" + parameters.stackName,
            ctf: Self.optics(index, parameters), pose: pose, halfSet: Int8(index % 2 + 1))
    }

    /// What the image of particle `index` holds.
    public func content(_ index: Int) -> Content {
        var random = Self.random(index, parameters, .content)
        guard random.uniform() < parameters.junkFraction else { return .particle }
        return random.uniform() < 0.5 ? .noise : .offCentre
    }

    /// How strongly the image of particle `index` shows it.
    public func scale(_ index: Int) -> Double {
        var random = Self.random(index, parameters, .scale)
        return max(0.1, 1 + parameters.scaleSigma * random.normal())
    }

    /// The image of particle `index` without noise; zeros where there is nothing.
    public func cleanImage(_ index: Int) -> Image {
        let content = content(index)
        guard content != .noise else {
            return Image(boxSize: projector.boxSize, pixelSize: projector.pixelSize)
        }
        var image = Self.clean(index, parameters, projector, content)
        let scale = Float(scale(index))
        for pixel in image.pixels.indices { image.pixels[pixel] *= scale }
        return image
    }

    /// The image of particle `index`.
    public func image(_ index: Int) -> Image {
        var image = cleanImage(index)
        let deviation = noiseVariance.squareRoot()
        guard deviation > 0 else { return image }
        var random = Self.random(index, parameters, .noise)
        for pixel in image.pixels.indices { image.pixels[pixel] += Float(deviation * random.normal()) }
        return image
    }

    private static func clean(
        _ index: Int, _ parameters: SimulationParameters, _ projector: Projector,
        _ content: Content = .particle
    ) -> Image {
        projector.project(pose(index, parameters, content), ctf: optics(index, parameters)).image()
    }

    private static func pose(
        _ index: Int, _ parameters: SimulationParameters, _ content: Content
    ) -> Pose {
        var random = random(index, parameters, .pose)
        let rotation = parameters.orientations.draw(&random)
        var origin = SIMD2(random.normal(), random.normal()) * parameters.shiftSigma
        if content == .offCentre {
            let angle = 2 * .pi * random.uniform()
            origin += SIMD2(cos(angle), sin(angle)) * parameters.diameter * (0.4 + 0.4 * random.uniform())
        }
        return Pose(rotation: rotation, originX: origin.x, originY: origin.y)
    }

    private static func optics(
        _ index: Int, _ parameters: SimulationParameters
    ) -> ContrastTransferFunction {
        var random = random(index, parameters, .optics)
        let (u, range, listed) = (random.uniform(), parameters.defocusRange, parameters.defoci)
        let defocus =
            listed.isEmpty
            ? range.lowerBound + u * (range.upperBound - range.lowerBound)
            : listed[min(listed.count - 1, Int(u * Double(listed.count)))]
        let difference = random.uniform() * parameters.astigmatism
        return parameters.ctf(defocus: defocus, difference: difference, angle: .pi * random.uniform())
    }

    private static func random(
        _ index: Int, _ parameters: SimulationParameters, _ purpose: Purpose
    ) -> RandomStream {
        RandomStream(
            seed: parameters.seed, stream: UInt32(truncatingIfNeeded: index), substream: purpose.rawValue)
    }
}

extension Image {
    /// The variance of the pixels within `diameter`/2 (Å) of the origin pixel.
    public func variance(withinDiameter diameter: Double) -> Double {
        let limit = diameter / (2 * pixelSize)
        var (sum, squares, count) = (0.0, 0.0, 0.0)
        for y in 0..<boxSize {
            for x in 0..<boxSize {
                let (dx, dy) = (Double(x - boxSize / 2), Double(y - boxSize / 2))
                guard dx * dx + dy * dy <= limit * limit else { continue }
                let value = Double(self[x, y])
                sum += value
                squares += value * value
                count += 1
            }
        }
        guard count > 0 else { return 0 }
        return max(0, squares / count - (sum / count) * (sum / count))
    }
}
