import CryoCore
import Foundation

extension ContrastTransferFunction {
    /// The function's values, with the constants of one particle worked out once.
    ///
    /// For spatial frequency s at azimuth φ and wavelength λ:
    ///
    ///     Δf(φ)  = ½ (U + V) + ½ (U − V) cos 2(φ − a)
    ///     χ(s)   = π λ s² Δf(φ) − ½ π C λ³ s⁴ + phase + asin w
    ///     CTF(s) = scale · exp(−B s²/4) · sin χ(s)
    ///
    /// U, V, a: ``defocusU``, ``defocusV``, ``defocusAngle``; C: ``sphericalAberration``; w: ``amplitudeContrast``.
    ///
    /// - Note: The sign is RELION's: protein is white, and the function is +w at s = 0.
    public struct Evaluator: Sendable {
        private let mean, cosine, sine, fourth, offset, envelope, scale: Double

        init(_ ctf: ContrastTransferFunction) {
            let wavelength = ctf.wavelength
            let half = 0.5 * (ctf.defocusU - ctf.defocusV)
            mean = .pi * wavelength * 0.5 * (ctf.defocusU + ctf.defocusV)
            // cos 2(φ − a) s² = (x² − y²) cos 2a + 2xy sin 2a: no arctangent per frequency.
            cosine = .pi * wavelength * half * cos(2 * ctf.defocusAngle.radians)
            sine = .pi * wavelength * half * sin(2 * ctf.defocusAngle.radians)
            fourth = 0.5 * .pi * ctf.sphericalAberration * wavelength * wavelength * wavelength
            offset = ctf.phaseShift.radians + asin(ctf.amplitudeContrast)
            envelope = ctf.bFactor / 4
            scale = ctf.scale
        }

        /// The value at the frequency (x, y), in Å⁻¹.
        public func callAsFunction(_ x: Double, _ y: Double) -> Double {
            let squared = x * x + y * y
            let phase =
                mean * squared + cosine * (x * x - y * y) + sine * 2 * x * y - fourth * squared * squared
                + offset
            return scale * exp(-envelope * squared) * sin(phase)
        }
    }

    /// Prepares the evaluation of this function.
    public var evaluator: Evaluator { Evaluator(self) }
}
