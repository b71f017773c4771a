import Testing

@testable import CryoCore

struct VolumeLevelTests {
    /// A level that all voxels share goes; a density with nothing in the corners stays as it is.
    @Test func backgroundsAreTakenOff() {
        var density = Volume(boxSize: 8, pixelSize: 2)
        density[4, 4, 4] = 3
        density[5, 4, 4] = -1
        #expect(density.aboveBackground == density)
        var lifted = density
        lifted.voxels = lifted.voxels.map { $0 + 10 }
        // Sums of a few small integers are exact.
        #expect(lifted.aboveBackground == density)
    }
}
