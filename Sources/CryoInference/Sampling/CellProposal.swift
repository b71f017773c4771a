import CryoCore
import CryoKernelInterface
import Foundation

/// Proposes which cells of the quadrature an image is evaluated on.
///
/// A cell is a block of 16 direction pairs times a pair of shifts, with all in-plane angles: the unit that the kernels
/// evaluate at once. In-plane angles are always summed exactly, so the estimator has less variance than one that
/// samples them (Rao–Blackwell). The proposal is the last posterior, tempered and smoothed, mixed with a floor:
///
///     q(c) = (1 − α) Σ_e m_e^(1/T) K(d_c, d_e) K(t_c, t_e) + α w(t_c) / blocks
///
/// K on directions is a von Mises–Fisher kernel that counts d and −d as equal and falls to ¼ at a block's radius; on
/// shifts a Gaussian as wide as the grid's spacing (`[BPF15]` §3.3).
public struct CellProposal: Sendable {
    /// How proposals are made.
    public struct Settings: Sendable, Equatable {
        /// The fraction α of the floor.
        public var floor: Double
        /// The temperature T of the memory.
        public var temperature: Double
        /// Cells drawn for each effective cell of the proposal (the paper's s₀).
        public var drawsPerEffectiveCell: Double

        /// Makes settings.
        public init(floor: Double, temperature: Double, drawsPerEffectiveCell: Double) {
            self.floor = floor
            self.temperature = temperature
            self.drawsPerEffectiveCell = drawsPerEffectiveCell
        }
    }

    /// The middle of each block.
    let centres: [SIMD3<Float>]
    /// The mean over blocks of a member's distance from the middle, in radians.
    let blockRadius: Double
    /// κ of the kernel on directions.
    let concentration: Float
    private let shifts: ShiftGrid
    private let pairCount: Int

    /// Prepares proposals for a quadrature.
    public init(directions: DirectionGrid, shifts: ShiftGrid) {
        self.shifts = shifts
        pairCount = (shifts.offsets.count + 1) / 2
        let lanes = PoseKernels.laneCount
        var (centres, radius) = ([SIMD3<Float>](), 0.0)
        for block in 0..<directions.blockCount {
            let members = directions.rotations[(block * lanes)..<((block + 1) * lanes)].map(\.row2)
            let sum = members.reduce(SIMD3<Double>.zero, +)
            let centre = sum / max(1e-9, dot(sum, sum).squareRoot())
            centres.append(SIMD3<Float>(centre))
            // The median member, so that one straggling block does not blur all proposals.
            let angles = members.map { acos(min(1, abs(dot($0, centre)))) }.sorted()
            radius += angles[lanes / 2] / Double(directions.blockCount)
        }
        self.centres = centres
        blockRadius = max(radius, 1e-3)
        concentration = Float(log(4.0) / (1 - cos(blockRadius)))
    }

    /// The number of cells.
    public var cellCount: Int { centres.count * pairCount }

    /// The proposal for an image centred at `centre`; sums to one.
    ///
    /// Shape `[block][pair]`.
    public func probabilities(
        memory: PoseMemory, centre: SIMD2<Double>, settings: Settings
    ) -> [Double] {
        let prior = shifts.logWeights(around: centre).map { exp(Double($0)) }
        var result = [Double](repeating: 0, count: cellCount)
        for entry in memory.entries {
            let mass = pow(Double(entry.mass), 1 / settings.temperature)
            let near = shiftKernel(entry, centre)
            for (block, direction) in centres.enumerated() {
                let cosine = abs((direction * entry.direction).sum())
                let kernel = mass * Double(exp(concentration * (cosine - 1)))
                guard kernel > 1e-9 * mass else { continue }
                for pair in 0..<pairCount { result[block * pairCount + pair] += kernel * near[pair] }
            }
        }
        let total = result.reduce(0, +)
        let share = total > 0 ? (1 - settings.floor) / total : 0
        let floor = (total > 0 ? settings.floor : 1) / Double(centres.count)
        for cell in result.indices {
            let pair = cell % pairCount
            let weight = prior[2 * pair] + (2 * pair + 1 < prior.count ? prior[2 * pair + 1] : 0)
            result[cell] = result[cell] * share + floor * weight
        }
        return result
    }

    /// The kernel between a remembered origin and each pair of shifts.
    private func shiftKernel(_ entry: PoseMemory.Entry, _ centre: SIMD2<Double>) -> [Double] {
        let width = 2 * shifts.spacing * shifts.spacing
        let values = shifts.offsets.map { offset -> Double in
            let difference = centre + offset - SIMD2<Double>(entry.origin)
            return exp(-(difference * difference).sum() / width)
        }
        return (0..<pairCount).map { pair in
            values[2 * pair] + (2 * pair + 1 < values.count ? values[2 * pair + 1] : 0)
        }
    }

    /// Draws cells; the result holds −ln π of each cell that is drawn and −∞ for the others.
    ///
    /// Shape `[block][pair]`.
    ///
    /// Cell c is drawn with probability π_c = min(1, n q_c) and weighs 1/π_c (Horvitz–Thompson), so the evidence is
    /// unbiased. One uniform number decides for all cells (systematic sampling), so cells that matter are certain and
    /// the others spread evenly: multinomial draws would put noise on the weights of the certain ones.
    public func draw(_ probabilities: [Double], settings: Settings, _ stream: inout RandomStream) -> [Float] {
        let effective = 1 / probabilities.reduce(0) { $0 + $1 * $1 }
        let wanted = min(
            Double(cellCount), (settings.drawsPerEffectiveCell * effective).rounded(.up))
        let inclusion = Self.inclusion(probabilities, count: wanted)
        var result = [Float](repeating: -.infinity, count: cellCount)
        var position = stream.uniform()
        for cell in result.indices {
            // Draws lie one unit apart on the line of cumulated π.
            let probability = inclusion[cell]
            if probability >= 1 {
                result[cell] = 0
            } else if position < probability {
                result[cell] = Float(-log(probability))
                position += 1 - probability
            } else {
                position -= probability
            }
        }
        return result
    }

    /// π_c = min(1, s q_c) with s such that they sum to `count`.
    private static func inclusion(_ probabilities: [Double], count: Double) -> [Double] {
        guard count < Double(probabilities.count) else {
            return [Double](repeating: 1, count: probabilities.count)
        }
        var scale = count
        for _ in 0..<50 {
            var (certain, rest) = (0.0, 0.0)
            for q in probabilities { if scale * q >= 1 { certain += 1 } else { rest += q } }
            let next = rest > 0 ? (count - certain) / rest : scale
            if abs(next - scale) <= 1e-9 * scale { break }
            scale = next
        }
        return probabilities.map { min(1, scale * $0) }
    }
}
