/// A square real-space image.
///
/// Pixel (x, y) is `pixels[y · boxSize + x]`; the origin is the pixel (⌊n/2⌋, ⌊n/2⌋).
public struct Image: Sendable, Equatable {
    /// Pixels along an edge.
    public let boxSize: Int
    /// The distance of two pixels, in Å.
    public var pixelSize: Double
    /// The values; shape `[y][x]`.
    public var pixels: [Float]

    /// Makes an image; `pixels` must hold `boxSize²` values.
    public init(boxSize: Int, pixelSize: Double, pixels: [Float]) {
        precondition(pixels.count == boxSize * boxSize, "an image holds boxSize² pixels")
        self.boxSize = boxSize
        self.pixelSize = pixelSize
        self.pixels = pixels
    }

    /// Makes an image of zeros.
    public init(boxSize: Int, pixelSize: Double) {
        self.init(
            boxSize: boxSize, pixelSize: pixelSize, pixels: [Float](repeating: 0, count: boxSize * boxSize))
    }

    /// The largest absolute value of a pixel; not finite if one of them is not.
    ///
    /// Compared as integers, many at once: bit patterns of positive numbers are in their order, and infinity and NaN come last.
    public var largestMagnitude: Float {
        let pixels = pixels.span
        var largest = UInt32(0)
        for index in pixels.indices { largest = max(largest, pixels[index].magnitude.bitPattern) }
        return Float(bitPattern: largest)
    }

    /// The value at a pixel.
    public subscript(x: Int, y: Int) -> Float {
        get { pixels[y * boxSize + x] }
        set { pixels[y * boxSize + x] = newValue }
    }
}
