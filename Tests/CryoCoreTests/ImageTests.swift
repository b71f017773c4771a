import CryoCore
import Testing

struct ImageTests {
    @Test func theLargestMagnitudeIsOfEitherSignAndTellsOfBadPixels() {
        var image = Image(boxSize: 4, pixelSize: 1)
        #expect(image.largestMagnitude == 0)
        image[1, 2] = 2
        image[3, 0] = -3
        #expect(image.largestMagnitude == 3)
        image[0, 0] = -.infinity
        #expect(image.largestMagnitude == .infinity)
        image[2, 2] = -.nan
        #expect(image.largestMagnitude.isNaN)
    }
}
