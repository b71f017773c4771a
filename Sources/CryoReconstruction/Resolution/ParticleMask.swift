import CryoCore
import CryoFourier
import Foundation

/// A soft mask in the shape of the particle, made from its map.
enum ParticleMask {
    /// The resolution to which a map is low-passed before it is cut at a level, in Å.
    static let lowPass = 20.0
    /// By how much what lies above the level is widened, in Å; at least two voxels.
    static let widening = 8.0
    /// The length over which the mask falls to zero beyond that, as a raised cosine, in Å; at least four voxels.
    static let edge = 16.0

    /// The mask of a map: 1 on the particle, 0 in the solvent.
    ///
    /// The level is half of Otsu's, which tells two kinds of voxels apart best: of ten maps Otsu's own enclosed 0.5 to 1.9
    /// times the molecule's volume, half of it 0.7 to 2.4. A level that encloses 95 % of the positive density enclosed 3 to 32
    /// times as much, since where positivity holds the solvent is a faint pedestal of great volume.
    static func mask(of map: Volume) -> Volume {
        let smooth = lowPassed(map)
        let level = max(otsuLevel(of: smooth.voxels) / 2, .leastNonzeroMagnitude)
        let widening = max(2, Self.widening / map.pixelSize)
        let edge = max(4, Self.edge / map.pixelSize)
        let squares = SquaredDistances.from(smooth.voxels.map { $0 >= level }, boxSize: map.boxSize)
        let fall = SoftMask(radius: widening, softness: edge)
        let weights = squares.map { Float(fall.weight(at: Double($0.squareRoot()))) }
        return Volume(boxSize: map.boxSize, pixelSize: map.pixelSize, voxels: weights)
    }

    /// The level that splits values into two classes with the greatest variance between them (Otsu 1979), by a histogram.
    static func otsuLevel(of values: [Float]) -> Float {
        guard let low = values.min(), let high = values.max(), high > low else { return values.first ?? 0 }
        let binCount = 512
        let width = (high - low) / Float(binCount)
        var counts = [Double](repeating: 0, count: binCount)
        for value in values { counts[min(binCount - 1, Int((value - low) / width))] += 1 }
        let total = Double(values.count)
        let sum = counts.enumerated().reduce(0) { $0 + Double($1.offset) * $1.element }
        var (below, sumBelow, best, split) = (0.0, 0.0, -1.0, 0)
        for (bin, count) in counts.dropLast().enumerated() {
            below += count
            sumBelow += Double(bin) * count
            let difference = sum * below / total - sumBelow
            let variance =
                below > 0 && below < total ? difference * difference / (below * (total - below)) : 0
            if variance > best { (best, split) = (variance, bin) }
        }
        return low + (Float(split) + 1) * width
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
}
