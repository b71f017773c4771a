import CryoCore
import Testing

struct MedianTests {
    @Test(arguments: [([3.0, 1, 2], 2.0), ([4.0, 1, 2, 3], 2.5), ([7.0], 7.0)] as [([Double], Double)])
    func theMiddleOne(values: [Double], median: Double) { #expect(values.median == median) }

    @Test func noneOfNothing() { #expect([Double]().median == nil) }
}
