import CryoCore
import CryoFourier
import CryoKernelInterface
import Foundation

/// The marginal likelihood of images over all poses, and its gradient with respect to the density.
///
/// Two passes over blocks of 16 direction pairs. The first sums the evidence of each image, the second adds what
/// matters of the posterior to the gradient. Each block belongs to one worker at a time and meets the images in
/// order, so results do not depend on the number of threads. See `PoseKernels` for the algebra.
public final class PosteriorEngine: @unchecked Sendable {
    /// The directions.
    public let directions: DirectionGrid
    /// The shifts.
    public let shifts: ShiftGrid
    /// The polar grid of slices and images.
    public var grid: PolarGrid { layout.grid }
    /// Points of the full product: directions × in-plane angles × shifts.
    public var poseCount: Int { directions.directionCount * grid.angleCount * shifts.offsets.count }
    /// The part of the posterior's mass that the gradient may leave out.
    public static let neglectedMass = 1e-4

    /// Images that are held as columns at once; a constant, so that sums keep their order.
    private static let batchSize = 32

    let layout: AngularLayout
    let boxLength: Double
    let parallel: Parallel
    let kernels: PoseKernels
    let slices: SliceBlocks
    /// Proposes cells of this quadrature.
    public let proposal: CellProposal
    private let columns: ColumnBlocks
    private let scratch: [WorkerScratch]
    private let points: [SIMD2<Float>]

    /// Prepares an engine.
    ///
    /// - Parameters:
    ///   - ringCount: The frequency limit ω in rings: ω · box edge.
    ///   - boxLength: The box edge, in Å.
    ///   - radius: The density's radius, in Å.
    ///   - normOrderCount: Even orders that the squared CTFs need.
    ///   - directions: The nodes on the sphere.
    ///   - shifts: The nodes in the plane.
    ///   - parallel: The workers.
    ///   - kernels: The instruction set.
    public init(
        ringCount: Int, boxLength: Double, radius: Double, normOrderCount: Int,
        directions: DirectionGrid, shifts: ShiftGrid, parallel: Parallel,
        kernels: PoseKernels = KernelSet.best
    ) {
        _ = NormTerms.useOneThread
        layout = AngularLayout(
            ringCount: ringCount, radiusFraction: radius / boxLength, normOrderCount: normOrderCount)
        self.boxLength = boxLength
        self.directions = directions
        self.shifts = shifts
        self.parallel = parallel
        self.kernels = kernels
        points = layout.grid.points
        proposal = CellProposal(directions: directions, shifts: shifts)
        slices = SliceBlocks(layout: layout, blockCount: directions.blockCount)
        columns = ColumnBlocks(
            layout: layout, shifts: shifts, boxLength: boxLength, capacity: Self.batchSize)
        let plan = LaneFFTPlan(count: layout.grid.angleCount)
        let layout = layout
        scratch = (0..<parallel.threads).map { _ in
            WorkerScratch(
                plan: plan, normOrderCount: layout.normOrderCount, imageCount: Self.batchSize)
        }
    }

    /// Even orders that the squared CTFs of these particles need up to a frequency in Å⁻¹.
    public static func normOrderCount(
        for ctfs: some Sequence<ContrastTransferFunction>, frequency: Double
    ) -> Int {
        AngularLayout.normOrderCount(for: ctfs, frequency: frequency)
    }

    /// Reads the slices of a density; every later call refers to it.
    public func setDensity(_ ball: FourierBall) {
        let lanes = PoseKernels.laneCount
        parallel.forEachWorker(directions.blockCount) { worker, block in
            slices.fill(
                block: block, from: ball,
                rotations: directions.rotations[(block * lanes)..<((block + 1) * lanes)], points: points,
                scratch: scratch[worker], kernels: kernels)
        }
    }

    /// The posterior of images; adds its gradient to `gradient` if given.
    ///
    /// - Parameters:
    ///   - images: The images.
    ///   - noiseVariance: σ_k² of a Fourier coefficient on each ring.
    ///   - beta: The inverse temperature of the likelihood; 1 for the model itself.
    ///   - cells: For each image the cells to evaluate, as ``CellProposal/draw(_:settings:_:)`` gives them; nil for the
    ///     exact sum over all.
    ///   - gradient: Where the gradient goes.
    public func posterior(
        of images: [PolarImage], noiseVariance: [Double], beta: Double = 1, cells: [[Float]]? = nil,
        gradient: SliceGradient? = nil
    ) -> [ImagePosterior] {
        let weights = (1...grid.ringCount).map { grid.measure(ring: $0) / noiseVariance[$0 - 1] }
        var results = [ImagePosterior]()
        for start in stride(from: 0, to: images.count, by: Self.batchSize) {
            let range = start..<min(start + Self.batchSize, images.count)
            results += posterior(
                ofBatch: Array(images[range]), ringWeights: weights, beta: beta,
                cells: cells.map { Array($0[range]) }, gradient: gradient)
        }
        return results
    }

    private func posterior(
        ofBatch images: [PolarImage], ringWeights: [Double], beta: Double, cells: [[Float]]?,
        gradient: SliceGradient?
    ) -> [ImagePosterior] {
        parallel.forEachWorker(images.count) { worker, slot in
            columns.fill(
                slot: slot, image: images[slot], ringWeights: ringWeights, scratch: scratch[worker],
                kernels: kernels)
        }
        let weights = NodeWeights(
            logPriors: images.map { shifts.logWeights(around: $0.centre) }, cells: cells,
            pairCount: columns.pairCount)
        let evidence = BatchEvidence(
            imageCount: images.count, blockCount: directions.blockCount, pairCount: columns.pairCount)
        parallel.forEachWorker(directions.blockCount) { worker, block in
            sumEvidence(
                block: block, evidence: evidence, weights: weights, beta: Float(beta),
                scratch: scratch[worker])
        }
        let totals = evidence.totals()
        if let gradient {
            parallel.forEachWorker(directions.blockCount) { worker, block in
                addGradient(
                    block: block, evidence: evidence, totals: totals, weights: weights,
                    beta: Float(beta), gradient: gradient, scratch: scratch[worker])
            }
            gradient.addImagePowers(columns.imagePowers, imageCount: images.count)
        }
        let logNodes = log(Double(directions.directionCount * grid.angleCount))
        let peaks = parallel.mapWorker(images.count) { worker, slot in
            peak(
                slot: slot, heaviest: evidence.heaviestPairs(image: slot, weights: weights),
                weights: weights.unweighted, beta: Float(beta), scratch: scratch[worker])
        }
        return images.indices.map { slot in
            let total = totals[slot]
            let (node, value) = peaks[slot]
            return ImagePosterior(
                logEvidence: total.logSum - logNodes, effectivePoses: total.effectivePoses,
                peakProbability: exp(Double(value) - total.logSum),
                pose: pose(of: node, centre: images[slot].centre), node: node,
                memory: memory(
                    slot: slot, evidence: evidence, logSum: totals[slot].logSum, weights: weights,
                    centre: images[slot].centre),
                evaluatedFraction: weights.evaluatedFraction(slot: slot))
        }
    }

    /// One image's column pair against one block.
    private func columnPair(
        block: Int, slot: Int, pair: Int, weights: NodeWeights, beta: Float, scratch: WorkerScratch
    ) -> ColumnPair {
        let logPriors = weights.logPriors[slot]
        let logWeight = weights.logWeight(slot: slot, block: block, pair: pair)
        let width = min(2, logPriors.count - 2 * pair)
        let normStride = layout.normOrderCount * 4 * PoseKernels.laneCount
        return ColumnPair(
            slices: slices.coefficients.pointer + block * SliceBlocks.stride(layout),
            columns: columns.coefficients.pointer + slot * columns.imageStride
                + pair * layout.entryCount * 4,
            orders: layout.spans.pointer, orderCount: layout.orderCount,
            norms: scratch.norms.pointer + slot * normStride, normOrderCount: layout.normOrderCount,
            width: width, beta: beta,
            logPrior: (
                logPriors[2 * pair] + logWeight, width > 1 ? logPriors[2 * pair + 1] + logWeight : 0
            ),
            drawProbability: exp(-logWeight), transform: scratch.transform(isInverse: true),
            workspace: scratch.workspace.pointer)
    }

    private func fillNorms(block: Int, images: Range<Int>, scratch: WorkerScratch) {
        NormTerms.fill(
            scratch.norms, slices: slices, block: block, columns: columns, layout: layout,
            images: images, capacity: Self.batchSize)
    }

    private func sumEvidence(
        block: Int, evidence: BatchEvidence, weights: NodeWeights, beta: Float, scratch: WorkerScratch
    ) {
        if weights.isExact { fillNorms(block: block, images: weights.slots, scratch: scratch) }
        let laneWeights = directions.laneWeights.pointer + block * PoseKernels.laneCount
        for slot in weights.slots where weights.touches(slot: slot, block: block) {
            if !weights.isExact { fillNorms(block: block, images: slot..<(slot + 1), scratch: scratch) }
            let running = evidence.running.pointer + slot * evidence.blockCount + block
            let masses =
                evidence.columnLogMass.pointer
                + (slot * evidence.blockCount + block) * 2 * evidence.pairCount
            for pair in 0..<evidence.pairCount
            where weights.logWeight(slot: slot, block: block, pair: pair) > -.infinity {
                kernels.accumulateEvidence(
                    columnPair(
                        block: block, slot: slot, pair: pair, weights: weights, beta: beta,
                        scratch: scratch),
                    EvidenceSettings(columnLogMass: masses + 2 * pair, laneWeights: laneWeights), running)
            }
        }
    }

    private func addGradient(
        block: Int, evidence: BatchEvidence, totals: [BatchEvidence.Total], weights: NodeWeights,
        beta: Float, gradient: SliceGradient, scratch: WorkerScratch
    ) {
        let lanes = PoseKernels.laneCount
        // What a column may hold and still be left out, so that all of them together stay negligible.
        let cut = Float(
            log(Self.neglectedMass / Double(2 * directions.blockCount * evidence.pairCount)))
        for slot in weights.slots {
            let masses =
                evidence.columnLogMass.pointer
                + (slot * evidence.blockCount + block) * 2 * evidence.pairCount
            var isTouched = false
            for pair in 0..<evidence.pairCount {
                // What was not evaluated holds no mass, and so does the missing half of a trailing pair.
                let mass = max(masses[2 * pair], masses[2 * pair + 1])
                guard mass - Float(totals[slot].logSum) > cut else { continue }
                if !isTouched {
                    fillNorms(block: block, images: slot..<(slot + 1), scratch: scratch)
                    scratch.masses.fill(0)
                }
                isTouched = true
                kernels.accumulateGradient(
                    columnPair(
                        block: block, slot: slot, pair: pair, weights: weights, beta: beta,
                        scratch: scratch),
                    GradientTarget(
                        logEvidence: Float(totals[slot].logSum),
                        laneWeights: directions.laneWeights.pointer + block * lanes,
                        gradient: gradient.data.pointer + block * SliceBlocks.stride(layout),
                        masses: scratch.masses.pointer))
            }
            if isTouched {
                gradient.addMasses(scratch.masses, block: block, slot: slot, columns: columns)
            }
        }
    }

    /// The most probable node of an image and its log-weight, found again in the column pairs that hold most.
    ///
    /// Without the weights of drawn cells: a rarely drawn cell weighs much and need not be probable.
    private func peak(
        slot: Int, heaviest: [(block: Int, pair: Int)], weights: NodeWeights, beta: Float,
        scratch: WorkerScratch
    ) -> (node: PoseNode, value: Float) {
        var best = (
            node: PoseNode(direction: 0, isOpposite: false, shift: 0, angle: 0),
            value: -Float.greatestFiniteMagnitude
        )
        for (block, pair) in heaviest {
            fillNorms(block: block, images: slot..<(slot + 1), scratch: scratch)
            let peak = kernels.findPeak(
                columnPair(
                    block: block, slot: slot, pair: pair, weights: weights, beta: beta,
                    scratch: scratch))
            guard peak.value > best.value else { continue }
            best.value = peak.value
            best.node = PoseNode(
                direction: block * PoseKernels.laneCount + Int(peak.lane), isOpposite: peak.isOpposite,
                shift: 2 * pair + Int(peak.column), angle: Int(peak.angle))
        }
        return best
    }

    /// The columns that hold most of an image's posterior, as the next visit will want to know them.
    private func memory(
        slot: Int, evidence: BatchEvidence, logSum: Double, weights: NodeWeights, centre: SIMD2<Double>
    ) -> PoseMemory {
        var heavy = [(mass: Float, block: Int, shift: Int)]()
        for block in 0..<evidence.blockCount {
            let masses =
                evidence.columnLogMass.pointer
                + (slot * evidence.blockCount + block) * 2 * evidence.pairCount
            for shift in shifts.offsets.indices where masses[shift] - Float(logSum) > -12 {
                let logWeight = weights.logWeight(slot: slot, block: block, pair: shift / 2)
                heavy.append((exp(masses[shift] - logWeight - Float(logSum)), block, shift))
            }
        }
        heavy.sort { ($0.mass, $1.block, $1.shift) > ($1.mass, $0.block, $0.shift) }
        let least = PoseMemory.smallest * (heavy.first?.mass ?? 0)
        return PoseMemory(
            entries: heavy.prefix(PoseMemory.capacity).filter { $0.mass > least }.map { part in
                PoseMemory.Entry(
                    direction: proposal.centres[part.block],
                    origin: SIMD2<Float>(centre + shifts.offsets[part.shift]), mass: part.mass)
            })
    }

    /// The pose of a node, for an image whose centre stands at `centre`.
    public func pose(of node: PoseNode, centre: SIMD2<Double>) -> Pose {
        let psi = Angle(radians: 2 * .pi * Double(node.angle) / Double(grid.angleCount))
        let origin = centre + shifts.offsets[node.shift]
        return Pose(
            rotation: directions.rotation(node.direction, isOpposite: node.isOpposite)
                .turnedInPlane(by: psi),
            originX: origin.x, originY: origin.y)
    }
}
