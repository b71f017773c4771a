import CryoCore
import CryoKernelInterface
import Foundation

/// What a sampled visit leaves of one image: its posterior, and its part of the gradient by direction pair.
struct SampledImage: Sendable {
    /// The gradient of one direction pair.
    struct Part: Sendable {
        var direction: Int32
        /// Its place among the image's parts.
        var index: Int
    }

    var posterior: ImagePosterior
    /// The direction pairs that hold a part of the posterior, ascending.
    var parts: [Part]
    /// A row and the masses of each part; see ``NodeTarget``.
    let gradientRows: AlignedBuffer<Float>
    /// Even angular coefficients of −½wC²/N_ψ; shape `[order][re, im][ring]`.
    var ctfPowers: [Float]
    /// ‖X_k‖² over each whole ring.
    var imagePowers: [Float]
    let rowStride: Int
    let massCount: Int

    /// Where a part's row begins among ``gradientRows``.
    func rowStart(of part: Part) -> Int { part.index * (rowStride + massCount) }

    /// Where its masses do.
    func massStart(of part: Part) -> Int { rowStart(of: part) + rowStride }
}

/// Memory that one worker owns while it evaluates sampled images.
final class NodeScratch: @unchecked Sendable {
    /// A circle's values, interleaved.
    let circle: AlignedBuffer<Float>
    /// −ln π of each angle, −10³⁰ for those not drawn and beyond the end.
    let angleLogWeights: AlignedBuffer<Float>
    /// π of each angle.
    let angleInclusions: AlignedBuffer<Float>
    /// The marginal posterior of the in-plane angle, interleaved like the circle.
    let histogram: AlignedBuffer<Float>
    /// See ``NodePair/norms``.
    let norms: AlignedBuffer<Float>
    /// See ``NodeTarget/factors``.
    let factors: AlignedBuffer<Float>
    /// Rows of shifted images; grows to what is drawn at most.
    private(set) var columns = AlignedBuffer<Float>(count: 0, repeating: 0)
    private let rowStride: Int

    init(layout: AngularLayout) {
        let lanes = PoseKernels.laneCount
        rowStride = layout.rowStride
        let length = layout.circleLength
        circle = AlignedBuffer(count: length, repeating: 0)
        angleLogWeights = AlignedBuffer(count: length, repeating: 0)
        angleInclusions = AlignedBuffer(count: length, repeating: 1)
        histogram = AlignedBuffer(count: length, repeating: 0)
        norms = AlignedBuffer(count: 4 * layout.normOrderCount, repeating: 0)
        factors = AlignedBuffer(count: layout.groupCount * 4 * lanes, repeating: 0)
    }

    /// Makes room for the rows of so many shifts.
    func reserve(_ shiftCount: Int) {
        guard columns.count < shiftCount * rowStride else { return }
        columns = AlignedBuffer(count: shiftCount * rowStride, repeating: 0)
    }

    /// Sets how angles weigh; nil for all alike.
    func setAngles(_ inclusions: [Float]?, angleCount: Int) {
        for index in 0..<circle.count {
            let inclusion = index < 2 * angleCount ? inclusions?[index / 2] ?? 1 : 0
            angleInclusions[index] = inclusion
            angleLogWeights[index] = inclusion > 0 ? -log(inclusion) : -1e30
        }
        histogram.fill(0)
    }
}
