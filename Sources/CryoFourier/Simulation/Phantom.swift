import CryoCore
import Foundation

/// The built-in test molecule: five domains of packed α-helices, without symmetry and with a definite hand.
///
/// Domains of different size stand like the corners of a bent, twisted chain, so the outline at 30 Å already
/// tells the directions and the two hands apart. Inside each domain, helices are packed like rods around a
/// supercoil, which gives 10 Å detail; a scatterer stands for one residue.
public struct Phantom: Sendable {
    /// One scatterer a residue, centred on their centre of mass.
    public let scatterers: [PointScatterer]
    /// Twice the distance of the outermost residue from the centre of mass, in Å.
    public let diameter: Double

    /// Grows the molecule of a seed.
    ///
    /// - Parameters:
    ///   - diameter: The diameter of the sphere around the centre of mass that just holds it, in Å.
    ///   - seed: Chooses the helices; the outline stays the same.
    public init(diameter: Double = 250, seed: UInt64 = 1) {
        let wanted = max(diameter, 40)
        // The outermost residue lies near, but not at, the outline's edge: grow once to learn by how much.
        let trial = Self.residues(scale: wanted, seed: seed)
        let scale = wanted * wanted / max(2 * trial.largestRadius, 1)
        let grown = Self.residues(scale: scale, seed: seed)
        let correction = wanted / max(2 * grown.largestRadius, 1)
        scatterers = grown.map { residue in
            var scaled = residue
            scaled.position *= correction
            return scaled
        }
        self.diameter = wanted
    }

    /// An ellipsoidal domain; lengths in units of the molecule's diameter.
    private struct Domain {
        var centre: SIMD3<Double>
        var semiAxes: SIMD3<Double>
        /// The direction of the helices; the third semi-axis lies along it.
        var axis: SIMD3<Double>
        /// The turn of the supercoil along the whole domain, in radians; positive is right-handed.
        var twist: Double

        /// From the molecule's frame to the domain's, whose third axis is the helices'.
        var frame: Rotation { Rotation(direction: axis / dot(axis, axis).squareRoot()) }

        /// Whether a position, in units of the molecule's diameter, lies inside.
        func contains(_ position: SIMD3<Double>) -> Bool {
            let local = frame.apply(position - centre) / semiAxes
            return dot(local, local) < 1
        }
    }

    private static let domains = [
        Domain(centre: [0.00, 0.00, 0.00], semiAxes: [0.20, 0.15, 0.22], axis: [0.2, 0.1, 1], twist: 0.8),
        Domain(
            centre: [0.23, 0.10, 0.10], semiAxes: [0.11, 0.14, 0.16], axis: [1, 0.3, 0.2], twist: 0.6),
        Domain(
            centre: [0.18, 0.26, 0.01], semiAxes: [0.08, 0.09, 0.13], axis: [-0.3, 1, 0.5], twist: 0.9),
        Domain(
            centre: [-0.19, -0.12, 0.17], semiAxes: [0.09, 0.11, 0.12], axis: [0.5, -0.6, 1], twist: -0.4),
        Domain(
            centre: [-0.15, 0.06, -0.29], semiAxes: [0.06, 0.07, 0.15], axis: [-0.6, 0.5, -1], twist: 1.1),
    ]

    private static func residues(scale: Double, seed: UInt64) -> [PointScatterer] {
        domains.enumerated().flatMap { index, domain in
            var random = RandomStream(seed: seed, stream: UInt32(index))
            // Where domains overlap, the first one's helices stay: proteins do not interpenetrate.
            return Self.residues(of: domain, scale: scale, random: &random).filter { residue in
                !domains[..<index].contains { $0.contains(residue.position / scale) }
            }
        }.centred()
    }

    /// Fills a domain with rods of helices on a hexagonal lattice, 10 Å apart as in proteins.
    private static func residues(
        of domain: Domain, scale: Double, random: inout RandomStream
    ) -> [PointScatterer] {
        let spacing = 10.0
        let toMolecule = domain.frame.inverse
        let half = domain.semiAxes * scale
        let reach = Int((max(half.x, half.y) / spacing).rounded(.up)) + 1
        var residues: [PointScatterer] = []
        for row in -reach...reach {
            for column in -reach...reach {
                let x = (Double(column) + (row % 2 == 0 ? 0 : 0.5)) * spacing
                let y = Double(row) * spacing * 0.75.squareRoot()
                let inside = 1 - (x * x) / (half.x * half.x) - (y * y) / (half.y * half.y)
                guard inside > 0 else { continue }
                let length = half.z * inside.squareRoot()
                for local in helixRod(from: -length, to: length, random: &random) {
                    let angle = domain.twist * (local.z / (2 * half.z))
                    let (s, c) = (sin(angle), cos(angle))
                    let (px, py) = (x + local.x, y + local.y)
                    let coiled = SIMD3(px * c - py * s, px * s + py * c, local.z)
                    residues.append(
                        PointScatterer(
                            position: toMolecule.apply(coiled) + domain.centre * scale, bFactor: 150))
                }
            }
        }
        return residues
    }

    /// The residues of right-handed α-helices of random length along z, with gaps where the chain would turn.
    ///
    /// 1.5 Å and 100° a residue; the chain runs 2.3 Å from the helix axis.
    private static func helixRod(
        from start: Double, to end: Double, random: inout RandomStream
    ) -> [SIMD3<Double>] {
        var points: [SIMD3<Double>] = []
        var z = start + 6 * random.uniform()
        while z < end {
            let stop = min(end, z + 18 + 30 * random.uniform())
            var angle = 2 * .pi * random.uniform()
            let (dx, dy) = (random.normal(), random.normal())
            while z < stop {
                points.append([2.3 * cos(angle) + dx, 2.3 * sin(angle) + dy, z])
                angle += 100 * .pi / 180
                z += 1.5
            }
            z += 4 + 4 * random.uniform()
        }
        return points
    }
}
