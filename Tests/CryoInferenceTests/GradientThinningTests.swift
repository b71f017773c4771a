import CryoCore
import CryoTestSupport
import Foundation
import Testing

@testable import CryoInference

/// What a thinned gradient leaves out, it makes up for.
struct GradientThinningTests {
    /// Kept pairs carry on average the mass of all, and of a block never more than one pair's worth off.
    @Test func weightsMakeUpForWhatIsLeftOut() {
        var stream = RandomStream(seed: 31)
        let masses = (0..<40).map { _ in 0.004 * stream.uniform() } + [0.3]
        let mass = masses.reduce(0, +)
        var mean = 0.0
        for round in 0..<2_000 {
            let thinning = GradientThinning(certainMass: 0.02, seed: UInt64(round), keys: [5])
            var choice = thinning.choice(image: 0, block: 3)
            var (kept, count) = (0.0, 0)
            for mass in masses {
                guard let weight = choice.weight(mass: mass) else { continue }
                kept += weight * mass
                count += 1
            }
            // Each pair kept by chance counts for the certain mass.
            #expect(abs(kept - mass) <= 0.02 + 1e-12)
            #expect(count <= 6)
            mean += kept / 2_000
        }
        // The mass of one round is off by at most 0.02, evenly: 0.02/√12 is its deviation, 2,000 rounds leave 1.3e-4.
        #expect(abs(mean - mass) < 5e-4)
    }

    /// The mean of n independent thinned gradients approaches the exact one as 1/√n.
    @Test func theMeanIsTheExactGradient() {
        // So much noise that the posterior is wide and most pairs are light.
        let scene = PosteriorAgainstNaiveTests.scene(astigmatism: 2_000, snr: 0.3)
        func gradient(_ thinning: GradientThinning?) -> [SIMD2<Float>] {
            let gradient = SliceGradient(engine: scene.engine)
            _ = scene.engine.posterior(
                of: scene.images, noiseVariance: scene.noise, gradient: gradient, thinning: thinning)
            return scene.engine.densityGradient(of: gradient, noiseVariance: scene.noise).gradient.samples
        }
        let exact = gradient(nil)
        var sum = [SIMD2<Float>](repeating: .zero, count: exact.count)
        var errors = [Double]()
        for round in 1...64 {
            let part = gradient(GradientThinning(certainMass: 0.1, seed: UInt64(round), keys: [7, 8, 9]))
            for index in sum.indices { sum[index] += part[index] }
            let mean = sum.map { $0 / Float(round) }
            if round == 1 || round == 64 { errors.append(relativeDifference(mean, exact)) }
        }
        // Something is left out of one; 64 leave an eighth of its error, within the chance of a single realisation.
        #expect(errors[0] > 0.02)
        #expect(errors[1] < errors[0] / 4)
    }
}
