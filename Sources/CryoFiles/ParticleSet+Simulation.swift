import CryoCore

extension ParticleSet {
    /// Writes particles made in memory as a STAR file of RELION 3.1.
    ///
    /// Poses and half sets are written if every particle has them. The images' names are written as they are;
    /// the stack stands for the micrograph, which RELION wants to know.
    /// - Parameters:
    ///   - particles: At least one; those of an optics group share voltage, Cs and amplitude contrast.
    ///   - boxSize: Pixels along an edge.
    ///   - pixelSize: In Å.
    ///   - path: The file to write; it appears when it is complete.
    /// - Throws: ``FileError/unwritable(path:found:advice:)``.
    public static func write(
        particles: [Particle], boxSize: Int, pixelSize: Double, to path: String
    ) throws(FileError) {
        guard !particles.isEmpty else {
            throw .unwritable(path: path, found: "no particles", advice: "make at least one")
        }
        var table = StarTable(labels: ["rlnImageName"])
        for particle in particles { table.append([particle.imageName]) }
        let optics = OpticsTable(particles: particles, boxSize: boxSize, pixelSize: pixelSize)
        func text(_ value: (ContrastTransferFunction) -> Double) -> [String] {
            particles.map { DecimalText.fixed(value($0.ctf)) }
        }
        var columns: [(label: String, values: [String])] = [
            ("rlnMicrographName", particles.map { ImageName($0.imageName)?.path ?? $0.imageName }),
            ("rlnOpticsGroup", optics.groups.map { "\($0)" }),
            ("rlnDefocusU", text { $0.defocusU }), ("rlnDefocusV", text { $0.defocusV }),
            ("rlnDefocusAngle", text { $0.defocusAngle.degrees }),
            ("rlnPhaseShift", text { $0.phaseShift.degrees }),
            ("rlnCtfBfactor", text { $0.bFactor }), ("rlnCtfScalefactor", text { $0.scale }),
        ]
        let poses = particles.compactMap(\.pose)
        if poses.count == particles.count { columns += poseColumns(of: poses) }
        let halfSets = particles.compactMap(\.halfSet)
        if halfSets.count == particles.count { columns.append(("rlnRandomSubset", halfSets.map { "\($0)" })) }
        table.setColumns(columns)
        let document = StarDocument(blocks: [
            StarBlock(name: "optics", content: .table(optics.table)),
            StarBlock(name: "particles", content: .table(table)),
        ])
        try document.write(to: path)
    }
}
