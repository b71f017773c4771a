import CryoCore
import Foundation
import Testing

@Suite struct RotationTests {
    /// Rz(γ), Ry(β) as written in textbooks; the definition A = (Rz Ry Rz)ᵀ is spelt out with them.
    private func aboutZ(_ t: Double) -> Rotation {
        Rotation(rows: [cos(t), -sin(t), 0], [sin(t), cos(t), 0], [0, 0, 1])
    }
    private func aboutY(_ t: Double) -> Rotation {
        Rotation(rows: [cos(t), 0, sin(t)], [0, 1, 0], [-sin(t), 0, cos(t)])
    }

    @Test func eulerAnglesFollowTheDefinition() {
        let (rot, tilt, psi) = (0.4, 1.1, -2.3)
        let expected = (aboutZ(rot) * aboutY(tilt) * aboutZ(psi)).inverse
        let found = Rotation(
            rot: Angle(radians: rot), tilt: Angle(radians: tilt), psi: Angle(radians: psi))
        #expect(found.angle(to: expected).radians < 1e-7)
    }

    @Test(arguments: [0.0, 1e-12, 1e-7, 0.3, 1.5, 3.0, .pi - 1e-7, .pi])
    func eulerAnglesComeBack(tilt: Double) {
        for rot in stride(from: -3.0, to: 3.1, by: 0.75) {
            for psi in stride(from: -3.0, to: 3.1, by: 0.75) {
                let first = Rotation(
                    rot: Angle(radians: rot), tilt: Angle(radians: tilt), psi: Angle(radians: psi))
                let angles = first.eulerAngles
                let second = Rotation(rot: angles.rot, tilt: angles.tilt, psi: angles.psi)
                // acos near 1 resolves no more than √ε ≈ 1e-8.
                #expect(first.angle(to: second).radians < 1e-7, "rot \(rot) psi \(psi)")
                #expect((0...Double.pi).contains(angles.tilt.radians))
            }
        }
    }

    @Test func rotationsFormAGroup() {
        var random = RandomStream(seed: 3)
        for _ in 0..<50 {
            let a = Rotation(axis: random.direction(), angle: Angle(radians: 3 * random.uniform()))
            let b = Rotation(axis: random.direction(), angle: Angle(radians: 3 * random.uniform()))
            #expect((a * a.inverse).angle(to: .identity).radians < 1e-7)
            let v = random.direction()
            let difference = (a * b).apply(v) - a.apply(b.apply(v))
            #expect(dot(difference, difference) < 1e-24)
            #expect(dot(cross(a.row0, a.row1) - a.row2, a.row2) < 1e-12)
        }
    }

    @Test func axisAndAngleTurnRightHanded() {
        let turned = Rotation(axis: [0, 0, 1], angle: Angle(degrees: 90)).apply([1, 0, 0])
        #expect(abs(turned.y - 1) < 1e-12)
    }

    @Test func directionIsTheThirdRow() {
        var random = RandomStream(seed: 4)
        for direction in [SIMD3<Double>(0, 0, 1), [0, 0, -1]] + (0..<20).map({ _ in random.direction() }) {
            let difference = Rotation(direction: direction).row2 - direction
            #expect(dot(difference, difference) < 1e-20)
        }
    }

    @Test func turningInPlaneAddsToPsi() {
        let first = Rotation(rot: Angle(degrees: 20), tilt: Angle(degrees: 60), psi: Angle(degrees: 10))
        let second = Rotation(rot: Angle(degrees: 20), tilt: Angle(degrees: 60), psi: Angle(degrees: 45))
        #expect(first.turnedInPlane(by: Angle(degrees: 35)).angle(to: second).radians < 1e-7)
    }
}
