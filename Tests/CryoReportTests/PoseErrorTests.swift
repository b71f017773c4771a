import CryoCore
import CryoFourier
import CryoReport
import CryoTestSupport
import Testing

@Suite struct PoseErrorTests {
    private func poses(_ count: Int, seed: UInt64) -> [Pose] {
        var random = RandomStream(seed: seed)
        return (0..<count).map { _ in
            Pose(rotation: .random(&random), originX: 5 * random.normal(), originY: 5 * random.normal())
        }
    }

    private func superposition(_ seed: UInt64, mirrored: Bool) -> Superposition {
        var random = RandomStream(seed: seed)
        return Superposition(rotation: .random(&random), shift: [4, -7, 2], isMirrored: mirrored)
    }

    /// The pose that `superposition` maps to `pose`.
    private func estimate(of pose: Pose, _ superposition: Superposition) -> Pose {
        let turned = pose.rotation * superposition.rotation
        let rotation =
            superposition.isMirrored ? Rotation(rows: -turned.row0, -turned.row1, turned.row2) : turned
        return Pose(
            rotation: rotation,
            originX: pose.originX - dot(pose.rotation.row0, superposition.shift),
            originY: pose.originY - dot(pose.rotation.row1, superposition.shift))
    }

    /// The image of the moving density at a pose is that of the fixed one at the mapped pose.
    @Test(arguments: [false, true])
    func mappedPosesGiveTheSameImages(mirrored: Bool) {
        let superposition = superposition(3, mirrored: mirrored)
        let scatterers = Phantom(diameter: 120).scatterers
        let moved = scatterers.map { scatterer in
            var moved = scatterer
            moved.position =
                superposition.rotation.apply(mirrored ? -scatterer.position : scatterer.position)
                + superposition.shift
            return moved
        }
        let moving = Projector(Volume(scatterers: scatterers, boxSize: 40, pixelSize: 5))
        let fixed = Projector(Volume(scatterers: moved, boxSize: 40, pixelSize: 5))
        for pose in poses(4, seed: 8) {
            let (a, b) = (
                moving.project(pose).image(), fixed.project(superposition.applied(to: pose)).image()
            )
            #expect(correlation(a.pixels, b.pixels) > 0.99)
        }
    }

    @Test(arguments: [false, true])
    func exactEstimatesHaveNoError(mirrored: Bool) {
        let superposition = superposition(4, mirrored: mirrored)
        let truth = poses(300, seed: 9)
        let error = PoseError(truth: truth, estimates: truth.map { estimate(of: $0, superposition) })
        #expect(error.superposition.isMirrored == mirrored)
        #expect(error.superposition.rotation.angle(to: superposition.rotation).radians < 1e-6)
        let difference = error.superposition.shift - superposition.shift
        #expect(dot(difference, difference) < 1e-9)
        #expect(error.medianAngle.radians < 1e-6 && error.medianShift < 1e-4)
        #expect(error.fraction(within: Angle(degrees: 0.1)) == 1)
    }

    @Test(arguments: [false, true])
    func badEstimatesDoNotMoveTheFrame(mirrored: Bool) {
        let superposition = superposition(5, mirrored: mirrored)
        var random = RandomStream(seed: 10)
        let truth = poses(400, seed: 11)
        let estimates = truth.enumerated().map { index, pose -> Pose in
            // Two in five are wrong, the others are off by 3° and 1 Å.
            guard index % 5 > 1 else { return Pose(rotation: .random(&random), originX: 20) }
            var exact = estimate(of: pose, superposition)
            let jitter = Rotation(axis: random.direction(), angle: Angle(degrees: 3))
            exact.rotation = jitter * exact.rotation
            exact.originX += random.normal()
            return exact
        }
        let error = PoseError(truth: truth, estimates: estimates)
        #expect(error.superposition.isMirrored == mirrored)
        #expect(error.superposition.rotation.angle(to: superposition.rotation).degrees < 0.6)
        #expect(abs(error.fraction(within: Angle(degrees: 5)) - 0.6) < 0.02)
        let known = PoseError(truth: truth, estimates: estimates, superposition: superposition)
        #expect(abs(known.angles[2].degrees - 3) < 1e-6)
    }

    @Test func symmetryMatesCountAsOne() {
        let half = Angle(degrees: 180)
        let operators = [
            .identity, Rotation(axis: [1, 0, 0], angle: half), Rotation(axis: [0, 1, 0], angle: half),
            Rotation(axis: [0, 0, 1], angle: half),
        ]
        let superposition = superposition(6, mirrored: true)
        let truth = poses(200, seed: 12)
        let estimates = truth.enumerated().map { index, pose in
            let mate = Pose(
                rotation: pose.rotation * operators[index % 4], originX: pose.originX, originY: pose.originY)
            // The shift must respect the symmetry for the origins to agree too; here it is zero.
            return estimate(
                of: mate, Superposition(rotation: superposition.rotation, isMirrored: true))
        }
        let error = PoseError(truth: truth, estimates: estimates, symmetry: operators)
        #expect(error.medianAngle.radians < 1e-6 && error.medianShift < 1e-4)
        #expect(PoseError(truth: truth, estimates: estimates).medianAngle.degrees > 90)
    }

    @Test func noPosesGiveNoError() {
        let error = PoseError(truth: [], estimates: [])
        #expect(error.medianAngle == .zero && error.medianShift == 0)
    }
}
