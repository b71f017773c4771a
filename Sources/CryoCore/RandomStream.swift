import Foundation

/// A counter-based random stream: the draws are a pure function of (seed, stream, substream).
///
/// Philox 4×32 with ten rounds (Salmon et al., SC 2011). Because no state is shared, an image's draws do not
/// depend on the number of threads or on the order in which images are visited.
public struct RandomStream: RandomNumberGenerator, Sendable {
    private let key: SIMD2<UInt32>
    private var counter: SIMD4<UInt32>
    private var block = SIMD4<UInt32>(repeating: 0)
    private var used = 4
    private var spareNormal: Double?

    /// Opens the stream of a seed; `stream` is typically an image, `substream` a visit.
    public init(seed: UInt64, stream: UInt32 = 0, substream: UInt32 = 0) {
        key = [UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)]
        counter = [0, 0, stream, substream]
    }

    /// The next 64 random bits.
    public mutating func next() -> UInt64 {
        if used >= 4 {
            block = Self.philox(counter, key)
            counter[0] &+= 1
            if counter[0] == 0 { counter[1] &+= 1 }
            used = 0
        }
        defer { used += 2 }
        return UInt64(block[used]) << 32 | UInt64(block[used + 1])
    }

    /// A number in [0, 1).
    public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// A number of the standard normal distribution (Box–Muller).
    public mutating func normal() -> Double {
        if let spare = spareNormal {
            spareNormal = nil
            return spare
        }
        let radius = (-2 * log(1 - uniform())).squareRoot()
        let angle = 2 * .pi * uniform()
        spareNormal = radius * sin(angle)
        return radius * cos(angle)
    }

    /// A uniformly distributed unit vector.
    public mutating func direction() -> SIMD3<Double> {
        let z = 2 * uniform() - 1
        let azimuth = 2 * .pi * uniform()
        let planar = (1 - z * z).squareRoot()
        return [planar * cos(azimuth), planar * sin(azimuth), z]
    }

    private static func philox(_ counter: SIMD4<UInt32>, _ key: SIMD2<UInt32>) -> SIMD4<UInt32> {
        var (c, k) = (counter, key)
        for _ in 0..<10 {
            let a = UInt64(c[0]) &* 0xD251_1F53
            let b = UInt64(c[2]) &* 0xCD9E_8D57
            c = [
                UInt32(truncatingIfNeeded: b >> 32) ^ c[1] ^ k[0], UInt32(truncatingIfNeeded: b),
                UInt32(truncatingIfNeeded: a >> 32) ^ c[3] ^ k[1], UInt32(truncatingIfNeeded: a),
            ]
            k &+= [0x9E37_79B9, 0xBB67_AE85]
        }
        return c
    }
}
