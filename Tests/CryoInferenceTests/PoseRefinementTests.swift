import CryoCore
import CryoFourier
import CryoTestSupport
import Foundation
import Testing

@testable import CryoInference

/// Poses leave the nodes of the quadrature.
struct PoseRefinementTests {
    static let length = 192.0
    static let volume = TestScene.blobs(boxSize: 48, pixelSize: 4)
    static let engine = PosteriorEngine(
        ringCount: 12, boxLength: length, radius: 80, normOrderCount: 1,
        directions: DirectionGrid(spacing: 0.2), shifts: ShiftGrid(extent: 8, spacing: 4, priorSigma: 30),
        parallel: Parallel(threads: 1))

    static let preparation = ImagePreparation(
        boxSize: 48, pixelSize: 4, grid: engine.grid, mask: SoftMask(radius: 85, softness: 8))

    /// Errors before and after, and what was expected of them, over some poses a node's distance from the truth.
    static func errors(sigma: Double) -> (
        before: [Double], after: [Double], shift: [Double], expected: [PoseUncertainty]
    ) {
        let ball = FourierBall(volume, radius: 12.01, scale: Float(1.0 / 48))
        let refinement = PoseRefinement(
            ball: ball, engine: engine, noiseVariance: [Double](repeating: sigma * sigma, count: 12))
        let (projector, ctf) = (Projector(volume), TestScene.ctf(defocus: 14_000, astigmatism: 400))
        var stream = RandomStream(seed: 12)
        var result = (before: [Double](), after: [Double](), shift: [Double](), expected: [PoseUncertainty]())
        for _ in 0..<40 {
            let truth = Pose(
                rotation: TestScene.rotation(&stream), originX: 3 * stream.normal(),
                originY: 3 * stream.normal())
            var image = projector.project(truth, ctf: ctf).image()
            image = TestScene.noisy(image, sigma: sigma, &stream)
            let polar = preparation.prepare(image, ctf: ctf, sign: 1)
            let start = Pose(
                rotation: Rotation(axis: stream.direction(), angle: Angle(radians: 0.1)) * truth.rotation,
                originX: truth.originX + 2 * stream.uniform(), originY: truth.originY - 2 * stream.uniform())
            let (found, uncertainty) = refinement.refined(start, of: polar)
            result.before.append(start.rotation.angle(to: truth.rotation).radians)
            result.after.append(found.rotation.angle(to: truth.rotation).radians)
            result.shift.append(hypot(found.originX - truth.originX, found.originY - truth.originY))
            result.expected.append(uncertainty)
        }
        return result
    }

    static func rms(_ values: [Double]) -> Double {
        (values.reduce(0) { $0 + $1 * $1 } / Double(values.count)).squareRoot()
    }

    @Test func withLittleNoiseTheTruthIsFound() {
        let errors = Self.errors(sigma: 0.02)
        // Half a node's distance before; what is left is the interpolation of slices.
        #expect(Self.rms(errors.before) > 0.09)
        #expect(Self.rms(errors.after) < 0.01)
        #expect(Self.rms(errors.shift) < 0.2)
    }

    /// Errors are as large as the information says: the Cramér–Rao bound, reached where noise is small enough.
    @Test func uncertaintiesAreHonest() {
        let errors = Self.errors(sigma: 1)
        // Three turns, each with this variance, make the angle; two coordinates make the shift.
        let angle =
            Self.rms(errors.after) / Self.rms(errors.expected.map { 3.0.squareRoot() * $0.angle.radians })
        let shift = Self.rms(errors.shift) / Self.rms(errors.expected.map { 2.0.squareRoot() * $0.shift })
        // 40 draws of 3 (2) coordinates know a deviation to 10 %; mask and interpolation add some.
        #expect(angle > 0.7 && angle < 1.5, "\(angle)")
        #expect(shift > 0.7 && shift < 1.5, "\(shift)")
    }

    /// Factors that follow from the first ring's are those of every point.
    @Test func shiftsFollowFromTheFirstRing() {
        let model = PoseModel(
            ball: FourierBall(Self.volume, radius: 12.01, scale: 1), engine: Self.engine,
            noiseVariance: [Double](repeating: 1, count: 12))
        let pose = Pose(rotation: .identity, originX: 17.3, originY: -41.9)
        for (k, factor) in zip(model.points, model.shifts(pose)) {
            let expected = Phase.factor(
                cycles: (Double(k.x) * pose.originX + Double(k.y) * pose.originY) / Self.length)
            // Twelve products in single precision.
            #expect(abs(factor.x - expected.x) < 2e-6 && abs(factor.y - expected.y) < 2e-6)
        }
    }

    @Test func smallMatricesAreInverted() throws {
        var matrix = SmallMatrix(size: 3)
        for (row, values) in [[4.0, 1, 0.5], [1, 3, -0.2], [0.5, -0.2, 2]].enumerated() {
            for (column, value) in values.enumerated() { matrix[row, column] = value }
        }
        let x = try #require(matrix.solved([1, 2, 3]))
        for row in 0..<3 {
            let product = (0..<3).reduce(0.0) { $0 + matrix[row, $1] * x[$1] }
            #expect(abs(product - [1.0, 2, 3][row]) < 1e-12)
        }
        #expect(SmallMatrix(size: 2).solved([1, 1]) == nil)
    }
}
