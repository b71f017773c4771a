import CryoCore
import Testing

@Suite struct RandomStreamTests {
    /// The first known answer of Philox 4×32-10 (Salmon et al., SC 2011): key and counter zero.
    @Test func firstBlockIsTheKnownAnswer() {
        var random = RandomStream(seed: 0)
        #expect(random.next() == 0x6627_e8d5_e169_c58d)
        #expect(random.next() == 0xbc57_ac4c_9b00_dbd8)
    }

    @Test func drawsDependOnSeedStreamAndSubstream() {
        func draw(_ seed: UInt64, _ stream: UInt32, _ substream: UInt32) -> [UInt64] {
            var random = RandomStream(seed: seed, stream: stream, substream: substream)
            return (0..<8).map { _ in random.next() }
        }
        #expect(draw(5, 6, 7) == draw(5, 6, 7))
        let others = [draw(5, 6, 7), draw(6, 6, 7), draw(5, 7, 7), draw(5, 6, 8), draw(5 + 1 << 32, 6, 7)]
        #expect(Set(others.flatMap { $0 }).count == 40)
    }

    @Test func momentsAreThoseOfTheDistribution() {
        var random = RandomStream(seed: 11)
        let count = 100_000
        var (uniform, square, normal, variance, fourth) = (0.0, 0.0, 0.0, 0.0, 0.0)
        var mean = SIMD3<Double>.zero
        for _ in 0..<count {
            let u = random.uniform()
            #expect(u >= 0 && u < 1)
            uniform += u
            square += u * u
            let z = random.normal()
            normal += z
            variance += z * z
            fourth += z * z * z * z
            mean += random.direction()
        }
        let n = Double(count)
        // Five standard errors each.
        #expect(abs(uniform / n - 0.5) < 5 * 0.289 / n.squareRoot())
        #expect(abs(square / n - 1 / 3.0) < 5 * 0.3 / n.squareRoot())
        #expect(abs(normal / n) < 5 / n.squareRoot())
        #expect(abs(variance / n - 1) < 5 * 1.42 / n.squareRoot())
        #expect(abs(fourth / n - 3) < 5 * 9.8 / n.squareRoot())
        #expect(dot(mean, mean).squareRoot() / n < 5 / n.squareRoot())
    }
}
