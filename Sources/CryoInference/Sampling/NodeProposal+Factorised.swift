import CryoCore

/// Directions, in-plane angles and shifts, each drawn by itself; the product is evaluated.
extension NodeProposal {
    func drawFactors(
        _ memory: PoseMemory, _ centre: SIMD2<Double>, _ stream: inout RandomStream
    ) -> NodeDraw {
        let entries = memory.entries
        let largest = entries[0].mass
        var near = [Float](repeating: 0, count: directions.pairCount)
        var far = [Float](repeating: 0, count: shifts.offsets.count)
        for (entry, kernels) in zip(entries, directionKernels(memory)) {
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
