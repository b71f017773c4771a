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
    let directions: DirectionGrid
    let shifts: ShiftGrid
    let angleCount: Int
    /// Cumulated f of the directions; shape `[pair + 1]`.
    let cumulatedFloor: [Double]
    let census: PoseCensus
    let settings: SamplingSettings
    /// Every node, with weight one: the exact sum in the factorised mode; nil in the joint one, which sums in blocks.
    let everything: NodeDraw?

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
        self.census = census
        self.settings = settings
        everything = settings.kind == .factorised ? .all(of: engine) : nil
        let even = 1 / Double(engine.directions.pairCount)
        var (sum, cumulated) = (0.0, [0.0])
        for gamma in census.directionProbabilities(places: places) {
            sum += (1 - settings.censusShare) * even + settings.censusShare * gamma
            cumulated.append(sum)
        }
        cumulatedFloor = cumulated.map { $0 / sum }
    }

    /// The part of the nodes above which blocks are cheaper: one node by itself costs some seven in a block.
    static let blockAdvantage = 1.0 / 8

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
        guard let memory, !memory.entries.isEmpty else { return everything }
        switch settings.kind {
        case .joint: return drawJointly(memory, centre, &stream)
        case .factorised: return drawFactors(memory, centre, &stream)
        }
    }

    func made(_ nodes: [NodeDraw.Node], angleInclusions: [Float]?) -> NodeDraw {
        NodeDraw(
            nodes: nodes, angleInclusions: angleInclusions, directionCount: directions.pairCount,
            angleCount: angleCount, shiftCount: shifts.offsets.count)
    }

    /// f on the shifts.
    func shiftFloor(_ centre: SIMD2<Double>) -> [Double] {
        let prior = shifts.shares(around: centre)
        let gamma = census.shiftProbabilities(shifts, centre: centre, prior: prior)
        let share = settings.censusShare
        return zip(prior, gamma).map { (1 - share) * $0 + share * $1 }
    }

    func directionFloor(_ pair: Int) -> Double { cumulatedFloor[pair + 1] - cumulatedFloor[pair] }

    /// The tempered masses of a memory, relative to the largest.
    func tempered(_ mass: Float, largest: Float) -> Float {
        Float(pow(Double(mass / largest), 1 / settings.temperature))
    }
}
