import CryoCore

/// Reads each particle's contrast transfer function, in V, Å and radians.
///
/// A particle's own value overrides its optics group's. Voltage, spherical aberration, amplitude contrast and
/// defocus are never assumed; phase shift, B factor and scale are 0, 0 and 1 where the file has none.
struct OpticsReader {
    private let metadata: ParticleMetadata
    private let voltage: MetadataField
    private let sphericalAberration: MetadataField
    private let amplitudeContrast: MetadataField
    private let defocusU: MetadataField
    private let defocusV: MetadataField
    private let defocusAngle: MetadataField
    private let phaseShift: MetadataField
    private let bFactor: MetadataField
    private let scale: MetadataField

    init(_ metadata: ParticleMetadata) throws(FileError) {
        self.metadata = metadata
        voltage = metadata.field("rlnVoltage")
        sphericalAberration = metadata.field("rlnSphericalAberration")
        amplitudeContrast = metadata.field("rlnAmplitudeContrast")
        defocusU = metadata.field("rlnDefocusU")
        defocusV = metadata.field("rlnDefocusV")
        defocusAngle = metadata.field("rlnDefocusAngle")
        phaseShift = metadata.field("rlnPhaseShift")
        bFactor = metadata.field("rlnCtfBfactor")
        scale = metadata.field("rlnCtfScalefactor")
        let missing = [voltage, sphericalAberration, amplitudeContrast, defocusU, defocusV, defocusAngle]
            .filter { !$0.isPresent }.map { "_\($0.label)" }
        guard missing.isEmpty else {
            throw .malformed(
                path: metadata.path, place: .whole,
                found:
                    "no \(missing.joined(separator: ", "))"
                    + (metadata.optics == nil ? " and no data_optics" : ""),
                expected: "the whole CTF of each particle",
                advice: "add the columns; they are never assumed (a wrong CTF gives a wrong map)")
        }
        try refuseProcessedImages()
    }

    /// The function of a particle.
    func contrastTransferFunction(_ row: Int) throws(FileError) -> ContrastTransferFunction {
        let kilovolts = try required(voltage, row)
        guard (1...5000).contains(kilovolts) else {
            throw invalid(voltage, row, expected: "a voltage in kV, such as 300")
        }
        let contrast = try required(amplitudeContrast, row)
        guard (0...1).contains(contrast) else {
            throw invalid(amplitudeContrast, row, expected: "a fraction from 0 to 1")
        }
        let result = ContrastTransferFunction(
            voltage: kilovolts * 1e3,
            sphericalAberration: try required(sphericalAberration, row) * 1e7,
            amplitudeContrast: contrast,
            defocusU: try required(defocusU, row), defocusV: try required(defocusV, row),
            defocusAngle: Angle(degrees: try required(defocusAngle, row)),
            phaseShift: Angle(degrees: try metadata.number(phaseShift, row) ?? 0),
            bFactor: try metadata.number(bFactor, row) ?? 0, scale: try metadata.number(scale, row) ?? 1)
        let isZero =
            abs(result.defocusU) < 1e-6 && abs(result.defocusV) < 1e-6
            && abs(result.sphericalAberration) < 1e-6
            && contrast < 1e-6 && abs(result.phaseShift.radians) < 1e-6
        guard !isZero, result.scale != 0 else {
            throw .malformed(
                path: metadata.path, place: metadata.place(defocusU, row),
                found: "a CTF that is zero everywhere",
                expected: "a defocus", advice: "remove the particle or estimate its CTF again")
        }
        return result
    }

    private func required(_ field: MetadataField, _ row: Int) throws(FileError) -> Double {
        // `init` has checked that the label is there.
        try metadata.number(field, row) ?? .nan
    }

    private func invalid(_ field: MetadataField, _ row: Int, expected: String) -> FileError {
        .malformed(
            path: metadata.path, place: metadata.place(field, row),
            found: "_\(field.label) \((metadata.text(field, row) ?? "").excerpt)", expected: expected,
            advice: "correct the value")
    }

    /// Images whose pixels already contain a correction need another model of the CTF.
    private func refuseProcessedImages() throws(FileError) {
        let flags = [
            ("rlnCtfDataAreCtfPremultiplied", "images multiplied with their CTF"),
            ("rlnCtfDataArePhaseFlipped", "phase-flipped images"),
        ]
        for (label, meaning) in flags {
            let field = metadata.field(label)
            guard field.isPresent else { continue }
            for row in 0..<metadata.particles.rowCount {
                guard let value = try metadata.number(field, row), value != 0 else { continue }
                throw .unsupported(
                    path: metadata.path, place: metadata.place(field, row),
                    found: "\(meaning) (_\(label) is 1)",
                    expected: "images as extracted", advice: "extract the particles again without this option"
                )
            }
        }
    }
}
