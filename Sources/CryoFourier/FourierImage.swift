import CryoCore

/// The unitary Fourier transform of an image about its origin pixel.
///
///     F(k) = (1/n) Σ_x I(x) exp(−2πi k·(x − c)/n),   c = (⌊n/2⌋, ⌊n/2⌋)
///
/// With this scaling Σ|F|² over the full plane equals Σ I², and white noise of variance σ² per pixel has variance
/// σ² per coefficient. Stored: kx = 0 … n/2, ky in wrapped order; the rest follows from F(−k) = F(k)*.
public struct FourierImage: Sendable {
    /// Pixels along an edge of the image.
    public let boxSize: Int
    /// The pixel size of the image, in Å.
    public let pixelSize: Double
    /// The coefficients; shape `[ky][kx]`.
    public var coefficients: [Complex]

    /// Coefficients in a row.
    public var rowLength: Int { boxSize / 2 + 1 }

    /// Makes a transform of zeros.
    public init(boxSize: Int, pixelSize: Double) {
        self.boxSize = boxSize
        self.pixelSize = pixelSize
        coefficients = [Complex](repeating: .zero, count: boxSize * (boxSize / 2 + 1))
    }

    /// Transforms an image.
    public init(_ image: Image) {
        let n = image.boxSize
        self.init(boxSize: n, pixelSize: image.pixelSize)
        let fft = RealFFT.ofShape([n, n])
        let real = AlignedBuffer<Float>(count: fft.realCount, repeating: 0)
        let complex = AlignedBuffer<Complex>(count: fft.complexCount, repeating: .zero)
        let (middle, pixels) = (n / 2, image.pixels.span)
        for y in 0..<n {
            let (from, to) = (y * n, wrapped(y) * n)
            real.copy(pixels.extracting(from + middle..<from + n), to: to)
            real.copy(pixels.extracting(from..<from + middle), to: to + n - middle)
        }
        fft.forward(real, complex)
        let scale = 1 / Float(n)
        for i in 0..<fft.complexCount { coefficients[i] = complex[i] * scale }
    }

    /// The image of this transform.
    public func image() -> Image {
        let n = boxSize
        let fft = RealFFT.ofShape([n, n])
        let real = AlignedBuffer<Float>(count: fft.realCount, repeating: 0)
        let complex = AlignedBuffer<Complex>(count: fft.complexCount, repeating: .zero)
        complex.copy(coefficients.span, to: 0)
        fft.inverse(complex, real)
        var image = Image(boxSize: n, pixelSize: pixelSize)
        let (middle, scale) = (n / 2, 1 / Float(n))
        for y in 0..<n {
            let (to, from) = (y * n, wrapped(y) * n)
            for x in 0..<middle { image.pixels[to + x] = real[from + n - middle + x] * scale }
            for x in middle..<n { image.pixels[to + x] = real[from + x - middle] * scale }
        }
        return image
    }

    /// The place of a row, or a pixel of one, about the origin pixel, which goes to the first place: the halves change places.
    private func wrapped(_ place: Int) -> Int {
        let middle = boxSize / 2
        return place < middle ? place + boxSize - middle : place - middle
    }

    /// The coefficient at (kx, ky), each in −n/2 … n/2; Friedel's law fills the half that is not stored.
    public subscript(kx: Int, ky: Int) -> Complex {
        let n = boxSize
        if kx >= 0 { return coefficients[((ky + n) % n) * rowLength + kx] }
        return conjugate(coefficients[((n - ky) % n) * rowLength - kx])
    }

    /// The signed frequency indices (kx, ky) of the stored coefficient `index`.
    public func frequency(_ index: Int) -> (kx: Int, ky: Int) {
        let (row, kx) = index.quotientAndRemainder(dividingBy: rowLength)
        return (kx, row <= (boxSize - 1) / 2 ? row : row - boxSize)
    }

    /// The same image on a smaller box of the same physical size, by cropping frequencies.
    ///
    /// Coefficients keep their values, so noise keeps its variance per coefficient. The new Nyquist row and
    /// column, whose partners are cut off, are set to zero.
    public func cropped(to smaller: Int) -> FourierImage {
        guard smaller < boxSize else { return self }
        var result = FourierImage(
            boxSize: smaller, pixelSize: pixelSize * Double(boxSize) / Double(smaller))
        for index in result.coefficients.indices {
            let (kx, ky) = result.frequency(index)
            guard 2 * kx < smaller, 2 * abs(ky) < smaller else { continue }
            result.coefficients[index] = self[kx, ky]
        }
        return result
    }
}
