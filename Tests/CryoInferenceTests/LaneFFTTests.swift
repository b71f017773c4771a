import CryoCore
import CryoKernelInterface
import Foundation
import Testing

@testable import CryoInference

/// The transform over 16 lanes against the sum that defines it.
struct LaneFFTTests {
    /// Every even 2^a·3^b from 32 to 256: the lengths that an engine asks for, and a few short ones.
    static let lengths =
        [2, 4, 6, 8, 12, 18, 24] + (32...256).filter { LaneFFTPlan.length(atLeast: $0) == $0 }

    /// Σ_j x_j exp(∓2πi jk/n) of one lane, in double precision.
    static func directSum(_ data: [Float], lane: Int, count: Int, isInverse: Bool) -> [SIMD2<Double>] {
        let stride = 2 * PoseKernels.laneCount
        let sign = isInverse ? 1.0 : -1.0
        return (0..<count).map { k in
            var sum = SIMD2<Double>.zero
            for j in 0..<count {
                let angle = sign * 2 * .pi * Double(j * k % count) / Double(count)
                let (c, s) = (cos(angle), sin(angle))
                let x = Double(data[j * stride + lane])
                let y = Double(data[j * stride + lane + PoseKernels.laneCount])
                sum += [x * c - y * s, x * s + y * c]
            }
            return sum
        }
    }

    @Test(arguments: AvailableKernels.names, [false, true])
    func transformIsTheDefiningSum(name: String, isInverse: Bool) {
        let kernels = AvailableKernels.named(name)
        let lanes = PoseKernels.laneCount
        for count in Self.lengths {
            var stream = RandomStream(seed: UInt64(count))
            let work = AlignedBuffer<Float>(count: count * 2 * lanes, repeating: 0)
            for index in 0..<work.count { work[index] = Float(stream.normal()) }
            let input = work.array
            let plan = LaneFFTPlan(count: count)
            let scratch = AlignedBuffer<Float>(count: count * 2 * lanes, repeating: .nan)
            kernels.transform(
                plan.transform(scratch: scratch, isInverse: isInverse),
                work.pointer(from: 0, length: work.count))
            for lane in [0, 7, 15] {
                let expected = Self.directSum(input, lane: lane, count: count, isInverse: isInverse)
                for (k, value) in expected.enumerated() {
                    let found = SIMD2(
                        Double(work[k * 2 * lanes + lane]), Double(work[k * 2 * lanes + lane + lanes]))
                    let difference = found - value
                    // Values have the size √(2n); the error of an FFT grows like ε log₂ n, ε = 6·10⁻⁸, n ≤ 256.
                    let bound = 2e-6 * (2 * Double(count)).squareRoot()
                    #expect(
                        (difference * difference).sum().squareRoot() < bound,
                        "\(name), length \(count), lane \(lane), element \(k)")
                }
            }
        }
    }

    @Test(arguments: AvailableKernels.names)
    func inverseUndoesForward(name: String) {
        let kernels = AvailableKernels.named(name)
        let lanes = PoseKernels.laneCount
        for count in Self.lengths {
            var stream = RandomStream(seed: UInt64(1000 + count))
            let work = AlignedBuffer<Float>(count: count * 2 * lanes, repeating: 0)
            for index in 0..<work.count { work[index] = Float(stream.normal()) }
            let input = work.array
            let plan = LaneFFTPlan(count: count)
            let scratch = AlignedBuffer<Float>(count: count * 2 * lanes, repeating: 0)
            kernels.transform(
                plan.transform(scratch: scratch, isInverse: false), work.pointer(from: 0, length: work.count))
            kernels.transform(
                plan.transform(scratch: scratch, isInverse: true), work.pointer(from: 0, length: work.count))
            let worst = zip(work.array, input).map { abs($0 / Float(count) - $1) }.max() ?? 1
            // Two transforms of standard normal numbers, each within a few ε log₂ n.
            #expect(worst < 5e-6, "\(name), length \(count)")
        }
    }

    @Test func lengthsAreTheNextEvenProductsOfTwoAndThree() {
        let expected = [
            (1, 2), (5, 6), (32, 32), (33, 36), (49, 54), (55, 64), (65, 72), (81, 96), (217, 256),
        ]
        for (minimum, length) in expected {
            #expect(LaneFFTPlan.length(atLeast: minimum) == length)
        }
    }
}
