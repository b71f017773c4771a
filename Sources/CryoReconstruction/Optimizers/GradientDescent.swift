import CryoCore

/// Gradient descent, with momentum if asked for.
///
///     v ← μ v + (1 − μ) g,   V ← V − (ε/L) v
///
/// With minibatches this is stochastic gradient descent with momentum, with μ = 0 and the gradient of all images it is
/// batch gradient descent. L as in ``SAGD``; ε = 1 falls to 1/16 as the paper's does with minibatches, and stays 1
/// without, when there is no noise to average.
public struct GradientDescent: Optimizer {
    /// μ in [0, 1).
    public let momentum: Double
    /// Whether gradients are those of minibatches.
    public let isStochastic: Bool
    private var velocity: Volume?
    private var search: LipschitzSearch

    /// Makes the optimizer.
    public init(momentum: Double, isStochastic: Bool) {
        self.momentum = momentum
        self.isStochastic = isStochastic
        // Without averaging a step too long is not forgiven.
        search = LipschitzSearch(interval: isStochastic ? 5 : 1)
    }

    /// Takes a step.
    public mutating func step(_ situation: OptimizerSituation) -> Volume {
        let slope = situation.slope(of: situation.symmetrySharedGradient)
        search.update(situation, slope: slope)
        guard let lipschitz = search.lipschitz else { return situation.density }
        var next = slope
        if momentum > 0, let velocity {
            let carried = velocity.resampled(to: slope.boxSize)
            for index in next.voxels.indices {
                next.voxels[index] =
                    Float(momentum) * carried.voxels[index] + Float(1 - momentum) * slope.voxels[index]
            }
        }
        velocity = next
        let factor = isStochastic ? min(1, SAGD.stepFactor(iteration: situation.iteration)) : 1
        return situation.density.moved(along: next, by: -factor / lipschitz)
    }
}
