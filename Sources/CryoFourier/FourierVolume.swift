import CryoCore

/// The Fourier transform of a density about its origin voxel, unscaled.
///
///     F(k) = Σ_x V(x) exp(−2πi k·(x − c)/n),   c = ⌊n/2⌋ on each axis
///
/// Stored: kx = 0 … n/2; ky and kz in wrapped order.
public struct FourierVolume: Sendable {
    /// Voxels along an edge of the density.
    public let boxSize: Int
    /// The voxel size of the density, in Å.
    public let pixelSize: Double
    /// The coefficients; shape `[kz][ky][kx]`.
    public var coefficients: [Complex]

    /// Coefficients in a row.
    public var rowLength: Int { boxSize / 2 + 1 }

    /// Makes a transform of zeros.
    public init(boxSize: Int, pixelSize: Double) {
        self.boxSize = boxSize
        self.pixelSize = pixelSize
        coefficients = [Complex](repeating: .zero, count: boxSize * boxSize * (boxSize / 2 + 1))
    }

    /// Transforms a density, embedded centrally in a box `padding` times as large.
    public init(_ volume: Volume, padding: Int = 1) {
        let n = volume.boxSize
        let big = n * padding
        self.init(boxSize: big, pixelSize: volume.pixelSize)
        let fft = RealFFT.ofShape([big, big, big])
        let real = AlignedBuffer<Float>(count: fft.realCount, repeating: 0)
        let complex = AlignedBuffer<Complex>(count: fft.complexCount, repeating: .zero)
        let wrapped = (0..<n).map { ($0 - n / 2 + big) % big }
        for z in 0..<n {
            for y in 0..<n {
                let source = (z * n + y) * n
                let target = (wrapped[z] * big + wrapped[y]) * big
                for x in 0..<n { real[target + wrapped[x]] = volume.voxels[source + x] }
            }
        }
        fft.forward(real, complex)
        coefficients = complex.array
    }

    /// The density of this transform; `boxSize` may name a smaller central cube of it.
    public func volume(boxSize inner: Int? = nil) -> Volume {
        let big = boxSize
        let n = inner ?? big
        let fft = RealFFT.ofShape([big, big, big])
        let real = AlignedBuffer<Float>(count: fft.realCount, repeating: 0)
        let complex = AlignedBuffer<Complex>(count: fft.complexCount, repeating: .zero)
        for i in 0..<fft.complexCount { complex[i] = coefficients[i] }
        fft.inverse(complex, real)
        var volume = Volume(boxSize: n, pixelSize: pixelSize)
        let scale = 1 / Float(big * big * big)
        let wrapped = (0..<n).map { ($0 - n / 2 + big) % big }
        var voxels = volume.voxels.mutableSpan
        for z in 0..<n {
            for y in 0..<n {
                let target = (z * n + y) * n
                let source = (wrapped[z] * big + wrapped[y]) * big
                for x in 0..<n { voxels[target + x] = real[source + wrapped[x]] * scale }
            }
        }
        return volume
    }

    /// The offset of the coefficient at (0, ky, kz), each index in −n/2 … n/2.
    func rowOffset(_ ky: Int, _ kz: Int) -> Int {
        let n = boxSize
        return (((kz + n) % n) * n + (ky + n) % n) * rowLength
    }

    /// The coefficient at (kx, ky, kz), each in −n/2 … n/2.
    public subscript(kx: Int, ky: Int, kz: Int) -> Complex {
        kx >= 0
            ? coefficients[rowOffset(ky, kz) + kx] : conjugate(coefficients[rowOffset(-ky, -kz) - kx])
    }

    /// Calls `body` with the offset and the signed frequency indices of each stored coefficient.
    public func forEachFrequency(_ body: (_ offset: Int, _ kx: Int, _ ky: Int, _ kz: Int) -> Void) {
        let n = boxSize
        var offset = 0
        for z in 0..<n {
            let kz = z <= (n - 1) / 2 ? z : z - n
            for y in 0..<n {
                let ky = y <= (n - 1) / 2 ? y : y - n
                for kx in 0...n / 2 {
                    body(offset, kx, ky, kz)
                    offset += 1
                }
            }
        }
    }

    /// Calls `body` with each stored coefficient, which it may change, and its signed frequency indices.
    public mutating func update(
        _ body: (_ coefficient: inout Complex, _ kx: Int, _ ky: Int, _ kz: Int) -> Void
    ) {
        // Taken out, so that they are changed in place.
        var coefficients = [Complex]()
        swap(&coefficients, &self.coefficients)
        forEachFrequency { offset, kx, ky, kz in body(&coefficients[offset], kx, ky, kz) }
        self.coefficients = coefficients
    }
}

extension Volume {
    /// The density with every frequency multiplied by a real factor, the same for k and −k.
    public func filtered(by factor: (_ kx: Int, _ ky: Int, _ kz: Int) -> Float) -> Volume {
        var transform = FourierVolume(self)
        transform.update { coefficient, kx, ky, kz in coefficient *= factor(kx, ky, kz) }
        return transform.volume()
    }

    /// The same density sampled on `newSize` voxels along the same physical edge, by cropping or padding
    /// frequencies; values keep their meaning per voxel of the original.
    public func resampled(to newSize: Int) -> Volume {
        guard newSize != boxSize else { return self }
        let source = FourierVolume(self)
        var target = FourierVolume(
            boxSize: newSize, pixelSize: pixelSize * Double(boxSize) / Double(newSize))
        let limit = min(boxSize, newSize)
        let ratio = Float(newSize) / Float(boxSize)
        let scale = ratio * ratio * ratio
        target.update { coefficient, kx, ky, kz in
            guard 2 * kx < limit, 2 * abs(ky) < limit, 2 * abs(kz) < limit else { return }
            coefficient = source[kx, ky, kz] * scale
        }
        return target.volume()
    }
}
