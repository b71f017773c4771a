import COpenBLAS
import CryoCore
import CryoKernelInterface

/// The norm term −½ Σ w C²|T|² of one block of directions against a batch of images, by matrix products.
///
/// For each even order: (16 lanes × rings) · (rings × images), for the four combinations of real and imaginary
/// parts that ``ColumnPair/norms`` names.
enum NormTerms {
    /// Fills `output`; shape `[image][order][4][16]`.
    static func fill(
        _ output: AlignedBuffer<Float>, slices: SliceBlocks, block: Int, columns: ColumnBlocks,
        layout: AngularLayout, images: Range<Int>, capacity: Int
    ) {
        let (lanes, rings) = (PoseKernels.laneCount, layout.grid.ringCount)
        let outputStride = layout.normOrderCount * 4 * lanes
        let powers = block * SliceBlocks.powerStride(layout)
        for order in 0..<layout.normOrderCount {
            // (|T|² part, C² part) of Σpc, Σqs, Σps, Σqc.
            for (combination, parts) in [(0, 0), (1, 1), (0, 1), (1, 0)].enumerated() {
                // Safe: matrices of rings × lanes, rings × images and images × lanes, whose lengths are checked.
                let left = unsafe slices.powers.pointer(
                    from: powers + (2 * order + parts.0) * rings * lanes, length: rings * lanes)
                let right = unsafe columns.ctfPowers.pointer(
                    from: ((2 * order + parts.1) * capacity + images.lowerBound) * rings,
                    length: rings * images.count)
                let target = unsafe output.pointer(
                    from: images.lowerBound * outputStride + (order * 4 + combination) * lanes,
                    length: (images.count - 1) * outputStride + lanes)
                unsafe cblas_sgemm(
                    CblasColMajor, CblasNoTrans, CblasNoTrans, CInt(lanes), CInt(images.count),
                    CInt(rings), 1, left, CInt(lanes), right, CInt(rings), 0, target, CInt(outputStride))
            }
        }
    }

    /// Makes BLAS run on the calling thread only; the workers are ours.
    static let useOneThread: Void = openblas_set_num_threads(1)
}
