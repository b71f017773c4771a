import Foundation

/// How proposals are made of memories, and how many nodes are drawn (`[BPF15]` §3.3).
public struct SamplingSettings: Sendable, Equatable {
    /// Which factors of the quadrature are drawn, and how.
    public enum Kind: Sendable, Equatable {
        /// Pairs of direction and shift; all in-plane angles are summed.
        case joint
        /// Directions, in-plane angles and shifts, each by itself; the product of what is drawn is evaluated.
        case factorised
    }

    /// Which factors.
    public var kind: Kind
    /// The fraction α of a proposal that does not come from the image's own memory.
    public var floor: Double
    /// The part of the floor that follows the whole data set; the rest is the prior.
    public var censusShare: Double
    /// The temperature T of the memory.
    public var temperature: Double
    /// Nodes drawn for each effective node of the proposal, s₀.
    public var drawsPerEffectiveNode: Double

    /// Makes settings.
    public init(
        kind: Kind, floor: Double, censusShare: Double, temperature: Double, drawsPerEffectiveNode: Double
    ) {
        self.kind = kind
        self.floor = floor
        self.censusShare = censusShare
        self.temperature = temperature
        self.drawsPerEffectiveNode = drawsPerEffectiveNode
    }

    /// The settings of an iteration as the paper anneals them: every `period` iterations the floor shrinks and the
    /// memory sharpens, down to the final values.
    ///
    ///     α(τ) = max(α, 2^(−¼ ⌊τ/period⌋)),   T(τ) = max(T, 2^(10 / ⌊τ/period⌋))
    public func annealed(iteration: Int, period: Int) -> SamplingSettings {
        guard period > 0 else { return self }
        let step = Double(iteration / period)
        var result = self
        result.floor = max(floor, pow(2, -0.25 * step))
        // In the first period the floor is all there is; whatever is remembered is flat.
        result.temperature = max(temperature, step > 0 ? pow(2, 10 / step) : pow(2, 1000))
        return result
    }
}
