import CryoCore
import CryoKernelInterface
import Foundation

/// The kernels between what is remembered and the nodes of a quadrature.
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
                let near = images.filter { abs(($0 * centre).sum()) >= bound }
                guard !near.isEmpty else { continue }
                for pair in (block * lanes)..<min(directions.pairCount, (block + 1) * lanes) {
                    let cosine = near.reduce(Float(0)) { max($0, abs(($1 * directions.axes[pair]).sum())) }
                    let kernel = exp(concentration * (cosine - 1))
                    if kernel > smallest { found.append((pair, kernel)) }
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
