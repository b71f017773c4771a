import CryoCore
import CryoFourier
import CryoReconstruction

/// Steps along the gradient, of a length that adapts: longer while steps agree, half as long when one turns back.
///
///     V ← V + η ‖V‖ d,   d = g / ‖g‖,   η ← 1.1 η if d · d_last > 0, else η / 2
///
/// Only the gradient's direction counts, so neither its scale nor the number of images matters.
public struct AdaptiveDescent: Optimizer {
    /// η: the length of a step, as a part of the density's own norm.
    public private(set) var stride: Float
    private var last: Volume?

    /// Makes the optimizer.
    public init(stride: Float = 0.1) { self.stride = stride }

    /// Takes a step.
    public mutating func step(_ situation: OptimizerSituation) -> Volume {
        let ascent = Self.ascent(situation)
        let length = Self.product(ascent, ascent).squareRoot()
        guard length > 0 else { return situation.density }
        // After the frequency limit has risen the last direction is on another grid: begin anew, with the stride kept.
        if let last, last.boxSize == ascent.boxSize {
            stride *= Self.product(last, ascent) > 0 ? 1.1 : 0.5
        }
        last = ascent
        let size = Self.product(situation.density, situation.density).squareRoot()
        var density = situation.density
        for index in density.voxels.indices {
            density.voxels[index] += stride * size / length * ascent.voxels[index]
        }
        return density
    }

    /// Where the log-posterior rises: the likelihood's gradient and the prior's, as a density.
    private static func ascent(_ situation: OptimizerSituation) -> Volume {
        // The gradient is per image and counts each operation of the symmetry; the prior is there once for all images.
        let share = Float(situation.symmetryOrder) / Float(situation.learntCount)
        let prior = situation.gradient.coefficientGradient(
            ofVoxels: situation.prior.gradient(situation.density), scale: -share)
        var slope = situation.gradient.gradient
        slope += prior
        return CoefficientGradient.density(of: slope, frame: situation.gradient.frame)
    }

    private static func product(_ a: Volume, _ b: Volume) -> Float {
        zip(a.voxels, b.voxels).reduce(0) { $0 + $1.0 * $1.1 }
    }
}
