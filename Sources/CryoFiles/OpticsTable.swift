import CryoCore

/// Makes the optics table that RELION 3.1 and later ask for.
struct OpticsTable {
    /// The table.
    var table: StarTable
    /// The number of each particle's group.
    var groups: [Int32]

    /// The labels that RELION 3.0 keeps with each particle and 3.1 with the group.
    ///
    /// Origins in pixels and pixel sizes go as well, because 3.1 has them in Å.
    static let movedLabels = [
        "rlnAmplitudeContrast", "rlnBeamTiltX", "rlnBeamTiltY", "rlnSphericalAberration", "rlnVoltage",
        "rlnDetectorPixelSize", "rlnMagnification",
    ]

    /// The groups of a file that has none, which its metadata numbered: the distinct tuples of ``movedLabels``.
    init(upgrading metadata: ParticleMetadata, boxSize: Int, pixelSize: Double) {
        let present = Self.movedLabels.compactMap { label in
            metadata.particles.column(label).map { (label: label, column: $0) }
        }
        groups = metadata.opticsGroups
        let members = Dictionary(zip(groups, groups.indices)) { first, _ in first }
        table = StarTable(labels: ["rlnOpticsGroupName", "rlnOpticsGroup"] + present.map(\.label))
        for (group, row) in members.sorted(by: { $0.key < $1.key }) {
            table.append(
                ["opticsGroup\(group)", "\(group)"] + present.map { metadata.particles[row, $0.column] })
        }
        complete(boxSize: boxSize, pixelSize: pixelSize)
    }

    /// The groups of a file that has them, with the labels that RELION requires added where they are missing.
    init(
        completing optics: StarTable, metadata: ParticleMetadata, particles: [Particle], boxSize: Int,
        pixelSize: Double
    ) {
        table = optics
        groups = metadata.opticsGroups
        // A particle's own value stands for its group's, if only particles have it.
        var members = [[Int]](repeating: [], count: optics.rowCount)
        for (particle, row) in metadata.opticsRows.enumerated() { members[Int(row)].append(particle) }
        let own: [(label: String, value: (ContrastTransferFunction) -> Double)] = [
            ("rlnVoltage", { $0.voltage / 1e3 }),
            ("rlnSphericalAberration", { $0.sphericalAberration / 1e7 }),
            ("rlnAmplitudeContrast", { $0.amplitudeContrast }),
        ]
        for (label, value) in own where optics.column(label) == nil {
            // The least of them, whatever the order of rows.
            let values = members.map { members in
                DecimalText.fixed(
                    (members.isEmpty ? [0] : members).map { value(particles[$0].ctf) }.min() ?? 0)
            }
            table.setColumn(label, to: values)
        }
        if table.column("rlnOpticsGroup") == nil {
            table.setColumn("rlnOpticsGroup", to: (0..<table.rowCount).map { "\($0 + 1)" })
        }
        complete(boxSize: boxSize, pixelSize: pixelSize)
    }

    /// The groups of particles made in memory.
    init(particles: [Particle], boxSize: Int, pixelSize: Double) {
        table = StarTable(labels: [
            "rlnOpticsGroupName", "rlnOpticsGroup", "rlnVoltage", "rlnSphericalAberration",
            "rlnAmplitudeContrast",
        ])
        groups = particles.map(\.opticsGroup)
        var seen: Set<Int32> = []
        for particle in particles where seen.insert(particle.opticsGroup).inserted {
            let ctf = particle.ctf
            let values = [ctf.voltage / 1e3, ctf.sphericalAberration / 1e7, ctf.amplitudeContrast]
            table.append(
                ["opticsGroup\(particle.opticsGroup)", "\(particle.opticsGroup)"]
                    + values.map(DecimalText.fixed))
        }
        complete(boxSize: boxSize, pixelSize: pixelSize)
    }

    private mutating func complete(boxSize: Int, pixelSize: Double) {
        let required = [
            ("rlnImagePixelSize", DecimalText.fixed(pixelSize)), ("rlnImageSize", "\(boxSize)"),
            ("rlnImageDimensionality", "2"),
        ]
        for (label, value) in required where table.column(label) == nil {
            table.setColumn(label, to: [String](repeating: value, count: table.rowCount))
        }
    }
}
