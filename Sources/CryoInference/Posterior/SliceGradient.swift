import CryoCore
import CryoFourier
import CryoKernelInterface
import Foundation

/// The gradient of the log-evidence with respect to the slices, while it is being summed over images.
///
/// For each slice T of a direction, with responsibilities p over in-plane angle and shift:
///
///     data(θ) = Σ p · w C X shifted and turned        weight(θ) = Σ p · w C² turned
///     ∂ℓ/∂T*  = data − weight · T
///
/// Images that are summed over all nodes give to all of the quadrature's blocks of 16 direction pairs; drawn nodes to few pairs, which
/// gather in blocks of their own.
public final class SliceGradient: @unchecked Sendable {
    /// What up to 16 direction pairs received.
    struct Block {
        /// The pairs, a lane each.
        var pairs: [Int]
        /// Angular coefficients of `data`; shape `[entry][re, im][16]`.
        let data: AlignedBuffer<Float>
        /// Even angular coefficients of −½ `weight`/N_ψ; shape `[order][ring][re, im][16]`.
        let weights: AlignedBuffer<Float>

        init(_ pairs: [Int], _ layout: AngularLayout) {
            self.pairs = pairs
            data = AlignedBuffer(count: SliceBlocks.stride(layout), repeating: 0)
            weights = AlignedBuffer(count: SliceBlocks.powerStride(layout), repeating: 0)
        }
    }

    /// The quadrature's blocks; none before an image was summed over all nodes.
    private(set) var wholeBlocks: [Block] = []
    /// The pairs that drawn nodes gave to, in the order in which they came.
    private var drawnBlocks: [Block] = []
    /// Where they are: block · 16 + lane.
    private var places: [Int: Int] = [:]
    /// Σ ‖X_k‖² over whole rings.
    private var imagePowers: [Double]
    /// Images added.
    public private(set) var imageCount = 0
    private let layout: AngularLayout

    /// All that was received.
    var blocks: [Block] { wholeBlocks + drawnBlocks }

    /// An empty gradient for the slices of an engine.
    public convenience init(engine: PosteriorEngine) { self.init(layout: engine.layout) }

    init(layout: AngularLayout) {
        self.layout = layout
        imagePowers = [Double](repeating: 0, count: layout.grid.ringCount)
    }

    /// Makes room for what all nodes give.
    func prepareBlocks(_ directions: DirectionGrid) {
        guard wholeBlocks.isEmpty else { return }
        let lanes = PoseKernels.laneCount
        wholeBlocks = (0..<directions.blockCount).map {
            Block(Array($0 * lanes..<($0 + 1) * lanes), layout)
        }
    }

    /// Makes room for what drawn nodes give to some direction pairs.
    func prepare(_ pairs: [Int]) {
        for pair in pairs where places[pair] == nil {
            let (block, lane) = places.count.quotientAndRemainder(dividingBy: PoseKernels.laneCount)
            places[pair] = places.count
            if lane == 0 { drawnBlocks.append(Block([], layout)) }
            drawnBlocks[block].pairs.append(pair)
        }
    }

    /// Adds what one image gives to one direction pair, for which there is room.
    func add(_ part: SampledImage.Part, of image: SampledImage) {
        guard let place = places[Int(part.direction)] else { preconditionFailure("there is no room") }
        let (lanes, rings) = (PoseKernels.laneCount, layout.grid.ringCount)
        let (block, lane) = (drawnBlocks[place / lanes], place % lanes)
        let (rows, row) = (image.gradientRows, image.rowStart(of: part))
        for order in 0..<layout.orderCount {
            let (offset, range) = layout.entries(ofOrder: order)
            for ring in range {
                let source = row + layout.rowPlace(ring: ring, order: order)
                let entry = (offset + ring - range.lowerBound) * 2 * lanes + lane
                block.data[entry] += rows[source]
                block.data[entry + lanes] += rows[source + lanes]
            }
        }
        for order in 0..<layout.normOrderCount {
            let mass = image.massStart(of: part) + 4 * order
            let (x, y) = (rows[mass] + rows[mass + 2], rows[mass + 1] + rows[mass + 3])
            let (u, v) = (rows[mass + 1] - rows[mass + 3], rows[mass] - rows[mass + 2])
            for ring in 0..<rings {
                let (c, s) = (
                    image.ctfPowers[2 * order * rings + ring], image.ctfPowers[(2 * order + 1) * rings + ring]
                )
                let entry = (order * rings + ring) * 2 * lanes + lane
                block.weights[entry] += c * x - s * y
                block.weights[entry + lanes] += c * u + s * v
            }
        }
    }

    func addImagePowers(_ powers: [Float]) {
        for ring in imagePowers.indices { imagePowers[ring] += Double(powers[ring]) }
        imageCount += 1
    }

    func addImagePowers(_ powers: AlignedBuffer<Float>, imageCount count: Int) {
        for image in 0..<count {
            for ring in imagePowers.indices {
                imagePowers[ring] += Double(powers[image * imagePowers.count + ring])
            }
        }
        imageCount += count
    }

    /// Adds c·P + conj(c·P′) for each even order, where c are the image's −½wC²/N_ψ.
    func addMasses(_ masses: AlignedBuffer<Float>, block: Int, slot: Int, columns: ColumnBlocks) {
        let (lanes, rings) = (PoseKernels.laneCount, layout.grid.ringCount)
        let capacity = columns.ctfPowers.count / (layout.normOrderCount * 2 * rings)
        let weights = wholeBlocks[block].weights
        for order in 0..<layout.normOrderCount {
            let mass = order * 4 * lanes
            let (x, y) = (masses[lanes: mass], masses[lanes: mass + lanes])
            let (xOpposite, yOpposite) = (masses[lanes: mass + 2 * lanes], masses[lanes: mass + 3 * lanes])
            let real = ((2 * order) * capacity + slot) * rings
            let imaginary = real + capacity * rings
            for ring in 0..<rings {
                let (c, s) = (columns.ctfPowers[real + ring], columns.ctfPowers[imaginary + ring])
                let target = (order * rings + ring) * 2 * lanes
                weights[lanes: target] += c * (x + xOpposite) - s * (y + yOpposite)
                weights[lanes: target + lanes] += c * (y - yOpposite) + s * (x - xOpposite)
            }
        }
    }

    /// Which slices of ``blocks`` hold, all together, no more than a share of the weight; shape `[block][16]`.
    func lightSlices(share: Double) -> [Bool] {
        let (lanes, rings) = (PoseKernels.laneCount, layout.grid.ringCount)
        // Order 0 is the mean about a ring.
        let sums = blocks.flatMap { block in
            (0..<lanes).map { lane in
                (0..<rings).reduce(0.0) { $0 + Double(abs(block.weights[$1 * 2 * lanes + lane])) }
            }
        }
        var left = share * sums.reduce(0, +)
        var isLight = [Bool](repeating: false, count: sums.count)
        for slice in sums.indices.sorted(by: { (sums[$0], $0) < (sums[$1], $1) }) {
            left -= sums[slice]
            guard left >= 0 else { break }
            isLight[slice] = true
        }
        return isLight
    }

    /// What one slice received, on the half grid.
    struct Slice {
        /// ∂ℓ/∂T*; shape `[point]`.
        var gradient: [Complex]
        /// Σ p w C²; shape `[point]`.
        var weight: [Complex]
        /// Σ over each whole ring of 2 Re conj(T)·data − weight·|T|²: what the model explains of the power.
        var explained: [Double]
    }

    /// Works out the slices of a block.
    func slices(
        of block: Block, _ density: SliceBlocks, scratch: WorkerScratch, kernels: PoseKernels
    ) -> [Slice] {
        let (lanes, grid) = (PoseKernels.laneCount, layout.grid)
        let empty = Slice(
            gradient: [Complex](repeating: .zero, count: grid.pointCount),
            weight: [Complex](repeating: .zero, count: grid.pointCount),
            explained: [Double](repeating: 0, count: grid.ringCount))
        var result = [Slice](repeating: empty, count: block.pairs.count)
        let work = scratch.workspace
        for ring in 0..<grid.ringCount {
            loadRing(block.data, ring: ring, work)
            scratch.transformWorkspace(isInverse: true, kernels)
            for (lane, pair) in block.pairs.enumerated() {
                let source = pair * grid.pointCount + ring * grid.halfCount
                var explained = 0.0
                for angle in 0..<grid.halfCount {
                    let point = ring * grid.halfCount + angle
                    let value = density.halfSlices[source + angle]
                    let weight = weightValue(block.weights, ring: ring, angle: angle, lane: lane)
                    let received = Complex(
                        work[angle * 2 * lanes + lane], work[angle * 2 * lanes + lanes + lane])
                    result[lane].weight[point] = Complex(weight, 0)
                    result[lane].gradient[point] = received - value * weight
                    explained += Double(2 * (value * received).sum() - weight * (value * value).sum())
                }
                // The half ring stands for the whole.
                result[lane].explained[ring] = 2 * explained
            }
        }
        return result
    }

    /// Lays out the coefficients of `data` of one ring; negative orders by (−1)^m conj.
    private func loadRing(_ data: AlignedBuffer<Float>, ring: Int, _ work: AlignedBuffer<Float>) {
        let (lanes, count) = (PoseKernels.laneCount, layout.grid.angleCount)
        for element in 0..<count * 2 { work[lanes: element * lanes] = .zero }
        for order in 0..<layout.orderCount {
            let (offset, rings) = layout.entries(ofOrder: order)
            guard ring >= rings.lowerBound else { continue }
            let source = (offset + ring - rings.lowerBound) * 2 * lanes
            let (real, imaginary) = (data[lanes: source], data[lanes: source + lanes])
            let plus = order * 2 * lanes
            (work[lanes: plus], work[lanes: plus + lanes]) = (real, imaginary)
            guard order > 0 else { continue }
            let minus = (count - order) * 2 * lanes
            let sign: Float = order % 2 == 0 ? 1 : -1
            (work[lanes: minus], work[lanes: minus + lanes]) = (sign * real, -sign * imaginary)
        }
    }

    private func weightValue(_ weights: AlignedBuffer<Float>, ring: Int, angle: Int, lane: Int) -> Float {
        let (lanes, grid) = (PoseKernels.laneCount, layout.grid)
        var value = weights[ring * 2 * lanes + lane]
        for order in 1..<max(1, layout.normOrderCount) {
            let entry = (order * grid.ringCount + ring) * 2 * lanes + lane
            let turn = layout.unitCircle[2 * order * angle % grid.angleCount]
            value += 2 * (weights[entry] * turn.x - weights[entry + lanes] * turn.y)
        }
        return -2 * value
    }

    /// Σ ‖X_k‖² of a whole ring over the images added.
    func imagePower(ring: Int) -> Double { imagePowers[ring] }
}
