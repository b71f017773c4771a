import CryoCore
import CryoFourier
import CryoKernelInterface
import Foundation

/// The marginal likelihood of images over all poses, and its gradient with respect to the density.
///
/// Two passes over blocks of 16 direction pairs. The first sums the evidence of each image, the second adds what
/// matters of the posterior to the gradient. Each block belongs to one worker at a time and meets the images in
/// order, so results do not depend on the number of threads. See `PoseKernels` for the algebra. Images may also be
/// evaluated on drawn nodes only, each by itself.
public final class PosteriorEngine: @unchecked Sendable {
    /// The directions.
    public let directions: DirectionGrid
    /// The shifts.
    public let shifts: ShiftGrid
    /// The polar grid of slices and images.
    public var grid: PolarGrid { layout.grid }
    /// Points of the full product: directions × in-plane angles × shifts.
    public var poseCount: Int { directions.directionCount * grid.angleCount * shifts.offsets.count }
    /// The workers.
    public let parallel: Parallel
    /// The part of the posterior's mass that the gradient may leave out.
    public static let neglectedMass = 1e-4

    /// Column pairs or nodes in which the most probable point is looked for: it need not lie in the one that holds most.
    static let peakCandidates = 4

    /// Images that are held as columns at once; a constant, so that sums keep their order.
    static let batchSize = 32

    let layout: AngularLayout
    let boxLength: Double
    let kernels: PoseKernels
    let slices: SliceBlocks
    let rings: ShiftedRings
    let columns: ColumnBlocks
    let scratch: [WorkerScratch]
    let nodeScratch: [NodeScratch]
    let points: [SIMD2<Float>]

    /// Prepares an engine.
    ///
    /// - Parameters:
    ///   - ringCount: The frequency limit ω in rings: ω · box edge.
    ///   - boxLength: The box edge, in Å.
    ///   - radius: The density's radius, in Å.
    ///   - normOrderCount: Even orders that the squared CTFs need.
    ///   - directions: The nodes on the sphere.
    ///   - shifts: The nodes in the plane.
    ///   - canSample: Whether images will be evaluated on drawn nodes too.
    ///   - parallel: The workers.
    ///   - kernels: The instruction set.
    public init(
        ringCount: Int, boxLength: Double, radius: Double, normOrderCount: Int,
        directions: DirectionGrid, shifts: ShiftGrid, canSample: Bool = true, parallel: Parallel,
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
        slices = SliceBlocks(layout: layout, directions: directions, hasRows: canSample)
        rings = ShiftedRings(layout: layout, shifts: shifts, boxLength: boxLength)
        columns = ColumnBlocks(rings: rings, capacity: Self.batchSize)
        let plan = LaneFFTPlan(count: layout.grid.angleCount)
        let layout = layout
        nodeScratch = (0..<parallel.threads).map { _ in NodeScratch(layout: layout) }
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

    /// Sets the density that every later call refers to; its slices are read when they are needed.
    public func setDensity(_ ball: FourierBall) { slices.setDensity(ball) }

    /// Reads the slices in all directions, as far as they are not there yet.
    public func readSlices() { slices.readAll(parallel, scratch, kernels) }

    /// The exact posterior of images, summed over all nodes; adds its gradient to `gradient` if given.
    ///
    /// - Parameters:
    ///   - images: The images.
    ///   - noiseVariance: σ_k² of a Fourier coefficient on each ring.
    ///   - beta: The inverse temperature of the likelihood; 1 for the model itself.
    ///   - gradient: Where the gradient goes.
    ///   - thinning: What may be left out of it; nil for the exact one.
    ///   - junk: How probably an image shows nothing; as much of it is not in the gradient. Nil if all show the density.
    public func posterior(
        of images: [PolarImage], noiseVariance: [Double], beta: Double = 1,
        gradient: SliceGradient? = nil, thinning: GradientThinning? = nil, junk: JunkProbability? = nil
    ) -> [ImagePosterior] {
        guard !images.isEmpty else { return [] }
        readSlices()
        gradient?.prepareBlocks(directions)
        let weights = (1...grid.ringCount).map { grid.measure(ring: $0) / noiseVariance[$0 - 1] }
        var results = [ImagePosterior]()
        for start in stride(from: 0, to: images.count, by: Self.batchSize) {
            let range = start..<min(start + Self.batchSize, images.count)
            results += posterior(
                ofBatch: Array(images[range]), ringWeights: weights, beta: beta, gradient: gradient,
                thinning: thinning?.part(range), junk: junk)
        }
        return results
    }

    private func posterior(
        ofBatch images: [PolarImage], ringWeights: [Double], beta: Double,
        gradient: SliceGradient?, thinning: GradientThinning?, junk: JunkProbability?
    ) -> [ImagePosterior] {
        parallel.forEachWorker(images.count) { worker, slot in
            columns.fill(
                slot: slot, image: images[slot], ringWeights: ringWeights, scratch: scratch[worker],
                kernels: kernels)
        }
        let logPriors = images.map { shifts.logWeights(around: $0.centre) }
        let evidence = BatchEvidence(
            imageCount: images.count, blockCount: directions.blockCount, pairCount: columns.pairCount)
        // In halves of a batch: the anneal's quadrature has three blocks, which two threads cannot share evenly.
        let half = Self.batchSize / 2
        let parts = (images.count + half - 1) / half
        parallel.forEachWorker(parts * directions.blockCount) { worker, item in
            let (block, part) = item.quotientAndRemainder(dividingBy: parts)
            sumEvidence(
                block: block, images: (part * half)..<min((part + 1) * half, images.count),
                evidence: evidence, logPriors: logPriors, beta: Float(beta), scratch: scratch[worker])
        }
        let totals = evidence.totals()
        let logNodes = log(Double(directions.directionCount * grid.angleCount))
        if let gradient {
            let shares = totals.map { junk?.particleProbability($0.logSum - logNodes) ?? 1 }
            parallel.forEachWorker(directions.blockCount) { worker, block in
                addGradient(
                    block: block, evidence: evidence, totals: totals, shares: shares, logPriors: logPriors,
                    beta: Float(beta), thinning: thinning, gradient: gradient, scratch: scratch[worker])
            }
            gradient.addImagePowers(columns.imagePowers, imageCount: images.count)
        }
        return parallel.mapWorker(images.count) { worker, slot in
            let (total, centre) = (totals[slot], images[slot].centre)
            let (node, value) = peak(
                slot: slot, heaviest: evidence.heaviestPairs(image: slot), logPriors: logPriors[slot],
                beta: Float(beta), scratch: scratch[worker])
            return ImagePosterior(
                logEvidence: total.logSum - logNodes, effectivePoses: total.effectivePoses,
                peakProbability: exp(Double(value) - total.logSum),
                pose: pose(of: node, centre: centre), node: node,
                memory: memory(slot: slot, evidence: evidence, logSum: total.logSum, centre: centre),
                coverage: .whole, spread: nil)
        }
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
