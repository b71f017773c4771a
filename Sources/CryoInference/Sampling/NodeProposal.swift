import CryoCore
import CryoKernelInterface
import Foundation

/// Proposes on which nodes of a quadrature an image is evaluated, and draws them.
///
/// The proposal is the image's last posterior, tempered and smoothed, mixed with a floor that follows the whole data
/// set and the prior (`[BPF15]` §3.3):
///
///     q(d, t) = (1 − α) Σ_e m_e^(1/T) K(d, d_e) K(t, t_e) + α f(d) f(t)
///     f = (1 − g) prior + g Γ
///
/// K on directions is a von Mises–Fisher kernel that counts d and −d as equal, since a mirrored map explains both
/// alike, and falls to ¼ at one step of the grid on which the memory was learnt; on in-plane angles the same to ½, with
/// ψ and ψ + π equal; on shifts a Gaussian of 0.67 steps. Under a symmetry the nearest of a direction's images counts.
public struct NodeProposal: Sendable {
    private let directions: DirectionGrid
    private let shifts: ShiftGrid
    private let angleCount: Int
    /// The viewing direction of each pair.
    private let axes: [SIMD3<Float>]
    /// Cumulated f of the directions; shape `[pair + 1]`.
    private let cumulatedFloor: [Double]
    private let census: PoseCensus
    private let settings: SamplingSettings

    /// Prepares the proposals of one minibatch.
    ///
    /// - Parameters:
    ///   - engine: Its quadrature.
    ///   - census: Where the data set's posteriors lie.
    ///   - places: ``PoseCensus/places(of:)`` of the engine's directions.
    ///   - settings: How proposals are made.
    public init(
        engine: PosteriorEngine, census: PoseCensus, places: PoseCensus.Places, settings: SamplingSettings
    ) {
        directions = engine.directions
        shifts = engine.shifts
        angleCount = engine.grid.angleCount
        axes = (0..<engine.directions.pairCount).map { SIMD3<Float>(engine.directions.rotations[$0].row2) }
        self.census = census
        self.settings = settings
        let even = 1 / Double(engine.directions.pairCount)
        var (sum, cumulated) = (0.0, [0.0])
        for gamma in census.directionProbabilities(places: places) {
            sum += (1 - settings.censusShare) * even + settings.censusShare * gamma
            cumulated.append(sum)
        }
        cumulatedFloor = cumulated.map { $0 / sum }
    }

    /// The part of the nodes above which blocks are cheaper: one node by itself costs some seven in a block.
    private static let blockAdvantage = 1.0 / 8

    /// Direction–shift pairs of the quadrature.
    var nodeCount: Int { directions.pairCount * shifts.offsets.count }

    /// Draws the nodes of an image that stands at `centre`; nil where all are better summed, in blocks of directions.
    ///
    /// That is so where nothing is remembered of the image, and where a proposal is so wide that the nodes it asks for
    /// cost as much one by one as all of them in blocks. In-plane angles are known only where nodes are evaluated one by
    /// one, so the factorised mode always does that.
    public func draw(
        memory: PoseMemory?, centre: SIMD2<Double>, _ stream: inout RandomStream
    ) -> NodeDraw? {
        guard let memory, !memory.entries.isEmpty else {
            return settings.kind == .factorised ? everything : nil
        }
        switch settings.kind {
        case .joint: return drawJointly(memory, centre, &stream)
        case .factorised: return drawFactors(memory, centre, &stream)
        }
    }

    /// Every node, with weight one: the exact sum.
    public var everything: NodeDraw {
        made(
            (0..<directions.pairCount).flatMap { direction in
                shifts.offsets.indices.map { shift in
                    NodeDraw.Node(direction: Int32(direction), shift: Int32(shift), inclusion: 1)
                }
            }, angleInclusions: nil)
    }

    private func made(_ nodes: [NodeDraw.Node], angleInclusions: [Float]?) -> NodeDraw {
        NodeDraw(
            nodes: nodes, angleInclusions: angleInclusions, directionCount: directions.pairCount,
            angleCount: angleCount, shiftCount: shifts.offsets.count)
    }

    /// f on the shifts.
    private func shiftFloor(_ centre: SIMD2<Double>) -> [Double] {
        let prior = shifts.logWeights(around: centre).map { exp(Double($0)) }
        let gamma = census.shiftProbabilities(shifts, centre: centre, prior: prior)
        let share = settings.censusShare
        return zip(prior, gamma).map { (1 - share) * $0 + share * $1 }
    }

    private func directionFloor(_ pair: Int) -> Double { cumulatedFloor[pair + 1] - cumulatedFloor[pair] }

    /// The tempered masses of a memory, relative to the largest.
    private func tempered(_ mass: Float, largest: Float) -> Float {
        Float(pow(Double(mass / largest), 1 / settings.temperature))
    }
}

// MARK: - Kernels

extension NodeProposal {
    /// K between remembered directions and the pairs near them.
    ///
    /// Shape of the result: for each entry the pairs within reach and the kernel there.
    func directionKernels(_ memory: PoseMemory) -> [[(pair: Int, kernel: Float)]] {
        let concentration = Float(log(4.0) / (1 - cos(memory.directionReach)))
        // Where the kernel has fallen to 10⁻³ the floor takes over.
        let smallest: Float = 1e-3
        let reach = acos(max(-1, 1 + log(Double(smallest)) / Double(concentration)))
        let bound = Float(cos(min(.pi / 2, reach + directions.largestBlockRadius)))
        let lanes = PoseKernels.laneCount
        return memory.entries.map { entry in
            let images = directions.operations.map { operation in
                SIMD3<Float>(operation.inverse.apply(SIMD3<Double>(entry.direction)))
            }
            var found = [(pair: Int, kernel: Float)]()
            for (block, centre) in directions.blockCentres.enumerated() {
                for image in images where abs((image * centre).sum()) >= bound {
                    for pair in (block * lanes)..<min(directions.pairCount, (block + 1) * lanes) {
                        let cosine = abs((image * axes[pair]).sum())
                        let kernel = exp(concentration * (cosine - 1))
                        if kernel > smallest { found.append((pair, kernel)) }
                    }
                }
            }
            return found
        }
    }

    /// K between a remembered origin and each shift.
    func shiftKernel(_ entry: PoseMemory.Entry, _ memory: PoseMemory, _ centre: SIMD2<Double>) -> [Float] {
        let sigma = 0.67 * memory.shiftReach
        return shifts.offsets.map { offset in
            let difference = centre + offset - SIMD2<Double>(entry.origin)
            return Float(exp(-(difference * difference).sum() / (2 * sigma * sigma)))
        }
    }

    /// K between a remembered in-plane angle and another; ψ and ψ + π are not told apart.
    static func angleKernel(_ difference: Double, reach: Double) -> Double {
        let concentration = log(2.0) / (1 - cos(min(reach, .pi / 2)))
        return exp(concentration * (abs(cos(difference)) - 1))
    }
}

// MARK: - Joint draws

extension NodeProposal {
    /// Two independent systematic samples, of the kernel's part and of the floor's; a node is in if either has it:
    /// π = 1 − (1 − π_kernel)(1 − π_floor).
    private func drawJointly(
        _ memory: PoseMemory, _ centre: SIMD2<Double>, _ stream: inout RandomStream
    ) -> NodeDraw? {
        let shiftCount = shifts.offsets.count
        let (pairs, masses) = jointMasses(memory, centre)
        let floor = shiftFloor(centre)
        let kernelShare = 1 - settings.floor
        let total = masses.reduce(0.0) { $0 + Double($1) }
        // What the floor adds to Σq² is bounded by its largest node, and small.
        let effective =
            InclusionSampling.effectiveCount(masses) / max(1e-3, kernelShare * kernelShare)
        let wanted = min(
            Double(nodeCount), (settings.drawsPerEffectiveNode * max(1, effective)).rounded(.up))
        guard total > 0, wanted < Self.blockAdvantage * Double(nodeCount) else { return nil }
        let kernelInclusions = InclusionSampling.inclusions(masses, count: kernelShare * wanted)
        let floorCount = settings.floor * wanted
        func floorInclusion(_ pair: Int, _ shift: Int) -> Double {
            min(1, floorCount * directionFloor(pair) * floor[shift])
        }
        func node(_ pair: Int, _ shift: Int, _ kernelInclusion: Double) -> NodeDraw.Node {
            let inclusion = 1 - (1 - kernelInclusion) * (1 - floorInclusion(pair, shift))
            return NodeDraw.Node(
                direction: Int32(pair), shift: Int32(shift), inclusion: Float(inclusion))
        }
        var nodes = [Int: NodeDraw.Node]()
        for item in InclusionSampling.draw(kernelInclusions, start: stream.uniform()) {
            let (pair, shift) = (pairs[item / shiftCount], item % shiftCount)
            nodes[pair * shiftCount + shift] = node(pair, shift, Double(kernelInclusions[item]))
        }
        let slots = Dictionary(uniqueKeysWithValues: pairs.enumerated().map { ($1, $0) })
        for (pair, shift) in drawFloor(floor, count: floorCount, start: stream.uniform()) {
            let kernelInclusion = slots[pair].map { Double(kernelInclusions[$0 * shiftCount + shift]) } ?? 0
            nodes[pair * shiftCount + shift] = node(pair, shift, kernelInclusion)
        }
        return made(nodes.keys.sorted().compactMap { nodes[$0] }, angleInclusions: nil)
    }

    /// Σ_e m_e^(1/T) K(d, d_e) K(t, t_e) on the direction pairs within reach; shape `[touched pair][shift]`.
    func jointMasses(_ memory: PoseMemory, _ centre: SIMD2<Double>) -> (pairs: [Int], masses: [Float]) {
        let shiftCount = shifts.offsets.count
        var slots = [Int32](repeating: -1, count: directions.pairCount)
        var (pairs, masses) = ([Int](), [Float]())
        let largest = memory.entries[0].mass
        for (entry, kernels) in zip(memory.entries, directionKernels(memory)) {
            let near = shiftKernel(entry, memory, centre)
            let mass = tempered(entry.mass, largest: largest)
            for (pair, kernel) in kernels {
                if slots[pair] < 0 {
                    slots[pair] = Int32(pairs.count)
                    pairs.append(pair)
                    masses.append(contentsOf: repeatElement(0, count: shiftCount))
                }
                let row = Int(slots[pair]) * shiftCount
                for shift in 0..<shiftCount { masses[row + shift] += mass * kernel * near[shift] }
            }
        }
        return (pairs, masses)
    }

    /// A systematic sample of about `count` nodes of f(d) f(t), walked through direction by direction.
    private func drawFloor(_ floor: [Double], count: Double, start: Double) -> [(pair: Int, shift: Int)] {
        var drawn = [(pair: Int, shift: Int)]()
        guard count > 0 else { return drawn }
        var position = start
        while position < count {
            let place = position / count
            position += 1
            var (low, high) = (0, directions.pairCount - 1)
            while low < high {
                let middle = (low + high + 1) / 2
                if cumulatedFloor[middle] <= place { low = middle } else { high = middle - 1 }
            }
            var rest = (place - cumulatedFloor[low]) / max(1e-300, directionFloor(low))
            var shift = 0
            while shift < floor.count - 1, rest >= floor[shift] {
                rest -= floor[shift]
                shift += 1
            }
            drawn.append((low, shift))
        }
        return drawn
    }
}

// MARK: - Factorised draws

extension NodeProposal {
    /// Directions, in-plane angles and shifts, each drawn by itself; the product is evaluated.
    private func drawFactors(
        _ memory: PoseMemory, _ centre: SIMD2<Double>, _ stream: inout RandomStream
    ) -> NodeDraw {
        let largest = memory.entries[0].mass
        var near = [Float](repeating: 0, count: directions.pairCount)
        var far = [Float](repeating: 0, count: shifts.offsets.count)
        for (entry, kernels) in zip(memory.entries, directionKernels(memory)) {
            let mass = tempered(entry.mass, largest: largest)
            for (pair, kernel) in kernels { near[pair] += mass * kernel }
            for (shift, kernel) in shiftKernel(entry, memory, centre).enumerated() {
                far[shift] += mass * kernel
            }
        }
        let directionInclusions = inclusions(near) { directionFloor($0) }
        let floor = shiftFloor(centre)
        let shiftInclusions = inclusions(far) { floor[$0] }
        let angleInclusions = angleInclusions(memory)
        let drawnDirections = InclusionSampling.draw(directionInclusions, start: stream.uniform())
        let drawnShifts = InclusionSampling.draw(shiftInclusions, start: stream.uniform())
        var angles = [Float](repeating: 0, count: angleCount)
        for angle in InclusionSampling.draw(angleInclusions, start: stream.uniform()) {
            angles[angle] = angleInclusions[angle]
        }
        let nodes = drawnDirections.flatMap { direction in
            drawnShifts.map { shift in
                NodeDraw.Node(
                    direction: Int32(direction), shift: Int32(shift),
                    inclusion: directionInclusions[direction] * shiftInclusions[shift])
            }
        }
        return made(nodes, angleInclusions: angles)
    }

    /// π of a factor's nodes: n = min(⌈s₀ · ESS⌉, N), all of them if the proposal says nothing (method of the paper).
    private func inclusions(_ kernel: [Float], floor: (Int) -> Double) -> [Float] {
        let total = kernel.reduce(0.0) { $0 + Double($1) }
        let share = total > 0 ? (1 - settings.floor) / total : 0
        let floorShare = total > 0 ? settings.floor : 1
        let q = kernel.enumerated().map { Float(Double($1) * share + floorShare * floor($0)) }
        let effective = InclusionSampling.effectiveCount(q)
        let count = min((settings.drawsPerEffectiveNode * effective).rounded(.up), Double(q.count))
        guard min(effective, count) < 0.95 * Double(q.count) else {
            return [Float](repeating: 1, count: q.count)
        }
        return InclusionSampling.inclusions(q, count: count)
    }

    private func angleInclusions(_ memory: PoseMemory) -> [Float] {
        guard let largest = memory.angles.first?.mass, largest > 0 else {
            return [Float](repeating: 1, count: angleCount)
        }
        let step = 2 * Double.pi / Double(angleCount)
        var kernel = [Float](repeating: 0, count: angleCount)
        for entry in memory.angles {
            let mass = tempered(entry.mass, largest: largest)
            for index in kernel.indices {
                let difference = Double(index) * step - Double(entry.angle)
                kernel[index] += mass * Float(Self.angleKernel(difference, reach: memory.angleReach))
            }
        }
        return inclusions(kernel) { _ in 1 / Double(angleCount) }
    }
}
