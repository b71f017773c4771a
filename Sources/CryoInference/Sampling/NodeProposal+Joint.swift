import CryoCore

/// Pairs of direction and shift, drawn together.
extension NodeProposal {
    /// Two independent systematic samples, of the kernel's part and of the floor's; a node is in if either has it:
    /// π = 1 − (1 − π_kernel)(1 − π_floor).
    func drawJointly(
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
        // At least one node of the memory's part, so that no draw is empty.
        let wanted = max(
            1 / max(1e-3, kernelShare), (settings.drawsPerEffectiveNode * effective).rounded(.up))
        guard total > 0, wanted < Self.blockAdvantage * Double(nodeCount) else { return nil }
        let kernelInclusions = InclusionSampling.inclusions(masses, count: kernelShare * wanted)
        let floorCount = settings.floor * wanted
        func floorInclusion(_ pair: Int, _ shift: Int) -> Double {
            min(1, floorCount * directionFloor(pair) * floor[shift])
        }
        func node(_ pair: Int, _ shift: Int, _ kernelInclusion: Double) -> NodeDraw.Node {
            let floorInclusion = floorInclusion(pair, shift)
            let inclusion = kernelInclusion + floorInclusion - kernelInclusion * floorInclusion
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
        let entries = memory.entries
        let largest = entries[0].mass
        for (entry, kernels) in zip(entries, directionKernels(memory)) {
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
