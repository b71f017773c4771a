import CryoCore
import CryoFourier
import CryoInference
import CryoTestSupport
import Foundation
import Testing

@testable import CryoReconstruction

/// ∂ℓ/∂c* is the derivative of the evidence in a Fourier coefficient of the density.
struct CoefficientGradientTests {
    /// The density whose only coefficient is `value` at k, and its conjugate at −k.
    static func wave(_ k: SIMD3<Int>, _ value: Complex, frame: DensityFrame) -> Volume {
        var ball = FourierBall(radius: Double(frame.ringCount), padding: 1)
        ball.mapFrequencies { kx, ky, kz in
            if SIMD3(kx, ky, kz) == k { return value }
            return SIMD3(-kx, -ky, -kz) == k ? conjugate(value) : .zero
        }
        return CoefficientGradient.density(of: ball, frame: frame)
    }

    @Test(arguments: [[1, 0, 0], [0, 2, -1], [2, -1, 3], [0, 0, 4], [3, 3, 1]] as [SIMD3<Int>])
    func gradientIsTheDerivativeInACoefficient(k: SIMD3<Int>) {
        let problem = SmallProblem()
        let start = problem.start
        let slope = problem.gradient(of: start).gradient[k.x, k.y, k.z]
        let size = (slope * slope).sum().squareRoot()
        // Along the gradient, and across it, where the derivative is zero.
        for turn in [[1, 0], [0, 1], [0.6, 0.8]] as [Complex] {
            let step = multiply(slope, turn) * (0.01 / (size * size))
            let change = Self.wave(k, step, frame: problem.frame)
            func evidence(_ sign: Float) -> Double {
                var moved = start
                for index in moved.voxels.indices { moved.voxels[index] += sign * change.voxels[index] }
                return problem.evidence(of: moved)
            }
            let difference = (evidence(1) - evidence(-1)) / 2
            // k and −k both move: dℓ = 2 Re G* δ.
            let expected = 2 * Double((slope * step).sum())
            // Evidence is exact to 10⁻⁵ nat or so; the rest is the third order in a step that changes it by 0.02.
            #expect(abs(difference - expected) < 2e-4)
        }
    }

    @Test func curvatureIsPositiveAndFallsWithTheNoise() {
        let quiet = SmallProblem(sigma: 4)
        let gradient = quiet.gradient(of: quiet.truth)
        var (inside, count) = (0.0, 0)
        gradient.curvature.forEachFrequency { offset, kx, ky, kz in
            let radius = Double(kx * kx + ky * ky + kz * kz).squareRoot()
            let value = gradient.curvature.samples[offset]
            #expect(value.x >= 0 && abs(value.y) <= 1e-3 * max(value.x, 1e-3))
            if radius >= 1 && radius <= 5 { (inside, count) = (inside + Double(value.x), count + 1) }
        }
        #expect(inside / Double(count) > 0)
    }
}
