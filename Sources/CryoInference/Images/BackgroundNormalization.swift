import CryoCore

/// Brings images to a common footing: the background's ramp and mean taken off, its standard deviation set to 1.
///
/// The background is what lies outside a circle. Whatever the file claims, this is done to every image.
public struct BackgroundNormalization: Sendable {
    /// Indices of the background's pixels.
    private let background: [Int32]
    private let boxSize: Int
    private let moments: SIMD2<Double>

    /// What was taken off an image.
    public struct Statistics: Sendable, Equatable {
        /// The background's mean.
        public var mean: Double
        /// The background's standard deviation about its ramp.
        public var standardDeviation: Double
    }

    /// Prepares the normalisation of images of one box.
    ///
    /// - Parameters:
    ///   - n: Pixels along an edge.
    ///   - radius: The circle's radius, in pixels; cut to 0.48 of the box so that some background is left.
    public init(boxSize n: Int, radius: Double) {
        boxSize = n
        let limit = min(radius, 0.48 * Double(n))
        var (indices, xx, yy) = ([Int32](), 0.0, 0.0)
        for y in 0..<n {
            for x in 0..<n {
                let (dx, dy) = (Double(x) - Double(n - 1) / 2, Double(y) - Double(n - 1) / 2)
                guard dx * dx + dy * dy > limit * limit else { continue }
                indices.append(Int32(y * n + x))
                xx += dx * dx
                yy += dy * dy
            }
        }
        background = indices
        // The background is symmetric about the centre of the box, so the three terms of the fit decouple.
        moments = [xx, yy]
    }

    /// Normalises an image in place; nil if it has no usable background (not finite, or constant).
    public func apply(to image: inout Image) -> Statistics? {
        let n = boxSize
        let middle = Double(n - 1) / 2
        var (sum, sumX, sumY) = (0.0, 0.0, 0.0)
        for index in background {
            let value = Double(image.pixels[Int(index)])
            sum += value
            sumX += value * (Double(Int(index) % n) - middle)
            sumY += value * (Double(Int(index) / n) - middle)
        }
        let count = Double(background.count)
        let (mean, slopeX, slopeY) = (sum / count, sumX / moments.x, sumY / moments.y)
        var squares = 0.0
        for y in 0..<n {
            let row = mean + slopeY * (Double(y) - middle)
            for x in 0..<n {
                image.pixels[y * n + x] -= Float(row + slopeX * (Double(x) - middle))
            }
        }
        for index in background {
            let value = Double(image.pixels[Int(index)])
            squares += value * value
        }
        let deviation = (squares / count).squareRoot()
        guard deviation.isFinite, deviation > 1e-7 * abs(mean), deviation > 0 else { return nil }
        let gain = Float(1 / deviation)
        var total: Float = 0
        for index in image.pixels.indices {
            image.pixels[index] *= gain
            total += image.pixels[index]
        }
        return total.isFinite ? Statistics(mean: mean, standardDeviation: deviation) : nil
    }
}
