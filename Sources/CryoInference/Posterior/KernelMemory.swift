import CryoCore
import CryoKernelInterface
import Foundation

// Safe, in this file: each place, with all that a kernel reads or writes there, is checked to lie in its buffer, which who
// calls keeps.

extension LaneFFTPlan {
    /// The kernel's view of this plan; `scratch` belongs to one worker.
    func transform(scratch: AlignedBuffer<Float>, isInverse: Bool) -> LaneTransform {
        unsafe LaneTransform(
            count: count, radices: radices.pointer(from: 0, length: radices.count),
            passCount: radices.count, twiddles: twiddles.pointer(from: 0, length: twiddles.count),
            scratch: scratch.pointer(from: 0, length: count * 2 * PoseKernels.laneCount),
            isInverse: isInverse)
    }
}

extension WorkerScratch {
    func transform(isInverse: Bool) -> LaneTransform {
        plan.transform(scratch: fftScratch, isInverse: isInverse)
    }

    /// Transforms the first column of the work space, in place.
    func transformWorkspace(isInverse: Bool, _ kernels: PoseKernels) {
        let column = unsafe workspace.pointer(from: 0, length: plan.count * 2 * PoseKernels.laneCount)
        unsafe kernels.transform(transform(isInverse: isInverse), column)
    }
}

/// The memory that kernels work on, described for a block of 16 direction pairs.
extension PosteriorEngine {
    /// One image's column pair against one block.
    func columnPair(
        block: Int, slot: Int, pair: Int, logPriors: [Float], beta: Float, scratch: WorkerScratch
    ) -> ColumnPair {
        let (lanes, width) = (PoseKernels.laneCount, min(2, logPriors.count - 2 * pair))
        let (stride, pairStride) = (SliceBlocks.stride(layout), layout.entryCount * 4)
        let normStride = layout.normOrderCount * 4 * lanes
        let transform = scratch.transform(isInverse: true)
        return unsafe ColumnPair(
            slices: slices.coefficients.pointer(from: block * stride, length: stride),
            columns: columns.coefficients.pointer(
                from: slot * columns.imageStride + pair * pairStride, length: pairStride),
            orders: layout.spans.pointer(from: 0, length: layout.orderCount),
            orderCount: layout.orderCount,
            norms: scratch.norms.pointer(from: slot * normStride, length: normStride),
            normOrderCount: layout.normOrderCount,
            width: width, beta: beta,
            logPrior: (logPriors[2 * pair], width > 1 ? logPriors[2 * pair + 1] : 0),
            transform: transform,
            workspace: scratch.workspace.pointer(from: 0, length: 2 * transform.count * 2 * lanes))
    }

    /// Where the evidence of a column pair goes.
    func evidenceTarget(_ evidence: BatchEvidence, block: Int, slot: Int, pair: Int) -> EvidenceTarget {
        unsafe EvidenceTarget(
            running: evidence.running.pointer(from: slot * evidence.blockCount + block, length: 1),
            columnLogMass: evidence.columnLogMass.pointer(
                from: evidence.firstColumn(image: slot, block: block) + 2 * pair, length: 2),
            laneWeights: laneWeights(block))
    }

    /// Where the gradient of a column pair goes.
    func gradientTarget(
        _ gradient: SliceGradient, block: Int, logEvidence: Float, scratch: WorkerScratch
    ) -> GradientTarget {
        let stride = SliceBlocks.stride(layout)
        return unsafe GradientTarget(
            logEvidence: logEvidence, laneWeights: laneWeights(block),
            gradient: gradient.wholeBlocks[block].data.pointer(from: 0, length: stride),
            masses: scratch.masses.pointer(
                from: 0, length: layout.normOrderCount * 4 * PoseKernels.laneCount))
    }

    private func laneWeights(_ block: Int) -> UnsafePointer<Float> {
        let lanes = PoseKernels.laneCount
        return unsafe UnsafePointer(directions.laneWeights.pointer(from: block * lanes, length: lanes))
    }
}

/// The same for single nodes.
extension NodeEvaluation {
    /// A node's slice and shifted image.
    func pair(_ node: NodeDraw.Node) -> NodePair {
        let stride = layout.rowStride
        return unsafe NodePair(
            slice: engine.slices.rows.pointer(from: Int(node.direction) * stride, length: stride),
            column: scratch.columns.pointer(from: rowOfShift[Int(node.shift)] * stride, length: stride),
            rings: layout.rowSpans.pointer(from: 0, length: layout.grid.ringCount),
            ringCount: layout.grid.ringCount,
            groupCount: layout.groupCount, orderCount: layout.orderCount,
            norms: scratch.norms.pointer(from: 0, length: 4 * layout.normOrderCount),
            normOrderCount: layout.normOrderCount, angleCount: layout.grid.angleCount,
            workspace: circlePointer(scratch.circle))
    }

    /// The circle in the work space.
    func circle(_ node: NodeDraw.Node, minus logEvidence: Float = 0) -> Circle {
        unsafe Circle(
            values: circlePointer(scratch.circle), angleCount: layout.grid.angleCount, beta: beta,
            offset: logPriors[Int(node.shift)] - log(node.inclusion) - logEvidence,
            logWeights: circlePointer(scratch.angleLogWeights),
            inclusions: circlePointer(scratch.angleInclusions), histogram: circlePointer(scratch.histogram))
    }

    /// Where the gradient of a direction pair goes.
    func target(_ part: SampledImage.Part, of image: SampledImage) -> NodeTarget {
        unsafe NodeTarget(
            gradient: image.gradientRows.pointer(from: image.rowStart(of: part), length: layout.rowStride),
            masses: image.gradientRows.pointer(
                from: image.massStart(of: part), length: 4 * layout.normOrderCount),
            factors: scratch.factors.pointer(
                from: 0, length: layout.groupCount * 4 * PoseKernels.laneCount))
    }

    private func circlePointer(_ buffer: AlignedBuffer<Float>) -> UnsafeMutablePointer<Float> {
        unsafe buffer.pointer(from: 0, length: layout.circleLength)
    }
}
