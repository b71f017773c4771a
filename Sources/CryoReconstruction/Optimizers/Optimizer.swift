import CryoCore
import CryoFourier

/// A rule that takes the density one step up the log-posterior.
public protocol Optimizer: Codable, Sendable {
    /// Proposes the next density; constraints are applied by the caller.
    mutating func step(_ situation: OptimizerSituation) -> Volume
}

/// What an optimizer may know when it takes a step.
public struct OptimizerSituation {
    /// The present density.
    public var density: Volume
    /// The minibatch's gradient and curvature of the log-likelihood, per image.
    public var gradient: CoefficientGradient
    /// Operations of the density's symmetry.
    ///
    /// Each slice was inserted once for each of them, so gradient and curvature are those of the objective times
    /// this number.
    public var symmetryOrder: Int
    /// The minibatch's number; for an optimizer that stores gradients, the same number means the same images.
    public var batch: Int
    /// Images in the minibatch.
    public var batchSize: Int
    /// Images that the density is learnt from: of a half-set those that were met, with momentum those of its minibatch.
    public var learntCount: Int
    /// The iteration, from 0.
    public var iteration: Int
    /// The weight of this minibatch in a running average, in (0, 1].
    public var weight: Double
    /// The part of the last change of the density that is made again.
    public var momentum: Double
    /// The prior on the density.
    public var prior: any DensityPrior
    /// The negative log-posterior of a density per image, over this minibatch.
    public var objective: (Volume) -> Double

    /// Makes a situation.
    public init(
        density: Volume, gradient: CoefficientGradient, symmetryOrder: Int, batch: Int, batchSize: Int,
        learntCount: Int, iteration: Int, weight: Double, momentum: Double = 0,
        prior: any DensityPrior,
        objective: @escaping (Volume) -> Double
    ) {
        self.density = density
        self.gradient = gradient
        self.symmetryOrder = symmetryOrder
        self.batch = batch
        self.batchSize = batchSize
        self.learntCount = learntCount
        self.iteration = iteration
        self.weight = weight
        self.momentum = momentum
        self.prior = prior
        self.objective = objective
    }
}
