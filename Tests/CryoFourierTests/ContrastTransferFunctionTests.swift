import CryoCore
import CryoFourier
import Foundation
import Testing

@Suite struct ContrastTransferFunctionTests {
    private let plain = ContrastTransferFunction(
        voltage: 300_000, sphericalAberration: 2.7e7, amplitudeContrast: 0.1, defocusU: 18_000,
        defocusV: 16_500, defocusAngle: Angle(degrees: 35))
    private let full = ContrastTransferFunction(
        voltage: 200_000, sphericalAberration: 1.4e7, amplitudeContrast: 0.07, defocusU: 12_000,
        defocusV: 9_000, defocusAngle: Angle(degrees: -50), phaseShift: Angle(degrees: 90), bFactor: 60,
        scale: 0.9)

    @Test(arguments: [(300_000, 0.0196876), (200_000, 0.0250795), (100_000, 0.0370146)])
    func wavelengthIsThatOfTheTables(voltage: Double, expected: Double) {
        var ctf = plain
        ctf.voltage = voltage
        #expect(abs(ctf.wavelength - expected) < 6e-8)
    }

    @Test func meanIsPlusTheAmplitudeContrast() {
        #expect(abs(plain.evaluator(0, 0) - 0.1) < 1e-12)
    }

    /// Worked out from the formula with arctangents, in Python.
    @Test(arguments: [
        (0, 0, 0.1, 0.8977922922369072), (0.02, 0, 0.5083176496434484, 0.826514200814702),
        (0, 0.05, 0.4039315163852899, -0.5013006932017156),
        (-0.06, 0.08, -0.7508448919057773, -0.7733216282352579),
        (0.1, -0.15, 0.9982296967561793, 0.2619117241672572),
    ])
    func valuesAreGolden(x: Double, y: Double, plainValue: Double, fullValue: Double) {
        #expect(abs(plain.evaluator(x, y) - plainValue) < 1e-9)
        #expect(abs(full.evaluator(x, y) - fullValue) < 1e-9)
    }

    /// Along the angle of U the function is that of an unastigmatic lens of defocus U, across it of V.
    @Test func astigmatismHasItsAxes() {
        for (turn, defocus) in [(0.0, plain.defocusU), (90.0, plain.defocusV)] {
            var round = plain
            (round.defocusU, round.defocusV) = (defocus, defocus)
            let angle = (35 + turn) * Double.pi / 180
            for s in stride(from: 0.01, to: 0.2, by: 0.013) {
                let (x, y) = (s * cos(angle), s * sin(angle))
                #expect(abs(plain.evaluator(x, y) - round.evaluator(x, y)) < 1e-9)
            }
        }
    }
}
