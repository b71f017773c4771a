import CryoCore
import Testing

@testable import CryoFiles

struct ContentHashTests {
    /// The two vectors of FIPS 180-2, whole and in parts.
    @Test func hashesAreThoseOfTheStandard() {
        let short = ContentHash()
        short.add("a")
        short.add("bc")
        #expect(short.digits() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        let long = ContentHash()
        long.add("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")
        #expect(long.digits() == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")
    }

    @Test func posesHashAlikeInAnyOrder() {
        func pose(_ degrees: Double) -> Pose {
            Pose(
                rotation: Rotation(rot: Angle(degrees: degrees), tilt: .zero, psi: .zero), originX: 1,
                originY: 2)
        }
        let poses = [("1@a.mrcs", pose(10)), ("2@a.mrcs", pose(20))].map { (imageName: $0.0, pose: $0.1) }
        let hash = ContentHash.digits(ofPoses: poses)
        #expect(hash == ContentHash.digits(ofPoses: poses.reversed()))
        // Exchanged, they are others.
        let exchanged = [("1@a.mrcs", pose(20)), ("2@a.mrcs", pose(10))].map { (imageName: $0.0, pose: $0.1) }
        #expect(hash != ContentHash.digits(ofPoses: exchanged))
    }

    /// Angles at the ends of their range too, which are other numbers once they were read.
    @Test func posesInAFileHashAsTheyWereWritten() throws {
        let folder = try TemporaryFolder()
        let optics = ContrastTransferFunction(
            voltage: 3e5, sphericalAberration: 2.7e7, amplitudeContrast: 0.1, defocusU: 1e4, defocusV: 1e4)
        let angles: [(Double, Double, Double)] = [
            (180 - 1e-9, 0, 10), (-180, 180, 0), (12.3456785, 90, -1e-9),
        ]
        let particles = angles.enumerated().map { index, angle in
            let rotation = Rotation(
                rot: Angle(degrees: angle.0), tilt: Angle(degrees: angle.1), psi: Angle(degrees: angle.2))
            return Particle(
                imageName: "\(index + 1)@a b.mrcs", ctf: optics,
                pose: Pose(rotation: rotation, originX: 1 / 3, originY: -2))
        }
        let path = folder.path + "/p.star"
        try ParticleSet.write(particles: particles, boxSize: 4, pixelSize: 2, to: path)
        let written = ContentHash.digits(
            ofPoses: particles.compactMap { particle in
                particle.pose.map { (imageName: particle.imageName, pose: $0) }
            })
        #expect(try ContentHash.digits(ofPosesIn: path) == written)
        try ParticleSet.write(particles: particles.dropLast(), boxSize: 4, pixelSize: 2, to: path)
        #expect(try ContentHash.digits(ofPosesIn: path) != written)
    }
}
