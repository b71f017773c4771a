import CryoCore
import CryoFourier
import CryoKernelInterface

/// The slices of a density in all directions, as angular coefficients in blocks of 16 direction pairs.
///
/// A slice is read from the density when it is asked for: at 5 Å a minibatch's nodes lie in a quarter of the directions, and all slices
/// would take half of the time.
final class SliceBlocks: @unchecked Sendable {
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
    private let rotations: [Rotation]
    private let points: [SIMD2<Float>]
    private var density: FourierBall?
    /// Whether slice, powers and row of each direction pair are those of the density.
    private var isRead: [Bool]
    /// Whether those of all pairs are, and the coefficients.
    private var isComplete = false

    /// Floats of a block's coefficients.
    static func stride(_ layout: AngularLayout) -> Int { layout.entryCount * 2 * PoseKernels.laneCount }
    /// Floats of a block's powers.
    static func powerStride(_ layout: AngularLayout) -> Int {
        layout.normOrderCount * 2 * layout.grid.ringCount * PoseKernels.laneCount
    }

    init(layout: AngularLayout, directions: DirectionGrid, hasRows: Bool) {
        self.layout = layout
        rotations = directions.rotations
        points = layout.grid.points
        isRead = [Bool](repeating: false, count: rotations.count)
        let blockCount = directions.blockCount
        rows = AlignedBuffer(count: hasRows ? rotations.count * layout.rowStride : 0, repeating: 0)
        coefficients = AlignedBuffer(count: blockCount * Self.stride(layout), repeating: 0)
        powers = AlignedBuffer(count: blockCount * Self.powerStride(layout), repeating: 0)
        halfSlices = AlignedBuffer(count: rotations.count * layout.grid.pointCount, repeating: .zero)
    }

    /// Refers to another density from here on.
    func setDensity(_ ball: FourierBall) {
        density = ball
        isRead = [Bool](repeating: false, count: isRead.count)
        isComplete = false
    }

    /// Reads everything that is not there yet.
    func readAll(_ parallel: Parallel, _ scratch: [WorkerScratch], _ kernels: PoseKernels) {
        guard !isComplete else { return }
        let lanes = PoseKernels.laneCount
        parallel.forEachWorker(rotations.count / lanes) { worker, block in
            fill(
                Array(block * lanes..<(block + 1) * lanes), block: block, scratch: scratch[worker],
                kernels: kernels)
        }
        isRead = [Bool](repeating: true, count: isRead.count)
        isComplete = true
    }

    /// Reads slices, powers and rows of some direction pairs, as far as they are not there yet.
    func read(
        _ pairs: some Sequence<Int>, _ parallel: Parallel, _ scratch: [WorkerScratch],
        _ kernels: PoseKernels
    ) {
        var missing = [Int]()
        for pair in pairs where !isRead[pair] {
            isRead[pair] = true
            missing.append(pair)
        }
        // Neighbours read the same samples.
        let (lanes, wanted) = (PoseKernels.laneCount, missing.sorted())
        parallel.forEachWorker((wanted.count + lanes - 1) / lanes) { worker, group in
            fill(
                Array(wanted[group * lanes..<min(wanted.count, (group + 1) * lanes)]), block: nil,
                scratch: scratch[worker], kernels: kernels)
        }
    }

    /// Reads up to 16 slices; their coefficients too where they are a block.
    private func fill(_ pairs: [Int], block: Int?, scratch: WorkerScratch, kernels: PoseKernels) {
        guard let density else { preconditionFailure("a density is set before it is used") }
        let grid = layout.grid
        for pair in pairs {
            halfSlices.withMutableSpan(pair * grid.pointCount..<(pair + 1) * grid.pointCount) { output in
                density.extract(rotations[pair], at: points, into: &output)
            }
        }
        let work = scratch.workspace
        for ring in 0..<grid.ringCount {
            loadRing(pairs, ring: ring, work)
            addPowers(pairs, ring: ring, work)
            scratch.transformWorkspace(isInverse: false, kernels)
            if let block { storeCoefficients(block: block, ring: ring, work) }
            if rows.count > 0 { storeRows(pairs, ring: ring, work) }
        }
    }

    private func storeCoefficients(block: Int, ring: Int, _ work: AlignedBuffer<Float>) {
        let lanes = PoseKernels.laneCount
        let target = block * Self.stride(layout)
        for order in 0..<layout.orderCount {
            let (offset, rings) = layout.entries(ofOrder: order)
            guard rings.contains(ring) else { continue }
            let (entry, source) = (
                target + (offset + ring - rings.lowerBound) * 2 * lanes, order * 2 * lanes
            )
            coefficients[lanes: entry] = work[lanes: source]
            coefficients[lanes: entry + lanes] = work[lanes: source + lanes]
        }
    }

    private func storeRows(_ pairs: [Int], ring: Int, _ work: AlignedBuffer<Float>) {
        let lanes = PoseKernels.laneCount
        for (lane, pair) in pairs.enumerated() {
            let row = pair * layout.rowStride
            for order in 0...layout.highestOrders[ring] {
                let source = order * 2 * lanes + lane
                let place = row + layout.rowPlace(ring: ring, order: order)
                rows[place] = work[source]
                rows[place + lanes] = work[source + lanes]
            }
        }
    }

    /// Lays a ring of up to 16 slices out for the transform; Friedel's law gives the second half.
    private func loadRing(_ pairs: [Int], ring: Int, _ work: AlignedBuffer<Float>) {
        let (lanes, grid) = (PoseKernels.laneCount, layout.grid)
        for (lane, pair) in pairs.enumerated() {
            let source = pair * grid.pointCount + ring * grid.halfCount
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
    private func addPowers(_ pairs: [Int], ring: Int, _ work: AlignedBuffer<Float>) {
        let (lanes, grid) = (PoseKernels.laneCount, layout.grid)
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
            for (lane, pair) in pairs.enumerated() {
                let place =
                    pair / lanes * Self.powerStride(layout) + pair % lanes
                    + (2 * index * grid.ringCount + ring) * lanes
                powers[place] = real[lane]
                powers[place + grid.ringCount * lanes] = imaginary[lane]
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
