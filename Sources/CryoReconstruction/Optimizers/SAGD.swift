import CryoCore
import CryoFourier

/// Stochastic average gradient descent as in the paper (`[BPF15]` §3.2).
///
///     V ← V − ε/(K L) Σ_j dV_j,   dV_j = the gradient of minibatch j at its last visit
///
/// ε = max(1/16, 2^(1 − ⌊τ/150⌋)); L by line search. Stored gradients are band-limited, so they cost the Fourier
/// ball below the frequency limit and not a cube of voxels.
public struct SAGD: Optimizer {
    private var stored: [Int: FourierBall] = [:]
    private var sum: FourierBall?
    private var search = LipschitzSearch()
    private var lastRingCount = 0

    /// Makes the optimizer.
    public init() {}

    /// The step factor ε of iteration τ.
    public static func stepFactor(iteration: Int) -> Double {
        max(1.0 / 16, pow2(1 - iteration / 150))
    }

    private static func pow2(_ exponent: Int) -> Double {
        exponent >= 0 ? Double(1 << exponent) : 1 / Double(1 << min(-exponent, 62))
    }

    /// Takes a step.
    public mutating func step(_ situation: OptimizerSituation) -> Volume {
        let frame = situation.gradient.frame
        if frame.ringCount != lastRingCount { widen(to: situation.gradient.gradient) }
        lastRingCount = frame.ringCount
        let gradient = situation.symmetrySharedGradient
        search.update(situation, slope: situation.slope(of: gradient))
        remember(gradient, batch: situation.batch)
        guard var average = sum, let lipschitz = search.lipschitz else { return situation.density }
        let perBatch = 1 / Float(stored.count)
        for index in average.samples.indices { average.samples[index] *= perBatch }
        return situation.density.moved(
            along: situation.slope(of: average),
            by: -Self.stepFactor(iteration: situation.iteration) / lipschitz)
    }

    private mutating func remember(_ gradient: FourierBall, batch: Int) {
        guard var total = sum else {
            stored[batch] = gradient
            sum = gradient
            return
        }
        let old = stored[batch]
        for index in total.samples.indices {
            total.samples[index] += gradient.samples[index] - (old?.samples[index] ?? .zero)
        }
        stored[batch] = gradient
        sum = total
    }

    /// Carries stored gradients over to a larger ball; what they know of low frequencies stays valid.
    private mutating func widen(to example: FourierBall) {
        func widened(_ ball: FourierBall) -> FourierBall {
            var result = FourierBall(radius: example.radius, padding: 1)
            result.mapFrequencies { ball[$0, $1, $2] }
            return result
        }
        stored = stored.mapValues(widened)
        sum = sum.map(widened)
    }
}
