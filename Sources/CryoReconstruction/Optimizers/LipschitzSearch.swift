import CryoCore
import CryoFourier

/// The step that plain gradient methods may take: 1/L, with L found by trial (`[BPF15]` §3.2).
///
/// L is looked for again where the frequency limit has changed and every few iterations, on the minibatch's own
/// objective along its own gradient; constraints are ignored.
struct LipschitzSearch: Sendable, Codable {
    /// Iterations between searches.
    let interval: Int
    /// L; nil before the first search.
    private(set) var lipschitz: Double?
    private var lastRingCount = 0

    init(interval: Int = 5) { self.interval = interval }

    /// Searches if it is time to; `slope` is the gradient of the objective in voxels.
    mutating func update(_ situation: OptimizerSituation, slope: Volume) {
        let ringCount = situation.gradient.frame.ringCount
        if lipschitz == nil || ringCount != lastRingCount || situation.iteration % interval == 0 {
            lipschitz = found(situation, slope)
        }
        lastRingCount = ringCount
    }

    /// The smallest L that the sufficient-decrease test accepts, within a factor of two; after so many trials the last.
    ///
    ///     f(V − g/L) ≤ f(V) − ‖g‖² / (2L)
    private func found(_ situation: OptimizerSituation, _ slope: Volume) -> Double {
        let norm = slope.squaredLength
        let start = situation.objective(situation.density)
        guard norm > 0, start.isFinite else { return lipschitz ?? 1 }
        func isGood(_ trial: Double) -> Bool {
            let value = situation.objective(situation.density.moved(along: slope, by: -1 / trial))
            return value <= start - norm / (2 * trial)
        }
        // Without a previous value, a step of a hundredth of the density's own length.
        var trial =
            lipschitz
            ?? max((norm / max(situation.density.squaredLength, 1e-30)).squareRoot() * 100, 1e-30)
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

extension OptimizerSituation {
    /// The minibatch's gradient of the log-likelihood per image, of the objective itself under a symmetry.
    var symmetrySharedGradient: FourierBall {
        var result = gradient.gradient
        let share = 1 / Float(symmetryOrder)
        for index in result.samples.indices { result.samples[index] *= share }
        return result
    }

    /// The gradient of the objective in voxels: −∂ℓ/∂V per image, plus that of −ln p(V) shared by all images.
    func slope(of likelihood: FourierBall) -> Volume {
        let frame = gradient.frame
        let size = Float(frame.gridSize)
        var negative = likelihood
        // ∂ℓ/∂V = s Σ_k G e^{+}, while `density(of:)` gives (1/(s m³)) Σ_k G e^{+}.
        let scale = -frame.sliceScale * frame.sliceScale * size * size * size
        for index in negative.samples.indices { negative.samples[index] *= scale }
        return CoefficientGradient.density(of: negative, frame: frame)
            .moved(along: prior.gradient(density), by: 1 / Double(learntCount))
    }
}

extension Volume {
    /// Σ V W.
    func product(with other: Volume) -> Double {
        zip(voxels, other.voxels).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }

    /// Σ V².
    var squaredLength: Double { product(with: self) }

    /// V + step · direction.
    func moved(along direction: Volume, by step: Double) -> Volume {
        var result = self
        let factor = Float(step)
        for index in result.voxels.indices { result.voxels[index] += factor * direction.voxels[index] }
        return result
    }
}
