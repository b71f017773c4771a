import CryoCore
import CryoFourier
import CryoInference
import Foundation

/// The images of a run as the posterior wants them: read when needed, normalised, masked, on a polar grid.
///
/// A particle that cannot be used is set aside with the reason and never comes back.
public final class ParticleImages: Sendable {
    /// Where the particles come from.
    public let source: any ParticleSource
    /// The radius beyond which an image is background, in Å.
    public let radius: Double
    /// What of an image is the particle.
    var mask: SoftMask { SoftMask(radius: radius, softness: Stage.maskSoftness(source.boxLength)) }
    private let normalization: BackgroundNormalization
    private let state: Mutex<State>

    private struct State {
        var centres: [SIMD2<Double>]
        var scales: [Float]
        var setAside: [Int: String] = [:]
        var sign: Float = 1
        var limits = ImageLimits.none
        var gains = GroupGains()
        var failure: String?
    }

    /// Prepares the images of a source; `radius` in Å.
    public init(source: any ParticleSource, radius: Double) {
        self.source = source
        self.radius = radius
        normalization = BackgroundNormalization(
            boxSize: source.boxSize, radius: radius / source.pixelSize)
        let count = source.particles.count
        var state = State(
            centres: [SIMD2<Double>](repeating: .zero, count: count),
            scales: [Float](repeating: 1, count: count))
        for (index, particle) in source.particles.enumerated() {
            state.setAside[index] = particle.ctf.objection
        }
        self.state = Mutex(state)
    }

    /// +1 if protein is white in the images, −1 if it is black.
    public var sign: Float {
        get { state.withLock { $0.sign } }
        set { state.withLock { $0.sign = newValue } }
    }

    /// How the noise of optics groups differs.
    var gains: GroupGains {
        get { state.withLock { $0.gains } }
        set { state.withLock { $0.gains = newValue } }
    }

    /// Where each particle stands, as an origin in Å.
    var centres: [SIMD2<Double>] {
        get { state.withLock { $0.centres } }
        set { state.withLock { $0.centres = newValue } }
    }

    /// How strongly each particle's image shows the density.
    var scales: [Float] { state.withLock { $0.scales } }

    /// The first failure to read an image, if there was one.
    ///
    /// All stacks were there when the run began, so this is not the particle's fault but the disk's or the network's.
    public var failure: String? { state.withLock { $0.failure } }

    /// Sets particles aside before a run.
    func setAside(_ indices: [Int], because reason: String) {
        state.withLock { state in
            for index in indices { state.setAside[index] = state.setAside[index] ?? reason }
        }
    }

    /// Learns from up to 1000 images spread over the set what an image may look like; others are set aside.
    func learnLimits(parallel: Parallel) {
        let indices = source.sample(atMost: 1000)
        let pixels = radius / source.pixelSize
        let measures = parallel.map(indices.count) { place in
            self.normalizedImage(indices[place]).map { ImageLimits.Measures($0, radius: pixels) }
        }
        let limits = ImageLimits(sample: measures.compactMap { $0 })
        state.withLock { $0.limits = limits }
    }

    /// The backgrounds of up to 1000 images spread over the set.
    func backgroundSpectra(ringCount: Int, parallel: Parallel) -> [BackgroundSpectrum] {
        let indices = source.sample(atMost: 1000)
        let preparation = ImagePreparation(
            boxSize: source.boxSize, pixelSize: source.pixelSize,
            grid: PolarGrid(ringCount: ringCount, angleCount: 4 * ringCount + 8),
            mask: mask)
        return parallel.map(indices.count) { place -> BackgroundSpectrum? in
            let index = indices[place]
            return self.normalizedImage(index).map {
                BackgroundSpectrum(
                    opticsGroup: self.source.particles[index].opticsGroup,
                    power: preparation.backgroundPower($0))
            }
        }.compactMap { $0 }
    }

    /// The particles set aside so far, and why: what is wrong and, after a colon, what was found.
    ///
    /// `run.json` counts what is wrong.
    public var setAside: [Int: String] { state.withLock { $0.setAside } }

    /// Goes back to what was known when a run was interrupted.
    func restore(centres: [SIMD2<Double>], scales: [Float], setAside: [Int: String]) {
        state.withLock {
            if centres.count == $0.centres.count { $0.centres = centres }
            if scales.count == $0.scales.count { $0.scales = scales }
            $0.setAside.merge(setAside) { _, saved in saved }
        }
    }

    /// Moves the centre about which a particle's shifts are searched; an origin, in Å.
    public func recentre(_ index: Int, at origin: SIMD2<Double>) {
        state.withLock { $0.centres[index] = origin }
    }

    /// Sets how strongly a particle's image shows the density.
    func rescale(_ index: Int, to scale: Float) {
        state.withLock { $0.scales[index] = scale }
    }

    /// Reads and normalises an image; nil if it is, or is hereby, set aside.
    public func normalizedImage(_ index: Int) -> Image? {
        let (isSetAside, limits) = state.withLock { ($0.setAside[index] != nil, $0.limits) }
        if isSetAside { return nil }
        do {
            var image = try source.image(index)
            guard normalization.apply(to: &image) != nil else {
                return setAside(index, "pixels are constant or not finite")
            }
            guard limits != .none else { return image }
            let measures = ImageLimits.Measures(image, radius: radius / source.pixelSize)
            if let objection = limits.objection(to: measures) { return setAside(index, objection) }
            return image
        } catch {
            state.withLock { $0.failure = $0.failure ?? "\(error)" }
            return setAside(index, "it cannot be read: \(error)")
        }
    }

    /// An image as it is added to a back-projection; nil if it is set aside.
    func slice(_ index: Int, at pose: Pose, weight: Float, points: [SIMD2<Float>]) -> ImageSlice? {
        guard let image = normalizedImage(index) else { return nil }
        let particle = source.particles[index]
        let (strength, gains) = state.withLock {
            ($0.sign * $0.scales[index], $0.gains[particle.opticsGroup])
        }
        return ImageSlice(
            image, ctf: particle.ctf, at: pose, weight: weight, points: points, mask: mask,
            strength: strength,
            gains: gains)
    }

    private func setAside(_ index: Int, _ reason: String) -> Image? {
        state.withLock { $0.setAside[index] = reason }
        return nil
    }

    /// The polar images of some particles, in their order; those set aside are left out.
    public func polarImages(
        _ indices: [Int], preparation: ImagePreparation, parallel: Parallel
    ) -> (indices: [Int], images: [PolarImage]) {
        let (sign, centres, scales, gains) = state.withLock { ($0.sign, $0.centres, $0.scales, $0.gains) }
        let made = parallel.map(indices.count) { place -> PolarImage? in
            let index = indices[place]
            guard let image = self.normalizedImage(index) else { return nil }
            let particle = self.source.particles[index]
            var polar = preparation.prepare(
                image, ctf: particle.ctf, sign: sign, centre: centres[index], scale: scales[index])
            gains.apply(
                to: &polar, ofGroup: particle.opticsGroup, pointsPerRing: preparation.grid.halfCount)
            return polar
        }
        var (kept, images) = ([Int](), [PolarImage]())
        for (index, image) in zip(indices, made) {
            guard let image else { continue }
            kept.append(index)
            images.append(image)
        }
        return (kept, images)
    }
}
