import CryoCore
import CryoFourier
import CryoTestSupport
import Testing

@Suite struct PolarSamplerTests {
    /// Also of the last ring before the Nyquist frequency.
    @Test(arguments: [24, 25, 32])
    func samplesAreTheSumsOfTheDefinition(boxSize: Int) {
        let grid = PolarGrid(ringCount: min(12, (boxSize - 1) / 2), angleCount: 36)
        let image = Image.random(boxSize: boxSize, seed: 6)
        let found = PolarSampler(grid: grid, boxSize: boxSize).sample(image)
        let expected = grid.points.map { point -> Complex in
            let direct = directTransform(image, Double(point.x), Double(point.y))
            return [Float(direct.re), Float(direct.im)]
        }
        #expect(relativeDifference(found, expected) < 1e-4)
    }

    @Test func halfRingsStartOnTheXAxis() {
        let grid = PolarGrid(ringCount: 2, angleCount: 8)
        #expect(grid.points.count == grid.pointCount)
        #expect(grid.points[0] == [1, 0])
        #expect(abs(grid.points[4 + 2].y - 2) < 1e-6)
    }
}
