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
}
