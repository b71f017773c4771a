import CryoCore
import CryoFourier
import CryoKernelInterface
import Foundation

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
        for (lane, rotation) in rotations.enumerated() {
            let slice = (block * lanes + lane) * grid.pointCount
            halfSlices.withMutableSpan(slice..<(slice + grid.pointCount)) { output in
                ball.extract(rotation, at: points, into: &output)
            }
        }
        let target = block * Self.stride(layout)
        let work = scratch.workspace
        for ring in 0..<grid.ringCount {
            loadRing(block: block, ring: ring, work)
            addPowers(block: block, ring: ring, work)
            scratch.transformWorkspace(isInverse: false, kernels)
            for order in 0..<layout.orderCount {
                let (offset, rings) = layout.entries(ofOrder: order)
                guard rings.contains(ring) else { continue }
                let (entry, source) = (
                    target + (offset + ring - rings.lowerBound) * 2 * lanes, order * 2 * lanes
                )
                coefficients[lanes: entry] = work[lanes: source]
                coefficients[lanes: entry + lanes] = work[lanes: source + lanes]
            }
            if rows.count > 0 { storeRows(block: block, ring: ring, work) }
        }
    }

    private func storeRows(block: Int, ring: Int, _ work: AlignedBuffer<Float>) {
        let lanes = PoseKernels.laneCount
        for lane in 0..<lanes {
            let row = (block * lanes + lane) * layout.rowStride
            for order in 0...layout.highestOrders[ring] {
                let source = order * 2 * lanes + lane
                let place = row + layout.rowPlace(ring: ring, order: order)
                rows[place] = work[source]
                rows[place + lanes] = work[source + lanes]
            }
        }
    }

    /// Lays a ring of 16 slices out for the transform; Friedel's law gives the second half.
    private func loadRing(block: Int, ring: Int, _ work: AlignedBuffer<Float>) {
        let (lanes, grid) = (PoseKernels.laneCount, layout.grid)
        for lane in 0..<lanes {
            let source = (block * lanes + lane) * grid.pointCount + ring * grid.halfCount
            for index in 0..<grid.halfCount {
                let value = halfSlices[source + index]
                let here = index * 2 * lanes + lane
                let there = here + grid.halfCount * 2 * lanes
                work[here] = value.x
                work[here + lanes] = value.y
                work[there] = value.x
                work[there + lanes] = -value.y
            }
        }
    }

    /// The even angular coefficients of |T|² of one ring, by direct summation.
    private func addPowers(block: Int, ring: Int, _ work: AlignedBuffer<Float>) {
        let (lanes, grid) = (PoseKernels.laneCount, layout.grid)
        let base = block * Self.powerStride(layout) + ring * lanes
        for index in 0..<layout.normOrderCount {
            var (real, imaginary) = (SIMD16<Float>.zero, SIMD16<Float>.zero)
            for angle in 0..<grid.halfCount {
                // Both halves of the ring contribute alike to even orders.
                let turn = layout.unitCircle[2 * index * angle % grid.angleCount]
                let (c, s) = (2 * turn.x, -2 * turn.y)
                let (x, y) = (work[lanes: angle * 2 * lanes], work[lanes: angle * 2 * lanes + lanes])
                let power = x * x + y * y
                real += power * c
                imaginary += power * s
            }
            powers[lanes: base + 2 * index * grid.ringCount * lanes] = real
            powers[lanes: base + (2 * index + 1) * grid.ringCount * lanes] = imaginary
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
    let fftScratch: AlignedBuffer<Float>
    let plan: LaneFFTPlan

    init(plan: LaneFFTPlan, normOrderCount: Int, imageCount: Int) {
        let lanes = PoseKernels.laneCount
        self.plan = plan
        workspace = AlignedBuffer(count: 2 * plan.count * 2 * lanes, repeating: 0)
        fftScratch = AlignedBuffer(count: plan.count * 2 * lanes, repeating: 0)
        masses = AlignedBuffer(count: normOrderCount * 4 * lanes, repeating: 0)
        norms = AlignedBuffer(count: imageCount * normOrderCount * 4 * lanes, repeating: 0)
    }
}
