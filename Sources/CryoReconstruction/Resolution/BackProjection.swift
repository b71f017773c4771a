import CryoCore
import CryoFourier
import CryoInference

/// What images hold of a density at given poses, beyond a shell and up to Nyquist.
///
/// At each frequency, with C the CTF times the image's strength, X the transform of the centred image and p its weight:
///
///     V̂ = n Σ p C X / ½(D + D̄)        D = Σ p C²,   D̄: its mean over the shell
///
/// the Wiener estimate where signal is as strong as noise, as it is about the resolution of a map; scaled so that the
/// mean is that of V̂ = n ΣpCX / D. The noise's variance is the same in all terms and cancels.
struct BackProjection {
    /// The frequencies of an image that count, half of them, in units of 1/box; of use to ``ImageSlice``.
    let points: [SIMD2<Float>]
    private let boxSize: Int
    private let pixelSize: Double
    private let symmetry: PointGroup
    private var sums: FourierBall
    private var weights: FourierBall

    /// Of no images yet.
    ///
    /// - Parameters:
    ///   - boxSize: Pixels along an edge of the images.
    ///   - pixelSize: Their distance, in Å.
    ///   - shell: The last shell that is of no interest.
    ///   - symmetry: Every image is added once for each operation.
    init(boxSize: Int, pixelSize: Double, beyond shell: Int, symmetry: PointGroup) {
        (self.boxSize, self.pixelSize, self.symmetry) = (boxSize, pixelSize, symmetry)
        let nyquist = (boxSize - 1) / 2
        // Whole shells, and one more within, since a sample gathers from all sides.
        let first = max(1, shell - 1)
        let end = Double(nyquist) + 0.5
        points = (0...nyquist).flatMap { y -> [SIMD2<Float>] in
            let row: [Int] = (-nyquist...nyquist).filter { x in
                let square = x * x + y * y
                return (y > 0 || x > 0) && square >= first * first && Double(square) < end * end
            }
            return row.map { SIMD2(Float($0), Float(y)) }
        }
        sums = FourierBall(radius: end)
        weights = FourierBall(radius: end)
    }

    /// Adds an image.
    mutating func add(_ slice: ImageSlice) {
        for operation in symmetry.operations {
            let rotation = slice.rotation * operation
            sums.insert(rotation, at: points, slice.values)
            weights.insert(rotation, at: points, slice.weights)
        }
    }

    /// The density.
    ///
    /// What was added is gone then: it takes more memory than anything else at the end of a run.
    mutating func finish() -> Volume {
        weights = weights.withCompleteCentralPlane()
        sums = sums.withCompleteCentralPlane()
        let means = Self.shellMeans(of: weights)
        sums.update { [weights] sample, offset, kx, ky, kz in
            let weight = (weights.samples[offset].x + means[Self.shell(kx, ky, kz)]) / 2
            sample = weight > 0 ? sample * (1 / weight) : .zero
        }
        weights = FourierBall(radius: 0)
        defer { sums = FourierBall(radius: 0) }
        return sums.volume(boxSize: boxSize, pixelSize: pixelSize, scale: Float(boxSize))
    }

    /// The mean weight of a sample by shell of 1/box.
    private static func shellMeans(of weights: FourierBall) -> [Float] {
        var (totals, counts) = ([Double](), [Double]())
        weights.forEachFrequency { offset, kx, ky, kz in
            let shell = shell(kx, ky, kz)
            while totals.count <= shell {
                totals.append(0)
                counts.append(0)
            }
            totals[shell] += Double(weights.samples[offset].x)
            counts[shell] += 1
        }
        return zip(totals, counts).map { Float($0 / max(1, $1)) }
    }

    /// The shell of a sample, two of which are a unit of 1/box.
    private static func shell(_ kx: Int, _ ky: Int, _ kz: Int) -> Int {
        FourierShellCorrelation.shell(kx, ky, kz) / 2
    }
}

/// An image at its pose, as it is added to a ``BackProjection``.
struct ImageSlice: Sendable {
    /// The density's orientation in the image.
    let rotation: Rotation
    /// p C X at each point.
    private(set) var values: [Complex] = []
    /// p C² at each point; real.
    private(set) var weights: [Complex] = []

    /// Masks an image about its particle and centres it.
    ///
    /// - Parameters:
    ///   - image: The normalised image.
    ///   - ctf: Its contrast transfer function.
    ///   - pose: Its pose.
    ///   - weight: p.
    ///   - points: The points of ``BackProjection/points``.
    ///   - mask: What of the image is the particle, about its centre.
    ///   - strength: How strongly it shows the density, negative where protein is black; C is multiplied by it.
    ///   - gains: What C and X are multiplied by; nil for 1.
    init(
        _ image: Image, ctf: ContrastTransferFunction, at pose: Pose, weight: Float, points: [SIMD2<Float>],
        mask: SoftMask, strength: Float, gains: RingGains?
    ) {
        rotation = pose.rotation
        let origin = SIMD2(pose.originX, pose.originY)
        var masked = image
        let inside = mask.weights(boxSize: image.boxSize, pixelSize: image.pixelSize, centre: -origin)
        for index in masked.pixels.indices { masked.pixels[index] *= inside[index] }
        let transform = FourierImage(masked)
        let (evaluator, boxLength) = (ctf.evaluator, Double(image.boxSize) * image.pixelSize)
        for point in points {
            let frequency = SIMD2<Double>(point) / boxLength
            let gain = gains?[Int((point * point).sum().squareRoot().rounded())] ?? 1
            let contrast = gain * strength * Float(evaluator(frequency.x, frequency.y))
            let centring = Phase.factor(cycles: -(frequency * origin).sum())
            let value = multiply(transform[Int(point.x), Int(point.y)], centring)
            values.append(value * (weight * contrast * gain))
            weights.append(Complex(weight * contrast * contrast, 0))
        }
    }
}
