@testable import CryoFiles

/// STAR files of RELION for tests, with single columns to change.
struct ParticleFiles {
    var optics: [(String, String)] = [
        ("rlnOpticsGroup", "1"), ("rlnVoltage", "300"), ("rlnSphericalAberration", "2.7"),
        ("rlnAmplitudeContrast", "0.1"), ("rlnImagePixelSize", "2"),
    ]
    var particles: [(String, String)] = [
        ("rlnImageName", "1@stack.mrcs"), ("rlnOpticsGroup", "1"), ("rlnDefocusU", "12000"),
        ("rlnDefocusV", "11000"), ("rlnDefocusAngle", "45"),
    ]
    /// More rows of particles, as lines.
    var moreRows: [String] = []

    /// The same with a value set; nil removes the column.
    func setting(_ label: String, _ value: String?, inOptics: Bool = false) -> ParticleFiles {
        var copy = self
        var columns = inOptics ? optics : particles
        if let index = columns.firstIndex(where: { $0.0 == label }) {
            if let value { columns[index].1 = value } else { columns.remove(at: index) }
        } else if let value {
            columns.append((label, value))
        }
        if inOptics { copy.optics = columns } else { copy.particles = columns }
        return copy
    }

    /// The file of RELION 3.1.
    var text: String {
        "\n# version 30001\n\ndata_optics\n\n\(Self.loop(optics))\n\n# version 30001\n\ndata_particles\n\n"
            + Self.loop(particles) + moreRows.map { $0 + "\n" }.joined()
    }

    /// The file of RELION 3.0, with everything at each particle.
    static let old = """
        data_

        loop_
        _rlnImageName #1
        _rlnVoltage #2
        _rlnSphericalAberration #3
        _rlnAmplitudeContrast #4
        _rlnDefocusU #5
        _rlnDefocusV #6
        _rlnDefocusAngle #7
        _rlnMagnification #8
        _rlnDetectorPixelSize #9
        _rlnAngleRot #10
        _rlnAngleTilt #11
        _rlnAnglePsi #12
        _rlnOriginX #13
        _rlnOriginY #14
        _rlnCustomNote #15
        _rlnOriginXPrior #16
        000001@stack.mrcs 300 2.7 0.1 12000 11000 45 50000 10 10 20 30 1.5 -2 keep1 3
        000002@stack.mrcs 200 2.7 0.1 12000 11000 45 50000 10 11 21 31 0 0.5 keep2 0
        000003@stack.mrcs 300 2.7 0.1 12500 11500 45 50000 10 12 22 32 0 0 keep3 0

        """

    private static func loop(_ columns: [(String, String)]) -> String {
        let labels = columns.enumerated().map { "_\($1.0) #\($0 + 1)\n" }.joined()
        return "loop_\n\(labels)\(columns.map(\.1).joined(separator: " "))\n"
    }
}
