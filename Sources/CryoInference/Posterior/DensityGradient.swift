import CryoCore
import CryoFourier
import CryoKernelInterface

/// A gradient of the log-evidence with respect to the density, band-limited, with its curvature.
///
/// With a tempered likelihood (β < 1) the responsibilities are tempered and the residuals are not: it is the gradient
/// of ln Σ exp(βE) divided by β, as in annealed expectation–maximisation.
public struct DensityGradient: Sendable {
    /// ∂ℓ/∂T* inserted where the slices lie; see ``CryoFourier/FourierBall/adjointVolume(boxSize:pixelSize:scale:)``.
    public var gradient: FourierBall
    /// Σ p w C² inserted at integer frequencies: the diagonal of the curvature.
    public var curvature: FourierBall
    /// Σ over images of the residual power of each whole ring.
    public var residualPowers: [Double]
    /// Images that contributed.
    public var imageCount: Int

    /// Adds another gradient.
    public static func += (lhs: inout DensityGradient, rhs: DensityGradient) {
        lhs.gradient += rhs.gradient
        lhs.curvature += rhs.curvature
        for ring in lhs.residualPowers.indices { lhs.residualPowers[ring] += rhs.residualPowers[ring] }
        lhs.imageCount += rhs.imageCount
    }
}

extension PosteriorEngine {
    /// Directions are inserted in this many parts; a constant, so that sums keep their order.
    private static let partCount = 4

    /// Inserts a slice gradient into Fourier space, once for each operation of the symmetry.
    ///
    /// Slices that together hold `lightShare` of all weight are left out. By default that is as much as single precision
    /// leaves out of a sum: at 6 Å a minibatch's poses are certain, and most slices hold nothing but what was drawn in vain.
    public func densityGradient(
        of gradient: SliceGradient, noiseVariance: [Double], symmetry: PointGroup = .c1,
        lightShare: Double = 1e-6
    ) -> DensityGradient {
        let count = gradient.blocks.count
        let isLight = gradient.lightSlices(share: lightShare)
        let parts = parallel.mapWorker(Self.partCount) { worker, part in
            insert(
                gradient, blocks: (part * count / Self.partCount)..<((part + 1) * count / Self.partCount),
                symmetry: symmetry, isLight: isLight, scratch: scratch[worker])
        }
        var total = parts[0]
        for part in parts.dropFirst() { total += part }
        for ring in total.residualPowers.indices {
            let weight = grid.measure(ring: ring + 1) / noiseVariance[ring]
            total.residualPowers[ring] =
                gradient.imagePower(ring: ring) - total.residualPowers[ring] / weight
        }
        total.imageCount = gradient.imageCount
        return total
    }

    private func insert(
        _ gradient: SliceGradient, blocks: Range<Int>, symmetry: PointGroup, isLight: [Bool],
        scratch: WorkerScratch
    ) -> DensityGradient {
        let radius = Double(grid.ringCount) + 0.01
        var result = DensityGradient(
            gradient: FourierBall(radius: radius), curvature: FourierBall(radius: radius, padding: 1),
            residualPowers: [Double](repeating: 0, count: grid.ringCount), imageCount: 0)
        for (number, block) in zip(blocks, gradient.blocks[blocks]) {
            let first = number * PoseKernels.laneCount
            guard isLight[first..<first + PoseKernels.laneCount].contains(false) else { continue }
            let received = gradient.slices(of: block, slices, scratch: scratch, kernels: kernels)
            for (lane, slice) in received.enumerated() {
                let pair = block.pairs[lane]
                guard directions.laneWeights[pair] > 0, !isLight[first + lane] else { continue }
                for operation in symmetry.operations {
                    // The density is the same seen from A·g for every operation g.
                    let rotation = directions.rotations[pair] * operation
                    result.gradient.insert(rotation, at: points, slice.gradient)
                    result.curvature.insert(rotation, at: points, slice.weight)
                }
                for ring in result.residualPowers.indices {
                    result.residualPowers[ring] += slice.explained[ring]
                }
            }
        }
        return result
    }
}
