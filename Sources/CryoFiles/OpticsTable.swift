import CryoCore

/// Makes the optics table that RELION 3.1 and later ask for.
struct OpticsTable {
    /// The table.
    var table: StarTable
    /// The number of each particle's group.
    var groups: [Int]

    /// The labels that RELION 3.0 keeps with each particle and 3.1 with the group.
    ///
    /// Origins in pixels and pixel sizes go as well, because 3.1 has them in Å.
    static let movedLabels = [
        "rlnAmplitudeContrast", "rlnBeamTiltX", "rlnBeamTiltY", "rlnSphericalAberration", "rlnVoltage",
        "rlnDetectorPixelSize", "rlnMagnification",
    ]

    /// The groups of a file that has none: the distinct tuples of ``movedLabels``, numbered as they appear.
    init(upgrading metadata: ParticleMetadata, boxSize: Int, pixelSize: Double) {
        let present = Self.movedLabels.compactMap { label in
            metadata.particles.column(label).map { (label: label, column: $0) }
        }
        var numbers: [[String]: Int] = [:]
        var table = StarTable(labels: ["rlnOpticsGroupName", "rlnOpticsGroup"] + present.map(\.label))
        groups = []
        for row in 0..<metadata.particles.rowCount {
            let values = present.map { metadata.particles[row, $0.column] }
            if let known = numbers[values] {
                groups.append(known)
                continue
            }
            let number = numbers.count + 1
            numbers[values] = number
            table.append(["opticsGroup\(number)", "\(number)"] + values)
            groups.append(number)
        }
        self.table = table
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
        var members = [Int?](repeating: nil, count: optics.rowCount)
        for (particle, row) in metadata.opticsRows.enumerated() where members[row] == nil {
            members[row] = particle
        }
        let own: [(label: String, value: (ContrastTransferFunction) -> Double)] = [
            ("rlnVoltage", { $0.voltage / 1e3 }),
            ("rlnSphericalAberration", { $0.sphericalAberration / 1e7 }),
            ("rlnAmplitudeContrast", { $0.amplitudeContrast }),
        ]
        for (label, value) in own where optics.column(label) == nil {
            let values = members.map { DecimalText.fixed(value(particles[$0 ?? 0].ctf)) }
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
        var seen: Set<Int> = []
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
