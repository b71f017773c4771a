import CryoCore
import Foundation

/// A radial mask: 1 inside, a raised cosine, 0 outside.
public struct SoftMask: Sendable, Equatable {
    /// Where the mask begins to fall, in Å.
    public var radius: Double
    /// The width of the fall, in Å.
    public var softness: Double

    /// Makes a mask; both in Å.
    public init(radius: Double, softness: Double) {
        self.radius = radius
        self.softness = softness
    }

    /// The weight at a distance from the centre, in Å.
    public func weight(at distance: Double) -> Double {
        if distance <= radius { return 1 }
        if distance >= radius + softness { return 0 }
        return 0.5 * (1 + cos(.pi * (distance - radius) / softness))
    }

    /// The weights on an image's pixels; shape `[y][x]`.
    ///
    /// - Parameters:
    ///   - n: Pixels along an edge.
    ///   - pixelSize: Their distance, in Å.
    ///   - centre: The mask's centre relative to the image's origin pixel, in Å.
    public func weights(
        boxSize n: Int, pixelSize: Double, centre: SIMD2<Double> = .zero
    ) -> [Float] {
        var weights = [Float](repeating: 0, count: n * n)
        for y in 0..<n {
            for x in 0..<n {
                let place = SIMD2(Double(x - n / 2), Double(y - n / 2)) * pixelSize - centre
                weights[y * n + x] = Float(weight(at: (place * place).sum().squareRoot()))
            }
        }
        return weights
    }

    /// The density times the mask.
    public func applied(to volume: Volume) -> Volume {
        var result = volume
        let n = volume.boxSize
        var voxels = result.voxels.mutableSpan
        var index = 0
        for z in 0..<n {
            for y in 0..<n {
                let planar = Double((z - n / 2) * (z - n / 2) + (y - n / 2) * (y - n / 2))
                for x in 0..<n {
                    let dx = Double(x - n / 2)
                    let distance = (planar + dx * dx).squareRoot() * volume.pixelSize
                    voxels[index] *= Float(weight(at: distance))
                    index += 1
                }
            }
        }
        return result
    }
}
