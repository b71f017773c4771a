import CryoCore
import CryoFourier
import CryoTestSupport
import Foundation
import Testing

@testable import CryoInference

/// A symmetric density needs one asymmetric unit of directions, and its gradient has its symmetry.
struct SymmetricPosteriorTests {
    static let boxSize = 32
    static let pixelSize = 6.0
    static let boxLength = 192.0
    static let ringCount = 5

    /// A few blobs and all their images under the group.
    static func density(_ group: PointGroup) -> Volume {
        var stream = RandomStream(seed: 21)
        let unit = (0..<3).map { _ in stream.direction() * (20 + 35 * stream.uniform()) }
        // B = 8π²σ²: blobs of 12 Å, two voxels, so that the grid does not break the symmetry.
        let bFactor = 8 * Double.pi * Double.pi * 144
        let scatterers = group.operations.flatMap { operation in
            unit.map { position in
                PointScatterer(
                    position: operation.inverse.apply(position), weight: 900 / Double(group.order),
                    bFactor: bFactor)
            }
        }
        return Volume(scatterers: scatterers, boxSize: boxSize, pixelSize: pixelSize)
    }

    static func images(_ volume: Volume, engine: PosteriorEngine, sigma: Double) -> [PolarImage] {
        let preparation = ImagePreparation(
            boxSize: boxSize, pixelSize: pixelSize, grid: engine.grid,
            mask: SoftMask(radius: 80, softness: 10))
        let projector = Projector(volume)
        var stream = RandomStream(seed: 22)
        return (0..<4).map { _ in
            let ctf = TestScene.ctf(defocus: 18_000, astigmatism: 300)
            let pose = Pose(rotation: TestScene.rotation(&stream))
            let image = TestScene.noisy(projector.project(pose, ctf: ctf).image(), sigma: sigma, &stream)
            return preparation.prepare(image, ctf: ctf, sign: 1)
        }
    }

    struct Outcome {
        var posteriors: [ImagePosterior]
        var gradient: DensityGradient
    }

    /// The posterior over the whole sphere or over the asymmetric unit.
    static func outcome(_ group: PointGroup, isReduced: Bool) -> Outcome {
        let volume = density(group)
        let sigma = 4.5
        let engine = PosteriorEngine(
            ringCount: ringCount, boxLength: boxLength, radius: 80, normOrderCount: 3,
            directions: DirectionGrid(spacing: 0.07, symmetry: isReduced ? group : .c1),
            shifts: ShiftGrid(extent: 8, spacing: 8, priorSigma: 10), parallel: Parallel(threads: 2))
        engine.setDensity(
            FourierBall(volume, radius: Double(ringCount) + 0.01, scale: 1 / Float(boxSize)))
        let noise = [Double](repeating: sigma * sigma, count: ringCount)
        let gradient = SliceGradient(engine: engine)
        let posteriors = engine.posterior(
            of: images(volume, engine: engine, sigma: sigma), noiseVariance: noise, gradient: gradient)
        return Outcome(
            posteriors: posteriors,
            gradient: engine.densityGradient(
                of: gradient, noiseVariance: noise, symmetry: isReduced ? group : .c1))
    }

    static func slope(_ gradient: DensityGradient) -> Volume {
        gradient.gradient.adjointVolume(boxSize: boxSize, pixelSize: pixelSize, scale: 1 / Float(boxSize))
    }

    @Test(arguments: ["C3", "D2", "O"]) func asymmetricUnitGivesTheEvidenceOfTheSphere(name: String) throws {
        let group = try #require(PointGroup(name: name))
        let (whole, unit) = (Self.outcome(group, isReduced: false), Self.outcome(group, isReduced: true))
        for (a, b) in zip(unit.posteriors, whole.posteriors) {
            #expect(b.logEvidence > 1)
            // Both are means over equally dense grids with different nodes.
            #expect(abs(a.logEvidence - b.logEvidence) < 0.06)
            // Each pose of the unit stands for |G| of the sphere.
            #expect(abs(a.effectivePoses * Double(group.order) / b.effectivePoses - 1) < 0.1)
        }
    }

    /// Rotations about z by 180° or 90° move voxels onto voxels, so symmetry can be checked exactly.
    @Test(arguments: ["C2", "D2", "C4", "O"]) func gradientHasTheSymmetryOfTheRun(name: String) throws {
        let group = try #require(PointGroup(name: name))
        let slope = Self.slope(Self.outcome(group, isReduced: true).gradient)
        let n = Self.boxSize
        let largest = slope.voxels.map(abs).max() ?? 0
        #expect(largest > 0)
        for operation in group.operations {
            var worst: Float = 0
            for z in stride(from: 1, to: n, by: 2) {
                for y in stride(from: 1, to: n, by: 2) {
                    for x in stride(from: 1, to: n, by: 2) {
                        let place = operation.apply([Double(x - n / 2), Double(y - n / 2), Double(z - n / 2)])
                        let moved = slope[
                            Int(place.x.rounded()) + n / 2, Int(place.y.rounded()) + n / 2,
                            Int(place.z.rounded()) + n / 2]
                        worst = max(worst, abs(moved - slope[x, y, z]))
                    }
                }
            }
            // Only float rounding: the operations were applied to each slice before insertion.
            #expect(worst < 1e-4 * largest)
        }
    }

    @Test func symmetricGradientIsThatOfTheSphereMadeSymmetric() throws {
        let group = try #require(PointGroup(name: "D2"))
        let unit = Self.slope(Self.outcome(group, isReduced: true).gradient)
        let whole = Self.slope(Self.outcome(group, isReduced: false).gradient)
        // D2 moves voxels onto voxels; the gradient of |G| equal poses is |G| times their mean.
        let n = Self.boxSize
        var average = Volume(boxSize: n, pixelSize: Self.pixelSize)
        for z in 1..<n {
            for y in 1..<n {
                for x in 1..<n {
                    let parts = [
                        whole[x, y, z], whole[n - x, n - y, z], whole[x, n - y, n - z],
                        whole[n - x, y, n - z],
                    ]
                    average[x, y, z] = parts.reduce(0, +)
                }
            }
        }
        var inner = unit
        for index in inner.voxels.indices where average.voxels[index] == 0 { inner.voxels[index] = 0 }
        // The two grids have different nodes; posteriors agree as above.
        #expect(correlation(inner.voxels, average.voxels) > 0.999)
        let ratio =
            innerProduct(inner.voxels, average.voxels) / innerProduct(average.voxels, average.voxels)
        #expect(abs(ratio - 1) < 0.01)
    }
}
