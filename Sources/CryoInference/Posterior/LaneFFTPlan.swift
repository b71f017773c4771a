import CryoCore
import CryoKernelInterface
import Foundation

/// The factors and twiddles of a transform over 16 lanes; shared by all workers.
struct LaneFFTPlan: Sendable {
    /// The length of the transform.
    let count: Int
    /// The radix of each pass.
    let radices: AlignedBuffer<Int32>
    /// The factors of all passes, as (re, im).
    let twiddles: AlignedBuffer<Float>

    /// Plans a length, which must be a product of 2s and 3s.
    init(count: Int) {
        self.count = count
        var (factors, rest) = ([Int32](), count)
        for radix in [4, 3, 2] {
            while rest % radix == 0 {
                factors.append(Int32(radix))
                rest /= radix
            }
        }
        precondition(rest == 1, "lane transforms have lengths that are products of 2 and 3")
        radices = AlignedBuffer(count: factors.count, repeating: 0)
        var values = [Float]()
        var length = count
        for (index, radix) in factors.enumerated() {
            radices[index] = radix
            let size = length / Int(radix)
            for p in 0..<size {
                for j in 1..<Int(radix) {
                    let angle = -2 * Double.pi * Double(j * p) / Double(length)
                    values.append(Float(cos(angle)))
                    values.append(Float(sin(angle)))
                }
            }
            length = size
        }
        twiddles = AlignedBuffer(count: values.count, repeating: 0)
        for (index, value) in values.enumerated() { twiddles[index] = value }
    }

    /// The smallest even length ≥ `minimum` that can be planned.
    static func length(atLeast minimum: Int) -> Int {
        var length = minimum + minimum % 2
        while true {
            var rest = length
            for radix in [2, 3] { while rest % radix == 0 { rest /= radix } }
            if rest == 1 { return length }
            length += 2
        }
    }
}
