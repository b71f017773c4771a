import CryoCore
import CryoFourier

/// A particle image as the posterior sees it: its transform and its CTF on half a polar grid.
public struct PolarImage: Sendable {
    /// The unitary transform of the normalised, masked image; shape `[ring][angle]`.
    public var values: [Complex]
    /// The contrast transfer function; shape `[ring][angle]`.
    public var ctf: [Float]
    /// The particle's present centre, as an origin (see ``CryoCore/Pose``), in Å.
    public var centre: SIMD2<Double>
    /// How strongly the image shows the density; its CTF is multiplied by it (see ``ScaleFit``).
    public var scale: Float

    /// Makes an image.
    public init(values: [Complex], ctf: [Float], centre: SIMD2<Double> = .zero, scale: Float = 1) {
        self.values = values
        self.ctf = ctf
        self.centre = centre
        self.scale = scale
    }

    /// ‖X_k‖² over a whole ring of its grid.
    public func power(ring: Int, of grid: PolarGrid) -> Float {
        let range = (ring * grid.halfCount)..<((ring + 1) * grid.halfCount)
        return 2 * range.reduce(Float(0)) { $0 + (values[$1] * values[$1]).sum() }
    }
}

/// Turns particle images into ``PolarImage``s of one grid.
public struct ImagePreparation: Sendable {
    /// The polar grid.
    public let grid: PolarGrid
    /// The mean square of the mask on images: the fraction of the noise power that is left.
    public let maskPower: Double
    private let boxLength: Double
    private let croppedSize: Int
    private let sampler: PolarSampler
    private let softMask: SoftMask
    private let mask: [Float]
    private let background: [Float]
    private let points: [SIMD2<Float>]

    /// Prepares.
    ///
    /// - Parameters:
    ///   - boxSize: Pixels along an edge of the images.
    ///   - pixelSize: Their pixel size, in Å.
    ///   - grid: The polar grid; its rings must lie below the Nyquist frequency.
    ///   - mask: What of the image counts.
    public init(boxSize: Int, pixelSize: Double, grid: PolarGrid, mask: SoftMask) {
        self.grid = grid
        boxLength = Double(boxSize) * pixelSize
        // A few frequencies more than the rings, so that the mask's edge does not alias into them.
        croppedSize = min(boxSize, FastLength.even(atLeast: 2 * (grid.ringCount + 5)))
        sampler = PolarSampler(grid: grid, boxSize: croppedSize)
        let croppedPixel = boxLength / Double(croppedSize)
        softMask = mask
        self.mask = mask.weights(boxSize: croppedSize, pixelSize: croppedPixel)
        background = self.mask.map { 1 - $0 }
        maskPower = Double(self.mask.reduce(0) { $0 + $1 * $1 }) / Double(self.mask.count)
        points = grid.points
    }

    /// Masks and samples a normalised image; the mask stands where the particle's present centre is.
    public func prepare(
        _ image: Image, ctf: ContrastTransferFunction, sign: Float, centre: SIMD2<Double> = .zero,
        scale: Float = 1
    ) -> PolarImage {
        var cropped = FourierImage(image).cropped(to: croppedSize).image()
        let weights =
            centre == .zero
            ? mask
            : softMask.weights(
                boxSize: croppedSize, pixelSize: cropped.pixelSize, centre: -centre)
        for index in cropped.pixels.indices { cropped.pixels[index] *= weights[index] * sign }
        let evaluator = ctf.evaluator
        let values = points.map { point in
            scale * Float(evaluator(Double(point.x) / boxLength, Double(point.y) / boxLength))
        }
        return PolarImage(values: sampler.sample(cropped), ctf: values, centre: centre, scale: scale)
    }

    /// The noise variance per Fourier coefficient on each ring, from the image's background alone.
    public func backgroundPower(_ image: Image) -> [Double] {
        var cropped = FourierImage(image).cropped(to: croppedSize).image()
        for index in cropped.pixels.indices { cropped.pixels[index] *= background[index] }
        let samples = sampler.sample(cropped)
        let kept = Double(background.reduce(0) { $0 + $1 * $1 }) / Double(background.count)
        return (0..<grid.ringCount).map { ring in
            let values = samples[(ring * grid.halfCount)..<((ring + 1) * grid.halfCount)]
            return values.reduce(0) { $0 + Double(($1 * $1).sum()) } / Double(grid.halfCount) / kept
        }
    }
}
