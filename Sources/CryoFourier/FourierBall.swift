import CryoCore
import Foundation

/// The central part of a density's Fourier transform, sampled finely enough to interpolate slices from.
///
/// A density of box n is embedded in a box 2n, so samples lie at half-integer frequencies, and slices are read
/// by trilinear interpolation. The density is divided beforehand by the transform of that kernel,
/// g(x) = Π sinc²(x_i / 2n), so that what is read is the transform of the density itself:
///
///     T(ξ) = scale · Σ_x V(x) exp(−2πi ξ·x/n)
///
/// Two adjoint pairs live here: `init(_:radius:scale:)` and ``adjointVolume(boxSize:pixelSize:scale:)``,
/// ``extract(_:at:into:)`` and ``insert(_:at:_:)``. Stored: kx ≥ 0, ky and kz centred; shape `[kz][ky][kx]`.
public struct FourierBall: Sendable {
    /// Samples per unit of 1/box.
    public let padding: Int
    /// The largest frequency that can be read, in units of 1/box.
    public let radius: Double
    /// The samples.
    public var samples: [Complex]
    /// Samples from the centre to the edge along ky and kz.
    private let reach: Int

    private var rowLength: Int { reach + 1 }
    private var columnCount: Int { 2 * reach + 1 }

    /// Makes a ball of zeros that serves frequencies up to `radius`, in units of 1/box.
    public init(radius: Double, padding: Int = 2) {
        self.radius = radius
        self.padding = padding
        reach = Self.reach(radius, padding)
        samples = [Complex](repeating: .zero, count: Self.sampleCount(reach: reach))
    }

    /// A ball of given samples; nil if their number is not that of the radius.
    init?(radius: Double, padding: Int, samples: [Complex]) {
        self.radius = radius
        self.padding = padding
        reach = Self.reach(radius, padding)
        guard samples.count == Self.sampleCount(reach: reach) else { return nil }
        self.samples = samples
    }

    private static func reach(_ radius: Double, _ padding: Int) -> Int {
        Int((radius * Double(padding)).rounded(.up)) + 1
    }

    private static func sampleCount(reach: Int) -> Int { (reach + 1) * (2 * reach + 1) * (2 * reach + 1) }

    /// Transforms a density; samples are multiplied by `scale`.
    public init(_ volume: Volume, radius: Double, scale: Float = 1) {
        self.init(radius: radius)
        var corrected = volume
        GriddingCorrection(boxSize: volume.boxSize, padding: padding).divide(&corrected)
        let transform = FourierVolume(corrected, padding: padding)
        copySamples(of: transform, upTo: transform.boxSize / 2, scale: scale)
    }

    /// Copies the integer frequencies of a transform up to `radius`, multiplied by `scale`.
    public init(samplesOf transform: FourierVolume, radius: Double, scale: Float = 1) {
        self.init(radius: radius, padding: 1)
        copySamples(
            of: transform, upTo: (transform.boxSize - 1) / 2, within: radius * radius + 1e-6, scale: scale)
    }

    /// Copies a transform's coefficients row by row, as far as `limit` on each axis and the square of a radius go.
    private mutating func copySamples(
        of transform: FourierVolume, upTo limit: Int, within squaredRadius: Double = .infinity, scale: Float
    ) {
        let edge = min(reach, limit)
        for kz in -edge...edge {
            for ky in -edge...edge {
                let rest = squaredRadius - Double(ky * ky + kz * kz)
                guard rest >= 0 else { continue }
                let (target, source) = (offset(0, ky, kz), transform.rowOffset(ky, kz))
                for kx in 0...Int(min(Double(edge), rest.squareRoot())) {
                    samples[target + kx] = transform.coefficients[source + kx] * scale
                }
            }
        }
    }

    /// Calls `body` with the offset and the frequency indices of each sample.
    public func forEachFrequency(_ body: (_ offset: Int, _ kx: Int, _ ky: Int, _ kz: Int) -> Void) {
        var offset = 0
        for kz in -reach...reach {
            for ky in -reach...reach {
                for kx in 0...reach {
                    body(offset, kx, ky, kz)
                    offset += 1
                }
            }
        }
    }

    /// Calls `body` with each sample, which it may change, its offset and its frequency indices.
    public mutating func update(
        _ body: (_ sample: inout Complex, _ offset: Int, _ kx: Int, _ ky: Int, _ kz: Int) -> Void
    ) {
        // Taken out, so that they are changed in place.
        var samples = [Complex]()
        swap(&samples, &self.samples)
        forEachFrequency { offset, kx, ky, kz in body(&samples[offset], offset, kx, ky, kz) }
        self.samples = samples
    }

    /// Replaces each sample by what `value` gives for its frequency indices.
    public mutating func mapFrequencies(_ value: (_ kx: Int, _ ky: Int, _ kz: Int) -> Complex) {
        update { sample, _, kx, ky, kz in sample = value(kx, ky, kz) }
    }

    /// The adjoint of `init(_:radius:scale:)`, for values inserted on half a slice.
    ///
    ///     γ(x) = scale / g(x) · Σ_ξ G(ξ) exp(+2πi ξ·x/n)      over both halves of every slice
    ///
    /// If G = ∂ℓ/∂T* then γ = ∂ℓ/∂V.
    public func adjointVolume(boxSize: Int, pixelSize: Double, scale: Float) -> Volume {
        let big = Float(boxSize * padding)
        return withCompleteCentralPlane().volume(
            boxSize: boxSize, pixelSize: pixelSize, scale: scale * big * big * big)
    }

    /// The density, times `scale`, of samples that were gathered by insertion and divided by their weights.
    public func volume(boxSize: Int, pixelSize: Double, scale: Float) -> Volume {
        let big = boxSize * padding
        var transform = FourierVolume(boxSize: big, pixelSize: pixelSize)
        let limit = min(reach, (big - 1) / 2)
        for kz in -limit...limit {
            for ky in -limit...limit {
                let source = offset(0, ky, kz)
                let target = transform.rowOffset(ky, kz)
                for kx in 0...limit { transform.coefficients[target + kx] = samples[source + kx] }
            }
        }
        var volume = transform.volume(boxSize: boxSize)
        for index in volume.voxels.indices { volume.voxels[index] *= scale }
        GriddingCorrection(boxSize: boxSize, padding: padding).divide(&volume)
        return volume
    }

    /// Reads the slice's values at the points x·row₀ + y·row₁; in units of 1/box.
    ///
    /// - Parameters:
    ///   - rotation: The orientation of the slice.
    ///   - points: Points (x, y) of the slice within ``radius``; shape `[point]`.
    ///   - output: Overwritten; shape `[point]`.
    public func extract(
        _ rotation: Rotation, at points: [SIMD2<Float>], into output: inout MutableSpan<Complex>
    ) {
        let (xAxis, yAxis) = axes(rotation)
        let (row, plane) = (rowLength, rowLength * columnCount)
        let samples = samples.span
        for (index, point) in points.enumerated() {
            let cell = Cell(xAxis * point.x + yAxis * point.y, reach: reach, row: row, plane: plane)
            output[index] = cell.value(of: samples, row: row, plane: plane)
        }
    }

    /// The slice's values at some of its points; see ``extract(_:at:into:)``.
    public func slice(_ rotation: Rotation, at points: [SIMD2<Float>]) -> [Complex] {
        var values = [Complex](repeating: .zero, count: points.count)
        var span = values.mutableSpan
        extract(rotation, at: points, into: &span)
        return values
    }

    /// Reads the values at the frequencies Aᵀ k, A the rotation; in units of 1/box.
    ///
    /// These are the values of the density turned by A: r ↦ A r.
    ///
    /// - Parameters:
    ///   - rotation: The rotation A.
    ///   - frequencies: Points k of the turned transform within ``radius``.
    public func values(_ rotation: Rotation, at frequencies: [SIMD3<Float>]) -> [Complex] {
        let (xAxis, yAxis) = axes(rotation)
        let zAxis = SIMD3<Float>(rotation.row2) * Float(padding)
        let (row, plane) = (rowLength, rowLength * columnCount)
        let samples = samples.span
        return frequencies.map { k in
            let place = xAxis * k.x + yAxis * k.y + zAxis * k.z
            return Cell(place, reach: reach, row: row, plane: plane).value(
                of: samples, row: row, plane: plane)
        }
    }

    /// The adjoint of ``extract(_:at:into:)``: adds each value to the samples it would be read from.
    ///
    /// Adjoint over the inner product Re Σ a b*, each stored sample counted once.
    public mutating func insert(_ rotation: Rotation, at points: [SIMD2<Float>], _ values: [Complex]) {
        let (xAxis, yAxis) = axes(rotation)
        let (reach, row, plane) = (reach, rowLength, rowLength * columnCount)
        var samples = samples.mutableSpan
        for (index, point) in points.enumerated() {
            let cell = Cell(xAxis * point.x + yAxis * point.y, reach: reach, row: row, plane: plane)
            let (p, f) = (cell.offset, cell.fraction)
            let value = cell.flipped ? conjugate(values[index]) : values[index]
            let upper = value * f.z
            let lower = value - upper
            let (v01, v11) = (lower * f.y, upper * f.y)
            let (v00, v10) = (lower - v01, upper - v11)
            samples[p + 1] += v00 * f.x
            samples[p] += v00 - v00 * f.x
            samples[p + row + 1] += v01 * f.x
            samples[p + row] += v01 - v01 * f.x
            samples[p + plane + 1] += v10 * f.x
            samples[p + plane] += v10 - v10 * f.x
            samples[p + plane + row + 1] += v11 * f.x
            samples[p + plane + row] += v11 - v11 * f.x
        }
    }

    /// Adds another ball's samples to this one's.
    public static func += (lhs: inout FourierBall, rhs: FourierBall) {
        precondition(lhs.reach == rhs.reach, "balls of different radius cannot be added")
        for index in lhs.samples.indices { lhs.samples[index] += rhs.samples[index] }
    }

    /// The ball with each sample of the plane kx = 0 added to its Friedel partner's conjugate.
    ///
    /// After half slices were inserted, a frequency and its partner share one stored sample, except on this
    /// plane, where they are two.
    public func withCompleteCentralPlane() -> FourierBall {
        var result = self
        for kz in -reach...reach {
            for ky in -reach...reach {
                let here = offset(0, ky, kz)
                result.samples[here] = samples[here] + conjugate(samples[offset(0, -ky, -kz)])
            }
        }
        return result
    }

    /// The sample at integer frequency indices, in units of 1/(padding · box); zero outside.
    public subscript(kx: Int, ky: Int, kz: Int) -> Complex {
        guard abs(kx) <= reach, abs(ky) <= reach, abs(kz) <= reach else { return .zero }
        return kx >= 0 ? samples[offset(kx, ky, kz)] : conjugate(samples[offset(-kx, -ky, -kz)])
    }

    @inline(__always)
    private func offset(_ kx: Int, _ ky: Int, _ kz: Int) -> Int {
        ((kz + reach) * columnCount + ky + reach) * rowLength + kx
    }

    private func axes(_ rotation: Rotation) -> (SIMD3<Float>, SIMD3<Float>) {
        let scale = Double(padding)
        return (SIMD3<Float>(rotation.row0 * scale), SIMD3<Float>(rotation.row1 * scale))
    }

    /// The cube of eight samples around a frequency; frequencies with kx < 0 are read at their partner.
    private struct Cell {
        let offset: Int
        let fraction: SIMD3<Float>
        let flipped: Bool

        @inline(__always)
        init(_ frequency: SIMD3<Float>, reach: Int, row: Int, plane: Int) {
            flipped = frequency.x < 0
            let k = (flipped ? -frequency : frequency) + SIMD3<Float>(0, Float(reach), Float(reach))
            // All coordinates are positive, so truncation is the floor.
            let (x, y, z) = (Int(k.x), Int(k.y), Int(k.z))
            // Not as an array literal, of which the compiler makes an array for each point.
            fraction = k - SIMD3(Float(x), Float(y), Float(z))
            offset = z &* plane &+ y &* row &+ x
        }

        /// What the eight samples give by trilinear interpolation.
        @inline(__always)
        func value(of samples: Span<Complex>, row: Int, plane: Int) -> Complex {
            let (p, q, f) = (offset, offset + plane, fraction)
            let v00 = samples[p] + (samples[p + 1] - samples[p]) * f.x
            let v01 = samples[p + row] + (samples[p + row + 1] - samples[p + row]) * f.x
            let v10 = samples[q] + (samples[q + 1] - samples[q]) * f.x
            let v11 = samples[q + row] + (samples[q + row + 1] - samples[q + row]) * f.x
            let lower = v00 + (v01 - v00) * f.y
            let upper = v10 + (v11 - v10) * f.y
            let value = lower + (upper - lower) * f.z
            return flipped ? conjugate(value) : value
        }
    }
}
