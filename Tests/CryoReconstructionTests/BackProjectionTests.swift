import CryoCore
import CryoFourier
import CryoInference
import CryoTestSupport
import Testing

@testable import CryoReconstruction

/// What images hold beyond the shells that were learnt, put together at their poses.
@Suite struct BackProjectionTests {
    private static let truth = SoftMask(radius: 24, softness: 9).applied(
        to: Volume.random(boxSize: 24, pixelSize: 3, seed: 5))
    private static let wide = SoftMask(radius: 1000, softness: 1)

    /// Images of the truth at random poses, of two defoci, shifted and of changing strength.
    private static func projection(
        beyond shell: Int, of density: Volume = truth, count: Int = 600, symmetry: PointGroup = .c1,
        weight: Float = 1, noise: Double = 0, seed: UInt64 = 1
    ) -> Volume {
        let projector = Projector(density)
        var projection = BackProjection(
            boxSize: density.boxSize, pixelSize: density.pixelSize, beyond: shell, symmetry: symmetry)
        var stream = RandomStream(seed: seed)
        for index in 0..<count {
            let pose = Pose(
                rotation: .random(&stream), originX: 3 * stream.normal(), originY: 3 * stream.normal())
            let ctf = TestScene.ctf(defocus: index % 2 == 0 ? 12_000 : 17_000)
            let strength = Float(1 + 0.2 * stream.normal())
            var image = projector.project(pose, ctf: ctf).image()
            for pixel in image.pixels.indices {
                image.pixels[pixel] = strength * image.pixels[pixel] + Float(noise * stream.normal())
            }
            projection.add(
                ImageSlice(
                    image, ctf: ctf, at: pose, weight: weight, points: projection.points, mask: wide,
                    strength: strength, gains: RingGains(values: (1...11).map { $0 < 8 ? 1 : 0.5 })))
        }
        return projection.finish()
    }

    @Test func cleanImagesGiveTheDensityBackBeyondTheShell() {
        let found = Self.projection(beyond: 4)
        let fsc = FourierShellCorrelation(found, Self.truth).correlations
        // Between samples the transform is interpolated: 0.98 and more of it is right. The projector's images end within shell 11.
        #expect(fsc[5...10].allSatisfy { $0 > 0.97 }, "\(fsc)")
        // With its own strength: within a fifth, since weights are drawn halfway to the shell's mean.
        for shell in 5...10 {
            let ratio =
                found.within(shell...shell).squaredLength / Self.truth.within(shell...shell).squaredLength
            #expect(abs(ratio.squareRoot() - 1) < 0.2, "shell \(shell): \(ratio)")
        }
    }

    @Test func weightsOfAllImagesAlikeChangeNothing() {
        let (whole, half) = (Self.projection(beyond: 6), Self.projection(beyond: 6, weight: 0.5))
        for (a, b) in zip(whole.voxels, half.voxels) { #expect(abs(a - b) < 1e-4) }
    }

    @Test func anImageCountsOnceForEachOperation() {
        let group = PointGroup(name: "C3")!
        let symmetric = Self.truth.symmetrized(by: group)
        // Ten images of a density with C3 tell more when each counts three times.
        let (with, without) = (
            Self.projection(beyond: 6, of: symmetric, count: 10, symmetry: group),
            Self.projection(beyond: 6, of: symmetric, count: 10)
        )
        func agreement(_ map: Volume) -> Double { FourierShellCorrelation(map, symmetric).correlations[8] }
        #expect(agreement(with) > agreement(without) + 0.1)
        let turned = with.symmetrized(by: group)
        // Turning by trilinear interpolation dampens fine shells, but alike.
        #expect(FourierShellCorrelation(with, turned).correlations[8] > 0.95)
    }

    @Test func noiseAgreesWithNothing() {
        let halves = [1, 2].map {
            Self.projection(beyond: 4, of: Self.truth, count: 200, noise: 100, seed: $0)
        }
        let fsc = FourierShellCorrelation(halves[0], halves[1]).correlations
        // Shell 5 has some 160 independent coefficients: four standard errors.
        #expect(fsc[5...11].allSatisfy { abs($0) < 4 / 160.squareRoot() }, "\(fsc)")
    }
}
