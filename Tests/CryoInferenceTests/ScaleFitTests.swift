import CryoCore
import CryoFourier
import CryoTestSupport
import Testing

@testable import CryoInference

/// How strongly an image shows the density.
struct ScaleFitTests {
    static let sigma = 0.5
    static let ctf = TestScene.ctf(defocus: 14_000, astigmatism: 400)

    static let fit = ScaleFit(
        ball: FourierBall(PoseRefinementTests.volume, radius: 12.01, scale: Float(1.0 / 48)),
        engine: PoseRefinementTests.engine,
        noiseVariance: [Double](repeating: sigma * sigma, count: 12))

    /// Images of known strengths, and what is found from them; `present` is what was thought before.
    static func found(_ strengths: [Double], deviation: Double, present: Float = 1) -> [Double] {
        let projector = Projector(PoseRefinementTests.volume)
        var stream = RandomStream(seed: 31)
        return strengths.map { strength in
            let pose = Pose(
                rotation: TestScene.rotation(&stream), originX: 3 * stream.normal(),
                originY: 3 * stream.normal())
            var image = projector.project(pose, ctf: Self.ctf).image()
            for pixel in image.pixels.indices { image.pixels[pixel] *= Float(strength) }
            image = TestScene.noisy(image, sigma: sigma, &stream)
            let polar = PoseRefinementTests.preparation.prepare(image, ctf: Self.ctf, sign: 1, scale: present)
            return fit.match(of: polar, at: pose).scale(common: 1, deviation: deviation)
        }
    }

    static let strengths = [0.3, 0.6, 0.8, 1, 1.1, 1.4, 2]

    @Test func strengthsAreFound() {
        for (found, strength) in zip(Self.found(Self.strengths, deviation: 100), Self.strengths) {
            // The noise leaves some 3 %, slices and mask another 2.
            #expect(abs(found - strength) < 0.1, "\(found) of \(strength)")
        }
    }

    /// The estimate does not depend on the scale that the image had before.
    @Test func theScaleIsNotCountedTwice() {
        let fresh = Self.found(Self.strengths, deviation: 0.2)
        for (again, first) in zip(Self.found(Self.strengths, deviation: 0.2, present: 0.4), fresh) {
            #expect(abs(again - first) < 1e-5)
        }
    }

    /// Half the square of what is left, with the noise's weight; what it would be is the same from wherever it is looked at.
    @Test func theEvidenceAtScaleOneIsTold() {
        let image = Projector(PoseRefinementTests.volume).project(Pose(rotation: .identity), ctf: Self.ctf)
            .image()
        func fitted(_ scale: Float) -> ScaleMatch {
            Self.fit.match(
                of: PoseRefinementTests.preparation.prepare(image, ctf: Self.ctf, sign: 1, scale: scale),
                at: Pose(rotation: .identity)
            )
        }
        #expect(fitted(1).evidenceAtOne == 0)
        // Of an image that the model shows exactly: ½(1 − s)² Σw|M|².
        let ratio = fitted(0.5).evidenceAtOne / fitted(0.75).evidenceAtOne
        // Slices differ from the masked projection by some percent.
        #expect(fitted(0.5).evidenceAtOne > 0 && abs(ratio - 4) < 0.4)
    }

    /// What all images have in common is the density's, not theirs.
    @Test func onlyDifferencesAreScales() {
        let matches = [0.8, 1.0, 1.2].map { ScaleMatch(match: 1.5 * $0 * 100, power: 100, present: 1) }
        let common = ScaleMatch.common(matches)
        #expect(abs(common - 1.5) < 1e-12)
        for (match, expected) in zip(matches, [0.8, 1.0, 1.2]) {
            #expect(abs(match.scale(common: common, deviation: 100) - expected) < 1e-3)
        }
        #expect(ScaleMatch.common([]) == 1)
    }

    @Test func aNarrowPriorHoldsItAtOne() {
        for found in Self.found(Self.strengths, deviation: 1e-5) { #expect(abs(found - 1) < 1e-3) }
    }

    /// The opposite of the density is no particle of negative scale.
    @Test func scalesStayPositive() {
        #expect(abs(Self.found([-1], deviation: 100)[0] - 0.1) < 1e-6)
    }
}
