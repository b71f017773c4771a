import CryoCore
import CryoFourier
import Foundation

/// A soft mask in the shape of the particle, made from its map.
enum ParticleMask {
    /// The resolution to which a map is low-passed before it is cut at a level, in Å.
    static let lowPass = 20.0
    /// The part of the low-passed map's positive density that the level encloses.
    static let enclosed = 0.95
    /// Voxels by which what is enclosed is widened.
    static let widening = 3.0
    /// Voxels over which the mask falls to zero beyond that, as a raised cosine.
    static let edge = 6.0

    /// The mask of a map: 1 on the particle, 0 in the solvent.
    ///
    /// The level is a part of the mass, not a fraction of the peak: it does not depend on how bright the brightest voxel is.
    static func mask(of map: Volume) -> Volume {
        let smooth = lowPassed(map)
        let level = smooth.level(enclosing: enclosed) ?? .leastNonzeroMagnitude
        let n = map.boxSize
        var squares = [Float](repeating: .infinity, count: map.voxels.count)
        for index in squares.indices where smooth.voxels[index] >= level { squares[index] = 0 }
        let inside = squares.map { $0 == 0 }
        let offsets = ball(radius: widening + edge)
        for z in 0..<n {
            for y in 0..<n {
                for x in 0..<n where inside[(z * n + y) * n + x] && isBorder(x, y, z, inside, n) {
                    for (offset, square) in offsets {
                        let (u, v, w) = (x + offset[0], y + offset[1], z + offset[2])
                        guard u >= 0, v >= 0, w >= 0, u < n, v < n, w < n else { continue }
                        let place = (w * n + v) * n + u
                        squares[place] = min(squares[place], square)
                    }
                }
            }
        }
        let fall = SoftMask(radius: widening, softness: edge)
        let weights = squares.map { Float(fall.weight(at: Double($0.squareRoot()))) }
        return Volume(boxSize: n, pixelSize: map.pixelSize, voxels: weights)
    }

    private static func lowPassed(_ map: Volume) -> Volume {
        let boxLength = Double(map.boxSize) * map.pixelSize
        let width = boxLength / max(lowPass, 4 * map.pixelSize)
        return map.filtered { kx, ky, kz in
            let square = Double(kx * kx + ky * ky + kz * kz)
            // Falls to one half at the resolution.
            return Float(exp(-log(2) * square / (width * width)))
        }
    }

    private static func isBorder(_ x: Int, _ y: Int, _ z: Int, _ inside: [Bool], _ n: Int) -> Bool {
        guard x > 0, y > 0, z > 0, x < n - 1, y < n - 1, z < n - 1 else { return true }
        let place = (z * n + y) * n + x
        return
            !(inside[place - 1] && inside[place + 1] && inside[place - n] && inside[place + n]
            && inside[place - n * n] && inside[place + n * n])
    }

    private static func ball(radius: Double) -> [(offset: SIMD3<Int>, square: Float)] {
        let reach = Int(radius.rounded(.up))
        var offsets = [(offset: SIMD3<Int>, square: Float)]()
        for z in -reach...reach {
            for y in -reach...reach {
                for x in -reach...reach where Double(x * x + y * y + z * z) <= radius * radius {
                    offsets.append(([x, y, z], Float(x * x + y * y + z * z)))
                }
            }
        }
        return offsets
    }
}
