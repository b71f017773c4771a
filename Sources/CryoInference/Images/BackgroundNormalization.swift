import CryoCore

/// Brings images to a common footing: the background's ramp and mean taken off, its standard deviation set to 1.
///
/// The background is what lies outside a circle. Whatever the file claims, this is done to every image.
public struct BackgroundNormalization: Sendable {
    /// The background's pixels, as pieces of rows.
    private let background: [Piece]
    private let boxSize: Int
    private let pixelCount: Double
    private let moments: SIMD2<Double>

    private struct Piece: Sendable {
        var row: Int
        var columns: Range<Int>

        func places(boxSize n: Int) -> Range<Int> {
            row * n + columns.lowerBound..<row * n + columns.upperBound
        }
    }

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
        let middle = Double(n - 1) / 2
        var (pieces, count, xx, yy) = ([Piece](), 0, 0.0, 0.0)
        for y in 0..<n {
            let dy = Double(y) - middle
            let inside = (0..<n).filter { x in
                (Double(x) - middle) * (Double(x) - middle) + dy * dy <= limit * limit
            }
            // The circle cuts a row in two, misses it or, in a tiny box, holds all of it.
            let left = inside.first ?? n
            let right = inside.last.map { $0 + 1 } ?? n
            for columns in [0..<left, right..<n] where !columns.isEmpty {
                pieces.append(Piece(row: y, columns: columns))
                count += columns.count
                for x in columns { xx += (Double(x) - middle) * (Double(x) - middle) }
                yy += dy * dy * Double(columns.count)
            }
        }
        background = pieces
        pixelCount = Double(count)
        // The background is symmetric about the centre of the box, so the three terms of the fit decouple.
        moments = [xx, yy]
    }

    /// Normalises an image in place; nil if it has no usable background (not finite, or constant).
    public func apply(to image: inout Image) -> Statistics? {
        let n = boxSize
        let middle = Double(n - 1) / 2
        var pixels = image.pixels.mutableSpan
        var (sum, sumX, sumY) = (0.0, 0.0, 0.0)
        for piece in background {
            let row = pixels.span.extracting(piece.places(boxSize: n))
            let firstX = Double(piece.columns.lowerBound) - middle
            var (rowSum, rowSumX) = (0.0, 0.0)
            for place in row.indices {
                let value = Double(row[place])
                rowSum += value
                rowSumX += value * (firstX + Double(place))
            }
            sum += rowSum
            sumX += rowSumX
            sumY += rowSum * (Double(piece.row) - middle)
        }
        let (mean, slopeX, slopeY) = (sum / pixelCount, sumX / moments.x, sumY / moments.y)
        let ramp = (0..<n).map { slopeX * (Double($0) - middle) }
        for y in 0..<n {
            let (start, level) = (y * n, mean + slopeY * (Double(y) - middle))
            for x in 0..<n { pixels[start + x] -= Float(level + ramp[x]) }
        }
        var squares = 0.0
        for piece in background {
            let row = pixels.span.extracting(piece.places(boxSize: n))
            for place in row.indices { squares += Double(row[place]) * Double(row[place]) }
        }
        let deviation = (squares / pixelCount).squareRoot()
        guard deviation.isFinite, deviation > 1e-7 * abs(mean), deviation > 0 else { return nil }
        let gain = Float(1 / deviation)
        for index in pixels.indices { pixels[index] *= gain }
        return image.largestMagnitude.isFinite ? Statistics(mean: mean, standardDeviation: deviation) : nil
    }
}
