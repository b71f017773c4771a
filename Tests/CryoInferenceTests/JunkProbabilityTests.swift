import CryoCore
import CryoTestSupport
import Foundation
import Testing

@testable import CryoInference

/// Images of nothing.
struct JunkProbabilityTests {
    @Test func theShareIsLearnt() {
        var stream = RandomStream(seed: 2)
        let evidences = (0..<1000).map { $0 < 200 ? -6 + stream.normal() : 20 + 8 * stream.normal() }
        let junk = JunkProbability(logEvidences: evidences)
        // The few particles of low evidence are the error.
        #expect(abs(junk.share - 0.2) < 0.01)
        #expect(junk(-6) > 0.99 && junk(20) < 1e-6)
        #expect(evidences.prefix(200).allSatisfy { junk($0) > 0.5 })
    }

    @Test func nothingIsCertainFromOneClass() {
        #expect(JunkProbability(logEvidences: [30, 40, 50]).share == 1e-4)
        #expect(JunkProbability(logEvidences: [-30, -40]).share == 0.99)
        #expect(JunkProbability(logEvidences: []).share == 0.1)
        #expect(JunkProbability(logEvidences: [.nan, 30])(.infinity) < 1e-300)
    }

    @Test func theShareFollowsWhatIsSeen() {
        let junk = JunkProbability(share: 0.1)
        // −ln 9 makes both classes as likely.
        #expect(abs(junk.learning([-log(9)], weight: 0.25).share - 0.2) < 1e-12)
        #expect(junk.learning([-30], weight: 1).share == 0.5)
        #expect(junk.learning([30], weight: 1).share == 0.01)
        #expect(junk.learning([.nan], weight: 1).share == 0.1)
    }

    /// The gradient of images of which some may be junk is the sum of each one's own, by its probability to be none.
    @Test func eachImageCountsByItsProbability() {
        let scene = PosteriorAgainstNaiveTests.scene(astigmatism: 2_000, snr: 0.3)
        func visit(_ images: [PolarImage], _ junk: JunkProbability?) -> ([ImagePosterior], DensityGradient) {
            let gradient = SliceGradient(engine: scene.engine)
            let posteriors = scene.engine.posterior(
                of: images, noiseVariance: scene.noise, gradient: gradient, junk: junk)
            return (
                posteriors,
                scene.engine.densityGradient(of: gradient, noiseVariance: scene.noise, lightShare: 0)
            )
        }
        let alone = scene.images.map { visit([$0], nil) }
        let evidences = alone.map { $0.0[0].logEvidence }
        // As likely junk as not for the first image.
        let junk = JunkProbability(share: 1 / (1 + exp(-evidences[0])))
        let (_, found) = visit(scene.images, junk)
        let shares = evidences.map { Float(1 - junk($0)) }
        #expect(abs(shares[0] - 0.5) < 1e-6)
        func expected(_ part: (DensityGradient) -> [SIMD2<Float>]) -> [SIMD2<Float>] {
            zip(shares, alone).reduce([SIMD2<Float>](repeating: .zero, count: part(found).count)) {
                sum, one in
                zip(sum, part(one.1.1)).map { $0 + one.0 * $1 }
            }
        }
        // Single precision over some thousand nodes.
        #expect(relativeDifference(found.gradient.samples, expected(\.gradient.samples)) < 1e-4)
        #expect(relativeDifference(found.curvature.samples, expected(\.curvature.samples)) < 1e-4)
        #expect(found.imageCount == scene.images.count)
    }
}
