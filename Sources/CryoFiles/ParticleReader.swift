import CryoCore

/// Turns the rows of a STAR file into particles.
struct ParticleReader {
    private let metadata: ParticleMetadata
    private let pixelSize: Double
    private let needsPoses: Bool

    /// - Parameter needsPoses: Whether poses and half-sets that cannot be read are refused; else they are none.
    init(_ metadata: ParticleMetadata, pixelSize: Double, needsPoses: Bool = true) {
        self.metadata = metadata
        self.pixelSize = pixelSize
        self.needsPoses = needsPoses
    }

    func particles(warnings: inout [String]) throws(FileError) -> [Particle] {
        let optics = try OpticsReader(metadata)
        let names = metadata.field("rlnImageName")
        let pose = PoseFields(metadata)
        let subset = metadata.field("rlnRandomSubset")
        warnings += aberrationWarnings()
        var unreadableRows = 0
        let particles = try (0..<metadata.particles.rowCount).mapThrowing { row throws(FileError) in
            var particle = Particle(
                imageName: metadata.text(names, row) ?? "", ctf: try optics.contrastTransferFunction(row),
                opticsGroup: metadata.opticsGroups[row], pose: nil, halfSet: nil)
            do throws(FileError) {
                particle.pose = try pose.pose(metadata, row, pixelSize: pixelSize)
                particle.halfSet = try halfSet(subset, row)
            } catch {
                guard !needsPoses else { throw error }
                unreadableRows += 1
            }
            return particle
        }
        if unreadableRows > 0 {
            warnings.append(
                "poses and half-sets of \(unreadableRows) rows cannot be read; they are not needed")
        }
        warnings += Self.defocusWarnings(particles)
        return particles
    }

    /// Defoci that a microscope can have but hardly anybody wants; in µm they are below 10.
    private static func defocusWarnings(_ particles: [Particle]) -> [String] {
        guard let middle = particles.map(\.ctf.defocusU).median, middle < 500 else { return [] }
        let found = "the median _rlnDefocusU is \(middle) Å"
        return middle < -500
            ? ["\(found), overfocus; expected thousands of Å of underfocus, above 0"]
            : ["\(found); expected thousands of Å: is it in µm, or missing?"]
    }

    /// RELION writes 0 for a particle in no half set.
    private func halfSet(_ field: MetadataField, _ row: Int) throws(FileError) -> Int8? {
        guard let value = try metadata.number(field, row), value != 0 else { return nil }
        guard value == 1 || value == 2 else {
            throw .malformed(
                path: metadata.path, place: metadata.place(field, row),
                found: "_rlnRandomSubset \((metadata.text(field, row) ?? "").excerpt)", expected: "1 or 2",
                advice: "correct or remove the column")
        }
        return Int8(value)
    }

    /// Aberrations of higher order matter beyond the resolution of an initial model.
    private func aberrationWarnings() -> [String] {
        let neutral: [(label: String, value: Double)] = [
            ("rlnBeamTiltX", 0), ("rlnBeamTiltY", 0), ("rlnMagMat00", 1), ("rlnMagMat01", 0),
            ("rlnMagMat10", 0),
            ("rlnMagMat11", 1), ("rlnMagMatrix_00", 1), ("rlnMagMatrix_01", 0), ("rlnMagMatrix_10", 0),
            ("rlnMagMatrix_11", 1),
        ]
        var ignored: [String] = []
        for (label, value) in neutral {
            let field = metadata.field(label)
            guard field.isPresent else { continue }
            let isUsed = (0..<metadata.particles.rowCount).contains { row in
                metadata.text(field, row).map { Double($0) != value } ?? false
            }
            if isUsed { ignored.append("_\(label)") }
        }
        for label in ["rlnOddZernike", "rlnEvenZernike"] where metadata.field(label).isPresent {
            ignored.append("_\(label)")
        }
        return ignored.isEmpty
            ? [] : ["\(ignored.joined(separator: ", ")) ignored; this matters only at high resolution"]
    }
}

/// The columns of a pose.
private struct PoseFields {
    let rot: MetadataField
    let tilt: MetadataField
    let psi: MetadataField
    let x: MetadataField
    let y: MetadataField
    let isInPixels: Bool

    init(_ metadata: ParticleMetadata) {
        rot = metadata.field("rlnAngleRot")
        tilt = metadata.field("rlnAngleTilt")
        psi = metadata.field("rlnAnglePsi")
        let inAngstrom = metadata.field("rlnOriginXAngst")
        isInPixels = !inAngstrom.isPresent
        x = isInPixels ? metadata.field("rlnOriginX") : inAngstrom
        y = metadata.field(isInPixels ? "rlnOriginY" : "rlnOriginYAngst")
    }

    /// The pose; nil unless the file has all three angles.
    func pose(_ metadata: ParticleMetadata, _ row: Int, pixelSize: Double) throws(FileError) -> Pose? {
        guard let rot = try metadata.number(rot, row), let tilt = try metadata.number(tilt, row),
            let psi = try metadata.number(psi, row)
        else { return nil }
        let unit = isInPixels ? pixelSize : 1
        return Pose(
            rotation: Rotation(
                rot: Angle(degrees: rot), tilt: Angle(degrees: tilt), psi: Angle(degrees: psi)),
            originX: (try metadata.number(x, row) ?? 0) * unit,
            originY: (try metadata.number(y, row) ?? 0) * unit)
    }
}
