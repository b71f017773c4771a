import CryoCore
import CryoFourier

/// The default: a stochastic gradient step divided by the curvature's diagonal.
///
///     c ← c + ρ (G − λ c) / (D + λ) + μ Δc,   λ = 1 / (n τ²)
///
/// G: the minibatch's gradient per image; D: Σ p w C² per image, averaged over minibatches; τ²: the density's own
/// power in the shell less what noise puts there; n = B (2 − ρ)/ρ: the images that a running average with weight ρ
/// effectively holds, at most those that are learnt from; Δc: the density's last change, constraints included; μ: the plan's momentum. Where D is constant
/// this is expectation–maximisation with running averages; one scalar step (SAGD) cannot serve shells whose curvatures
/// differ by orders of magnitude.
public struct PreconditionedSGD: Optimizer {
    /// The least signal that a shell is granted, in units of the estimate's noise.
    ///
    /// A wrong start has no power in the outer shells. With the estimate alone as prior they are shrunk to nothing
    /// and stay there: on β-galactosidase the map then stops at 30 Å (floor 0.1), against 20 Å (floors 1 to 10).
    public var signalFloor: Double
    private var curvature: FourierBall?
    /// The density before the last step, if that one is to be followed by momentum.
    private var previous: Volume?

    /// Makes the optimizer.
    public init(signalFloor: Double) { self.signalFloor = signalFloor }

    /// Takes a step.
    public mutating func step(_ situation: OptimizerSituation) -> Volume {
        let frame = situation.gradient.frame
        let average = averagedCurvature(situation)
        let means = Self.shellMeans(average, ringCount: frame.ringCount)
        let diagonal = Self.floored(average, means: means)
        let present = CoefficientGradient.coefficients(of: situation.density, frame: frame)
        let effective =
            min(
                Double(situation.learntCount),
                Double(situation.batchSize) * (2 - situation.weight) / situation.weight)
        let precision = priorPrecision(
            present: present, gradient: situation.gradient.gradient, means: means,
            batchSize: Double(situation.batchSize), effectiveImages: effective)
        let share = Float(situation.symmetryOrder) / Float(situation.learntCount)
        let priorCurvature =
            frame.coefficientCurvature(ofVoxels: situation.prior.curvature) * share
        let priorSlope = situation.gradient.coefficientGradient(
            ofVoxels: situation.prior.gradient(situation.density),
            scale: -share)
        var change = FourierBall(radius: Double(frame.ringCount), padding: 1)
        let rate = Float(situation.weight)
        change.update { sample, offset, kx, ky, kz in
            let shell = FourierShellCorrelation.shell(kx, ky, kz)
            guard shell <= frame.ringCount else { return }
            let lambda = precision[shell]
            let slope =
                situation.gradient.gradient.samples[offset] + priorSlope.samples[offset]
                - present.samples[offset] * lambda
            sample = slope * (rate / (diagonal.samples[offset].x + lambda + priorCurvature))
        }
        let step = CoefficientGradient.density(of: change, frame: frame)
        return withMomentum(step, situation)
    }

    /// Goes on beyond a step in the direction of the density's last change, unless the step turns against it [Pol64, OC15].
    ///
    /// Where noisy images fit thousands of poses, expectation–maximisation creeps: the less they tell, the smaller its steps.
    /// Of the 30S at SNR 0.02, 30 steps of all images at 21 Å brought the log-evidence from 3.0 to 3.7 nats with a momentum of 0.95
    /// (0.85: to 3.6), and the map from 47 to 22 Å; twice as many images in small steps without it to 3.1 nats and 41 Å.
    /// Coefficients that images tell well would swing: a large first step, repeated, cost that map a nat.
    private mutating func withMomentum(_ step: Volume, _ situation: OptimizerSituation) -> Volume {
        let present = situation.density
        defer { previous = situation.momentum > 0 ? present : nil }
        let next = present.moved(along: step, by: 1)
        guard situation.momentum > 0, let previous else { return next }
        let last = present.moved(along: previous.resampled(to: present.boxSize), by: -1)
        guard
            step.product(with: last) > Self.leastCosine
                * (step.squaredLength * last.squaredLength).squareRoot()
        else { return next }
        return next.moved(along: last, by: situation.momentum)
    }

    /// The cosine of a step with the last change below which it turns against it.
    ///
    /// Not zero: most of a step is what constraints will take away again, at an angle of its own.
    private static let leastCosine = -0.1

    private mutating func averagedCurvature(_ situation: OptimizerSituation) -> FourierBall {
        let latest = situation.gradient.curvature
        guard var average = curvature, average.radius == latest.radius else {
            curvature = latest
            return latest
        }
        let weight = Float(max(situation.weight, 0.1))
        for index in average.samples.indices {
            average.samples[index] += (latest.samples[index] - average.samples[index]) * weight
        }
        curvature = average
        return average
    }

    /// The least curvature that a coefficient is granted, as a fraction of its shell's mean.
    ///
    /// A slice reaches coefficients two and more frequencies away, where the curvature's trilinear diagonal is zero.
    /// Evenly spread views never show it. When all images gathered at one view (GroEL–GroES from a symmetric start), the
    /// coefficients beside its plane were moved by gradient over nothing, and the map grew without bound.
    private static let leastCurvature: Float = 0.1

    private static func floored(_ curvature: FourierBall, means: [Double]) -> FourierBall {
        var result = curvature
        curvature.forEachFrequency { offset, kx, ky, kz in
            let shell = FourierShellCorrelation.shell(kx, ky, kz)
            guard shell < means.count else { return }
            let least = leastCurvature * Float(means[shell])
            result.samples[offset].x = max(result.samples[offset].x, least)
        }
        return result
    }

    /// The mean curvature of each shell; 0 where there is none.
    private static func shellMeans(_ curvature: FourierBall, ringCount: Int) -> [Double] {
        var (sum, count) = (
            [Double](repeating: 0, count: ringCount + 1), [Double](repeating: 0, count: ringCount + 1)
        )
        curvature.forEachFrequency { offset, kx, ky, kz in
            let shell = FourierShellCorrelation.shell(kx, ky, kz)
            guard shell <= ringCount else { return }
            sum[shell] += Double(curvature.samples[offset].x)
            count[shell] += 1
        }
        return zip(sum, count).map { $0 / max(1, $1) }
    }

    /// λ of each shell.
    ///
    /// The signal's power τ² is read off two estimates, each less its noise: the density as it is, and where this
    /// minibatch alone would put it, c + G/D, which also sees signal in a shell that the density does not hold yet.
    private func priorPrecision(
        present: FourierBall, gradient: FourierBall, means: [Double], batchSize: Double,
        effectiveImages: Double
    ) -> [Float] {
        let zeros = [Double](repeating: 0, count: means.count)
        var (power, latest, count) = (zeros, zeros, zeros)
        present.forEachFrequency { offset, kx, ky, kz in
            let shell = FourierShellCorrelation.shell(kx, ky, kz)
            guard shell < means.count, means[shell] > 0 else { return }
            let value = present.samples[offset]
            power[shell] += Double((value * value).sum())
            let moved = value + gradient.samples[offset] * Float(1 / means[shell])
            latest[shell] += Double((moved * moved).sum())
            count[shell] += 1
        }
        return means.indices.map { shell in
            guard means[shell] > 0 else { return 1 }
            let noise = 1 / (effectiveImages * means[shell])
            let signal = max(
                power[shell] / count[shell] - noise,
                latest[shell] / count[shell] - 1 / (batchSize * means[shell]))
            return Float(1 / (effectiveImages * max(signal, signalFloor * noise)))
        }
    }
}
