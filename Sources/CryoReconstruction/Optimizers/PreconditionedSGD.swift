import CryoCore
import CryoFourier

/// The default: a stochastic gradient step divided by the curvature's diagonal.
///
///     c ← c + ρ (G − λ c) / (D + λ),   λ = 1 / (n τ²)
///
/// G: the minibatch's gradient per image; D: Σ p w C² per image, averaged over minibatches; τ²: the density's own
/// power in the shell less what noise puts there; n = B (2 − ρ)/ρ: the images that a running average with weight ρ
/// effectively holds. Where D is constant this is expectation–maximisation with running averages; one scalar step
/// (SAGD) cannot serve shells whose curvatures differ by orders of magnitude.
public struct PreconditionedSGD: Optimizer {
    private var curvature: FourierBall?

    /// Makes the optimizer.
    public init() {}

    /// Takes a step.
    public mutating func step(_ situation: OptimizerSituation) -> Volume {
        let frame = situation.gradient.frame
        let diagonal = averagedCurvature(situation)
        let present = CoefficientGradient.coefficients(of: situation.density, frame: frame)
        let effective =
            min(
                Double(situation.particleCount),
                Double(situation.batchSize) * (2 - situation.weight) / situation.weight)
        let precision = Self.priorPrecision(
            present: present, curvature: diagonal, effectiveImages: effective, ringCount: frame.ringCount)
        var change = FourierBall(radius: Double(frame.ringCount), padding: 1)
        let rate = Float(situation.weight)
        change.forEachFrequency { offset, kx, ky, kz in
            let shell = Self.shell(kx, ky, kz)
            // The images carry no mean: the zero frequency belongs to the constraints.
            guard shell > 0, shell <= frame.ringCount else { return }
            let lambda = precision[shell]
            let slope = situation.gradient.gradient.samples[offset] - present.samples[offset] * lambda
            change.samples[offset] = slope * (rate / (diagonal.samples[offset].x + lambda))
        }
        let moved = CoefficientGradient.density(of: change, frame: frame)
        var density = situation.density
        for index in density.voxels.indices { density.voxels[index] += moved.voxels[index] }
        return density
    }

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

    static func shell(_ kx: Int, _ ky: Int, _ kz: Int) -> Int {
        Int(Double(kx * kx + ky * ky + kz * kz).squareRoot() + 0.5)
    }

    /// λ of each shell.
    private static func priorPrecision(
        present: FourierBall, curvature: FourierBall, effectiveImages: Double, ringCount: Int
    ) -> [Float] {
        var power = [Double](repeating: 0, count: ringCount + 1)
        var weight = power
        var count = power
        present.forEachFrequency { offset, kx, ky, kz in
            let shell = shell(kx, ky, kz)
            guard shell <= ringCount else { return }
            let value = present.samples[offset]
            power[shell] += Double((value * value).sum())
            weight[shell] += Double(curvature.samples[offset].x)
            count[shell] += 1
        }
        return (0...ringCount).map { shell in
            guard count[shell] > 0, power[shell] > 0, weight[shell] > 0 else { return .greatestFiniteMagnitude }
            let signal = power[shell] / count[shell]
            let noise = count[shell] / (effectiveImages * weight[shell])
            // The power of the estimate contains its noise; a twentieth is left so that a shell can recover.
            let tau = max(signal - noise, 0.05 * signal)
            return Float(1 / (effectiveImages * tau))
        }
    }
}
