import CryoCore
import CryoFourier
import CryoKernelInterface
import Foundation

// Safe, in this file: buffers are made here for all blocks; `layout` gives entries, rows and powers their places within one.

/// The slices of a density in all directions, as angular coefficients in blocks of 16 direction pairs.
struct SliceBlocks: Sendable {
    /// Angular coefficients; shape `[block][entry][re, im][16]`.
    let coefficients: AlignedBuffer<Float>
    /// Even angular coefficients of |T|²; shape `[block][even order][re, im][ring][16]`.
    let powers: AlignedBuffer<Float>
    /// The same coefficients as rows, a direction pair each; shape `[block · 16][row]`.
    ///
    /// Empty unless asked for.
    let rows: AlignedBuffer<Float>
    /// The slices themselves on the half grid; shape `[block · 16][point]`.
    let halfSlices: AlignedBuffer<Complex>
    private let layout: AngularLayout

    /// Floats of a block's coefficients.
    static func stride(_ layout: AngularLayout) -> Int { layout.entryCount * 2 * PoseKernels.laneCount }
    /// Floats of a block's powers.
    static func powerStride(_ layout: AngularLayout) -> Int {
        layout.normOrderCount * 2 * layout.grid.ringCount * PoseKernels.laneCount
    }

    init(layout: AngularLayout, blockCount: Int, hasRows: Bool) {
        self.layout = layout
        rows = AlignedBuffer(
            count: hasRows ? blockCount * PoseKernels.laneCount * layout.rowStride : 0, repeating: 0)
        coefficients = AlignedBuffer(count: blockCount * Self.stride(layout), repeating: 0)
        powers = AlignedBuffer(count: blockCount * Self.powerStride(layout), repeating: 0)
        halfSlices = AlignedBuffer(
            count: blockCount * PoseKernels.laneCount * layout.grid.pointCount, repeating: .zero)
    }

    /// Reads the slices of one block from a density's transform.
    ///
    /// - Parameters:
    ///   - block: The block.
    ///   - rotations: Its 16 directions.
    ///   - points: The polar grid's points.
    ///   - scratch: The worker's memory.
    ///   - kernels: The instruction set.
    func fill(
        block: Int, from ball: FourierBall, rotations: ArraySlice<Rotation>, points: [SIMD2<Float>],
        scratch: WorkerScratch, kernels: PoseKernels
    ) {
        let (lanes, grid) = (PoseKernels.laneCount, layout.grid)
        let slices = unsafe halfSlices.pointer + block * lanes * grid.pointCount
        for (lane, rotation) in rotations.enumerated() {
            unsafe ball.extract(rotation, at: points, into: slices + lane * grid.pointCount)
        }
        let target = unsafe coefficients.pointer + block * Self.stride(layout)
        let transform = scratch.transform(isInverse: false)
        let work = unsafe scratch.workspace.pointer
        for ring in 0..<grid.ringCount {
            unsafe loadRing(slices, ring, work)
            unsafe addPowers(block: block, ring: ring, work)
            unsafe kernels.transform(transform, work)
            for order in 0..<layout.orderCount {
                let (offset, rings) = layout.entries(ofOrder: order)
                guard rings.contains(ring) else { continue }
                let entry = unsafe target + (offset + ring - rings.lowerBound) * 2 * lanes
                unsafe entry.update(from: work + order * 2 * lanes, count: 2 * lanes)
            }
            if rows.count > 0 { unsafe storeRows(block: block, ring: ring, work) }
        }
    }

    private func storeRows(block: Int, ring: Int, _ work: UnsafeMutablePointer<Float>) {
        let lanes = PoseKernels.laneCount
        for lane in 0..<lanes {
            let row = unsafe rows.pointer + (block * lanes + lane) * layout.rowStride
            for order in 0...layout.highestOrders[ring] {
                let source = unsafe work + order * 2 * lanes + lane
                let place = layout.rowPlace(ring: ring, order: order)
                unsafe row[place] = source[0]
                unsafe row[place + lanes] = source[lanes]
            }
        }
    }

    /// Lays a ring of 16 slices out for the transform; Friedel's law gives the second half.
    private func loadRing(
        _ slices: UnsafeMutablePointer<Complex>, _ ring: Int, _ work: UnsafeMutablePointer<Float>
    ) {
        let (lanes, grid) = (PoseKernels.laneCount, layout.grid)
        for lane in 0..<lanes {
            let source = unsafe slices + lane * grid.pointCount + ring * grid.halfCount
            for index in 0..<grid.halfCount {
                let value = unsafe source[index]
                let here = unsafe work + index * 2 * lanes + lane
                let there = unsafe here + grid.halfCount * 2 * lanes
                unsafe here[0] = value.x
                unsafe here[lanes] = value.y
                unsafe there[0] = value.x
                unsafe there[lanes] = -value.y
            }
        }
    }

    /// The even angular coefficients of |T|² of one ring, by direct summation.
    private func addPowers(block: Int, ring: Int, _ work: UnsafeMutablePointer<Float>) {
        let (lanes, grid) = (PoseKernels.laneCount, layout.grid)
        let base = unsafe powers.pointer + block * Self.powerStride(layout)
        for index in 0..<layout.normOrderCount {
            let real = unsafe base + ((2 * index) * grid.ringCount + ring) * lanes
            let imaginary = unsafe base + ((2 * index + 1) * grid.ringCount + ring) * lanes
            for lane in 0..<lanes { unsafe (real[lane], imaginary[lane]) = (0, 0) }
            for angle in 0..<grid.halfCount {
                // Both halves of the ring contribute alike to even orders.
                let turn = layout.unitCircle[2 * index * angle % grid.angleCount]
                let (c, s) = (2 * turn.x, -2 * turn.y)
                let values = unsafe work + angle * 2 * lanes
                for lane in 0..<lanes {
                    let power =
                        unsafe values[lane] * values[lane] + values[lane + lanes] * values[lane + lanes]
                    unsafe real[lane] += power * c
                    unsafe imaginary[lane] += power * s
                }
            }
        }
    }
}

/// Memory that one worker owns.
final class WorkerScratch: @unchecked Sendable {
    /// Two columns of lanes.
    let workspace: AlignedBuffer<Float>
    /// Responsibilities' even coefficients; shape `[order][4][16]`.
    let masses: AlignedBuffer<Float>
    /// Norm terms of a batch of images against a block; shape `[image][order][4][16]`.
    let norms: AlignedBuffer<Float>
    private let fftScratch: AlignedBuffer<Float>
    private let plan: LaneFFTPlan

    init(plan: LaneFFTPlan, normOrderCount: Int, imageCount: Int) {
        let lanes = PoseKernels.laneCount
        self.plan = plan
        workspace = AlignedBuffer(count: 2 * plan.count * 2 * lanes, repeating: 0)
        fftScratch = AlignedBuffer(count: plan.count * 2 * lanes, repeating: 0)
        masses = AlignedBuffer(count: normOrderCount * 4 * lanes, repeating: 0)
        norms = AlignedBuffer(count: imageCount * normOrderCount * 4 * lanes, repeating: 0)
    }

    func transform(isInverse: Bool) -> LaneTransform {
        plan.transform(scratch: fftScratch, isInverse: isInverse)
    }
}
