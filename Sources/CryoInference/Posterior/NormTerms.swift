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
        // Safe: matrices of rings × lanes, rings × images and images × lanes, of buffers made for the same layout.
        let powers = unsafe slices.powers.pointer + block * SliceBlocks.powerStride(layout)
        for order in 0..<layout.normOrderCount {
            // (|T|² part, C² part) of Σpc, Σqs, Σps, Σqc.
            for (combination, parts) in [(0, 0), (1, 1), (0, 1), (1, 0)].enumerated() {
                let left = unsafe powers + (2 * order + parts.0) * rings * lanes
                let right =
                    unsafe columns.ctfPowers.pointer
                    + ((2 * order + parts.1) * capacity + images.lowerBound) * rings
                let target =
                    unsafe output.pointer + images.lowerBound * outputStride
                    + (order * 4 + combination) * lanes
                unsafe cblas_sgemm(
                    CblasColMajor, CblasNoTrans, CblasNoTrans, CInt(lanes), CInt(images.count),
                    CInt(rings), 1, left, CInt(lanes), right, CInt(rings), 0, target, CInt(outputStride))
            }
        }
    }

    /// Makes BLAS run on the calling thread only; the workers are ours.
    static let useOneThread: Void = openblas_set_num_threads(1)
}
