import CryoCore
import CryoFourier
import CryoTestSupport
import Testing

/// The other hand.
struct MirroringTests {
    /// Images cannot tell a density from its mirror image, if poses are mirrored too.
    @Test(arguments: [32, 33]) func imagesStayTheSame(boxSize: Int) {
        let volume = TestScene.blobs(boxSize: boxSize, pixelSize: 4)
        let (own, other) = (Projector(volume), Projector(volume.mirrored))
        var stream = RandomStream(seed: 5)
        for _ in 0..<5 {
            let pose = Pose(rotation: TestScene.rotation(&stream), originX: 5, originY: -3)
            let (a, b) = (own.project(pose, ctf: nil).image(), other.project(pose.mirrored, ctf: nil).image())
            let largest = a.pixels.map(abs).max() ?? 0
            let difference = zip(a.pixels, b.pixels).map { abs($0 - $1) }.max() ?? 0
            // The same samples in another order: single precision.
            #expect(difference < 1e-4 * largest)
        }
    }

    @Test func twiceIsNothing() {
        let volume = TestScene.blobs(boxSize: 16, pixelSize: 4)
        #expect(volume.mirrored != volume)
        #expect(volume.mirrored.mirrored == volume)
        var stream = RandomStream(seed: 6)
        let pose = Pose(rotation: TestScene.rotation(&stream))
        #expect(pose.mirrored.mirrored == pose)
    }
}
