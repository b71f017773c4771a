import CryoCore

/// Takes pictures of a density: central slices on the Cartesian grid, shifted and filtered by the optics.
public struct Projector: Sendable {
    /// Pixels along an edge of the images.
    public let boxSize: Int
    /// The pixel size of the images, in Å.
    public let pixelSize: Double
    private let ball: FourierBall
    private let points: [SIMD2<Float>]
    private let offsets: [Int]

    /// Prepares a density; images have its box.
    public init(_ volume: Volume) {
        boxSize = volume.boxSize
        pixelSize = volume.pixelSize
        let n = volume.boxSize
        let limit = Double((n - 1) / 2)
        ball = FourierBall(volume, radius: limit, scale: 1 / Float(n))
        var (points, offsets) = ([SIMD2<Float>](), [Int]())
        let empty = FourierImage(boxSize: n, pixelSize: volume.pixelSize)
        for index in empty.coefficients.indices {
            let (kx, ky) = empty.frequency(index)
            guard Double(kx * kx + ky * ky) <= limit * limit else { continue }
            points.append([Float(kx), Float(ky)])
            offsets.append(index)
        }
        self.points = points
        self.offsets = offsets
    }

    /// The transform of the noise-free image of a pose.
    ///
    ///     F(k) = CTF(k) · V̂(kx·row₀ + ky·row₁) · exp(+2πi k·origin)
    ///
    /// - Parameters:
    ///   - pose: Orientation and origin (Å).
    ///   - ctf: The optics, or nil for a pure projection.
    public func project(_ pose: Pose, ctf: ContrastTransferFunction? = nil) -> FourierImage {
        let slice = ball.slice(pose.rotation, at: points)
        let step = 1 / (Double(boxSize) * pixelSize)
        let evaluator = ctf?.evaluator
        var image = FourierImage(boxSize: boxSize, pixelSize: pixelSize)
        for (index, point) in points.enumerated() {
            let (sx, sy) = (Double(point.x) * step, Double(point.y) * step)
            let gain = Float(evaluator?(sx, sy) ?? 1)
            let turn = Phase.factor(cycles: sx * pose.originX + sy * pose.originY)
            image.coefficients[offsets[index]] = multiply(slice[index], turn) * gain
        }
        return image
    }
}
