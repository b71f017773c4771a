import CryoCore
import CryoFourier
import CryoTestSupport
import Foundation
import Testing

@testable import CryoReconstruction

/// Laws of the priors on the density.
struct PriorTests {
    static func prior(_ kind: PriorKind, voxelRatio: Double = 2.5) -> any DensityPrior {
        kind.prior(strength: 0.9, scale: 4, voxelRatio: voxelRatio)
    }

    @Test(arguments: PriorKind.allCases) func gradientIsTheDerivative(kind: PriorKind) {
        let prior = Self.prior(kind)
        let slope = PriorSlope(prior)
        // All are linear or quadratic, so central differences are exact but for rounding of sums of a thousand.
        #expect(abs(slope.difference - slope.expected) < 1e-4 * max(1, abs(slope.expected)))
        #expect((kind == .uniform) == (prior.gradient(PriorSlope.density).voxels.allSatisfy { $0 == 0 }))
    }

    /// Those that treat voxels alone mean the same on every grid.
    @Test(arguments: [PriorKind.exponential, .gaussian], [16, 20, 36])
    func priorDoesNotChangeWithTheGrid(kind: PriorKind, size: Int) {
        let whole = SmallProblem.density(.c1, boxSize: 48)
        let reference = Self.prior(kind, voxelRatio: 1).negativeLog(whole)
        let prior = Self.prior(kind, voxelRatio: pow(48 / Double(size), 3))
        // Means survive resampling exactly, squares but for what lies beyond the small grid's frequencies.
        #expect(abs(prior.negativeLog(whole.resampled(to: size)) / reference - 1) < 0.01)
    }

    @Test func neighbourhoodPriorLikesSmoothDensities() {
        let prior = Self.prior(.neighbourhood)
        let smooth = SmallProblem.density(.c1, boxSize: 20)
        let power = innerProduct(smooth.voxels, smooth.voxels)
        let rough = Volume.random(boxSize: 20, seed: 3)
        let gain = Float((power / innerProduct(rough.voxels, rough.voxels)).squareRoot())
        var scaled = rough
        for index in scaled.voxels.indices { scaled.voxels[index] *= gain }
        #expect(prior.negativeLog(smooth) > 0)
        // Blobs of 12 Å on voxels of 9.6 Å: neighbours are alike, those of noise are not.
        #expect(prior.negativeLog(smooth) < 0.5 * prior.negativeLog(scaled))
    }

    @Test(arguments: PriorKind.allCases) func withoutStrengthOrScaleThereIsNoPrior(kind: PriorKind) {
        #expect(kind.prior(strength: 0, scale: 1, voxelRatio: 1) is UniformPrior)
        #expect(kind.prior(strength: 1, scale: 0, voxelRatio: 1) is UniformPrior)
    }
}
