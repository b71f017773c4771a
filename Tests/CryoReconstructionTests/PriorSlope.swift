import CryoCore
import CryoFourier
import CryoTestSupport

@testable import CryoReconstruction

/// A prior's slope along a direction: by central differences, and by its gradient.
struct PriorSlope {
    static let density = Volume.random(boxSize: 10, seed: 5)
    let difference: Double
    let expected: Double

    init(_ prior: any DensityPrior) {
        let direction = Volume.random(boxSize: 10, seed: 6)
        func value(_ step: Float) -> Double {
            var moved = Self.density
            for index in moved.voxels.indices { moved.voxels[index] += step * direction.voxels[index] }
            return prior.negativeLog(moved)
        }
        difference = (value(0.25) - value(-0.25)) / 0.5
        expected = innerProduct(prior.gradient(Self.density).voxels, direction.voxels)
    }
}
