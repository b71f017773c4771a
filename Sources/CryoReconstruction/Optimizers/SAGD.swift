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
    private var lipschitz: Double?
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
        var gradient = situation.gradient.gradient
        let share = 1 / Float(situation.symmetryOrder)
        for index in gradient.samples.indices { gradient.samples[index] *= share }
        let fresh = descent(gradient, frame: frame)
        if lipschitz == nil || frame.ringCount != lastRingCount || situation.iteration % 5 == 0 {
            lipschitz = lineSearch(situation, direction: direction(fresh, situation))
        }
        lastRingCount = frame.ringCount
        remember(gradient, batch: situation.batch)
        guard var average = sum, let lipschitz else { return situation.density }
        let perBatch = 1 / Float(stored.count)
        for index in average.samples.indices { average.samples[index] *= perBatch }
        let slope = direction(descent(average, frame: frame), situation)
        return moved(
            situation.density, along: slope,
            by: Self.stepFactor(iteration: situation.iteration) / lipschitz)
    }

    /// −∂ℓ/∂V per image from ∂ℓ/∂c*: the gradient of the objective in voxels.
    private func descent(_ ball: FourierBall, frame: DensityFrame) -> Volume {
        var negative = ball
        let size = Float(frame.gridSize)
        // ∂ℓ/∂V = s Σ_k G e^{+}, while `density(of:)` gives (1/(s m³)) Σ_k G e^{+}.
        let scale = -frame.sliceScale * frame.sliceScale * size * size * size
        for index in negative.samples.indices { negative.samples[index] *= scale }
        return CoefficientGradient.density(of: negative, frame: frame)
    }

    private func direction(_ likelihood: Volume, _ situation: OptimizerSituation) -> Volume {
        var total = likelihood
        let prior = situation.prior.gradient(situation.density)
        let share = 1 / Float(situation.particleCount)
        for index in total.voxels.indices { total.voxels[index] += prior.voxels[index] * share }
        return total
    }

    private func moved(_ density: Volume, along slope: Volume, by step: Double) -> Volume {
        var result = density
        for index in result.voxels.indices { result.voxels[index] -= Float(step) * slope.voxels[index] }
        return result
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

    /// The smallest L that the sufficient-decrease test accepts, within a factor of two.
    ///
    ///     f(V − g/L) ≤ f(V) − ‖g‖² / (2L)
    private func lineSearch(_ situation: OptimizerSituation, direction slope: Volume) -> Double {
        let norm = slope.voxels.reduce(0.0) { $0 + Double($1) * Double($1) }
        guard norm > 0 else { return lipschitz ?? 1 }
        let start = situation.objective(situation.density)
        func isGood(_ trial: Double) -> Bool {
            let value = situation.objective(moved(situation.density, along: slope, by: 1 / trial))
            return value <= start - norm / (2 * trial)
        }
        let length = situation.density.voxels.reduce(0.0) { $0 + Double($1) * Double($1) }
        // Without a previous value, a step of a hundredth of the density's own length.
        var trial = lipschitz ?? max((norm / max(length, 1e-30)).squareRoot() * 100, 1e-30)
        let limit = lipschitz == nil ? 60 : 6
        if isGood(trial) {
            for _ in 0..<limit {
                guard isGood(trial / 2) else { break }
                trial /= 2
            }
        } else {
            for _ in 0..<limit {
                trial *= 2
                if isGood(trial) { break }
            }
        }
        return trial
    }
}
