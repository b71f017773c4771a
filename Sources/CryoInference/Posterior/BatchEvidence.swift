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

    /// Where the columns of an image against a block begin in ``columnLogMass``.
    func firstColumn(image: Int, block: Int) -> Int { (image * blockCount + block) * 2 * pairCount }

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

    /// The column pairs of an image that hold most; most first.
    func heaviestPairs(image: Int) -> [(block: Int, pair: Int)] {
        let first = firstColumn(image: image, block: 0)
        let masses = (0..<blockCount * pairCount).map {
            max(columnLogMass[first + 2 * $0], columnLogMass[first + 2 * $0 + 1])
        }
        return masses.largestPlaces(PosteriorEngine.peakCandidates).map {
            (block: $0 / pairCount, pair: $0 % pairCount)
        }
    }
}
