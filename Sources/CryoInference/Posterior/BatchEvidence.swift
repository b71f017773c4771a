import CryoCore
import CryoKernelInterface
import Foundation

/// The evidence of a batch of images while it is being summed, block by block.
struct BatchEvidence: Sendable {
    let imageCount: Int
    let blockCount: Int
    let pairCount: Int
    /// Each block's own sum; shape `[image][block]`.
    let running: AlignedBuffer<RunningEvidence>
    /// Logarithm of what each column holds; shape `[image][block][column]`.
    let columnLogMass: AlignedBuffer<Float>

    init(imageCount: Int, blockCount: Int, pairCount: Int) {
        self.imageCount = imageCount
        self.blockCount = blockCount
        self.pairCount = pairCount
        running = AlignedBuffer(count: imageCount * blockCount, repeating: RunningEvidence())
        columnLogMass = AlignedBuffer(
            count: imageCount * blockCount * 2 * pairCount, repeating: -Float.greatestFiniteMagnitude)
    }

    /// The sum over all blocks of one image.
    struct Total: Sendable {
        /// ln Σ exp x.
        var logSum: Double
        /// (Σ eˣ)² / Σ e²ˣ.
        var effectivePoses: Double
    }

    /// Adds the blocks up, in their order and in double precision.
    func totals() -> [Total] {
        (0..<imageCount).map { image in
            let blocks = (0..<blockCount).map { running[image * blockCount + $0] }
            let peak = blocks.map(\.peak).max() ?? 0
            var (sum, squares) = (0.0, 0.0)
            for block in blocks {
                let factor = exp(Double(block.peak) - Double(peak))
                sum += Double(block.sum) * factor
                squares += Double(block.squareSum) * factor * factor
            }
            return Total(
                logSum: Double(peak) + log(sum), effectivePoses: sum * sum / squares)
        }
    }

    /// Column pairs in which the most probable point is looked for: it need not lie in the one that holds most.
    private static let peakCandidates = 4

    /// The column pairs of an image that hold most; most first.
    func heaviestPairs(image: Int) -> [(block: Int, pair: Int)] {
        var heaviest: [(mass: Float, block: Int, pair: Int)] = []
        for block in 0..<blockCount {
            let masses = columnLogMass.pointer + (image * blockCount + block) * 2 * pairCount
            for pair in 0..<pairCount {
                let mass = max(masses[2 * pair], masses[2 * pair + 1])
                if heaviest.count == Self.peakCandidates, let last = heaviest.last, mass <= last.mass {
                    continue
                }
                let place = heaviest.firstIndex { $0.mass < mass } ?? heaviest.count
                heaviest.insert((mass, block, pair), at: place)
                if heaviest.count > Self.peakCandidates { heaviest.removeLast() }
            }
        }
        return heaviest.map { ($0.block, $0.pair) }
    }
}
