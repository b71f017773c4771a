import CryoCore
import Foundation

/// Samples the unitary Fourier transform of images of one box at the points of a polar grid.
///
/// The image is divided by the transform of the kernel, embedded in twice its box, transformed, and read with a
/// separable Kaiser–Bessel kernel of six taps: errors stay below 10⁻⁴ of the largest value.
public struct PolarSampler: Sendable {
    /// The grid of points.
    public let grid: PolarGrid
    /// Pixels along an edge of the images.
    public let boxSize: Int
    private static let tapCount = 6
    private let correction: [Float]
    private let taps: [Taps]

    /// The nearest samples of one point, and their weights.
    private struct Taps: Sendable {
        var rows: SIMD8<Int32>
        var columns: SIMD8<Int32>
        var rowWeights: SIMD8<Float>
        var columnWeights: SIMD8<Float>
    }

    /// Prepares the sampling of images of `boxSize` pixels; every ring must lie below their Nyquist frequency.
    public init(grid: PolarGrid, boxSize: Int) {
        precondition(2 * grid.ringCount < boxSize, "rings beyond the Nyquist frequency cannot be sampled")
        self.grid = grid
        self.boxSize = boxSize
        let big = 2 * boxSize
        correction = KaiserBessel.correction(boxSize: boxSize)
        taps = grid.points.map { point in
            func nearest(_ coordinate: Float) -> (SIMD8<Int32>, SIMD8<Float>) {
                let position = 2 * Double(coordinate)
                let first = Int(position.rounded(.down)) - 2
                var (indices, weights) = (SIMD8<Int32>.zero, SIMD8<Float>.zero)
                for tap in 0..<Self.tapCount {
                    let sample = first + tap
                    indices[tap] = Int32(((sample % big) + big) % big)
                    weights[tap] = Float(KaiserBessel.value(position - Double(sample)))
                }
                return (indices, weights)
            }
            let (columns, columnWeights) = nearest(point.x)
            let (rows, rowWeights) = nearest(point.y)
            return Taps(
                rows: rows, columns: columns, rowWeights: rowWeights, columnWeights: columnWeights)
        }
    }

    /// Samples an image; shape of the result `[ring][angle]`, half rings.
    public func sample(_ image: Image) -> [Complex] {
        precondition(image.boxSize == boxSize)
        let (n, big) = (boxSize, 2 * boxSize)
        let fft = RealFFT.ofShape([big, big])
        let real = AlignedBuffer<Float>(count: fft.realCount, repeating: 0)
        let half = AlignedBuffer<Complex>(count: fft.complexCount, repeating: .zero)
        for y in 0..<n {
            let row = (y - n / 2 + big) % big * big
            let rowFactor = correction[y] / Float(n)
            for x in 0..<n {
                real[row + (x - n / 2 + big) % big] = image.pixels[y * n + x] * rowFactor * correction[x]
            }
        }
        fft.forward(real, half)
        let rowLength = big / 2 + 1
        return taps.map { tap in
            var sum = Complex.zero
            for i in 0..<Self.tapCount {
                var rowSum = Complex.zero
                let row = Int(tap.rows[i])
                let mirroredRow = (big - row) % big
                for j in 0..<Self.tapCount {
                    let column = Int(tap.columns[j])
                    let value =
                        column < rowLength
                        ? half[row * rowLength + column]
                        : conjugate(half[mirroredRow * rowLength + big - column])
                    rowSum += value * tap.columnWeights[j]
                }
                sum += rowSum * tap.rowWeights[i]
            }
            return sum
        }
    }
}

/// The Kaiser–Bessel kernel of width 6 for an oversampling of 2 (Beatty et al., IEEE TMI 2005).
enum KaiserBessel {
    private static let width = 6.0
    /// β = π √(W²/α² (α − ½)² − 0.8) with W = 6, α = 2.
    private static let shape = Double.pi * (36.0 / 4 * 2.25 - 0.8).squareRoot()

    /// The kernel at a distance in samples.
    static func value(_ distance: Double) -> Double {
        let u = 2 * distance / width
        guard abs(u) < 1 else { return 0 }
        return bessel0(shape * (1 - u * u).squareRoot()) / bessel0(shape)
    }

    /// What each pixel of an axis is multiplied by before the transform: 1 / kernel's transform.
    static func correction(boxSize n: Int) -> [Float] {
        // The transform as a midpoint sum; 600 intervals leave an error below 1e-10.
        let count = 600
        let step = width / Double(count)
        return (0..<n).map { index in
            let position = Double(index - n / 2) / Double(2 * n)
            var sum = 0.0
            for i in 0..<count {
                let t = -width / 2 + (Double(i) + 0.5) * step
                sum += value(t) * cos(2 * .pi * t * position) * step
            }
            return Float(1 / sum)
        }
    }

    /// The modified Bessel function I₀ by its power series.
    private static func bessel0(_ x: Double) -> Double {
        var (term, sum, k) = (1.0, 1.0, 1.0)
        while term > 1e-17 * sum {
            term *= x * x / (4 * k * k)
            sum += term
            k += 1
        }
        return sum
    }
}
