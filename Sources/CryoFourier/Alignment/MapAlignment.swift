import CryoCore
import Foundation

/// A map laid upon a reference by rotation, shift and hand, and how well they then agree.
///
/// 1. Coarse: a 14° grid of rotations; for each, all shifts by one transform of the whitened cross-spectrum to
///    about 30 Å (8 to 12 shells); both hands.
/// 2. Fine: the best twelve of each hand by the simplex method to 30 Å, five to 20 Å, two to 12 Å, and the last
///    one as far as the curve stays above 0.5.
/// 3. The hand with the larger curve wins.
///
/// Boxes and pixel sizes may differ: the map is sampled at the reference's frequencies in Å⁻¹.
public struct MapAlignment: Sendable {
    /// How the map is laid upon the reference.
    public let superposition: Superposition
    /// The moved map, on the reference's grid.
    public let aligned: Volume
    /// The correlation of the moved map and the reference, both inside a soft sphere.
    public let fsc: FourierShellCorrelation
    /// The diameter of that sphere, before it falls off, in Å.
    public let diameter: Double
    /// The weighted mean correlation over the shells of the last refinement.
    public let score: Double
    /// The correlation of the best placement of the other hand.
    public let otherHand: FourierShellCorrelation

    /// Lays `map` upon `reference`.
    ///
    /// - Parameters:
    ///   - map: The moving density.
    ///   - reference: The fixed density, whose grid the result has.
    ///   - diameter: Of the soft sphere, in Å; by default 0.84 of the box.
    ///   - parallel: The result does not depend on it.
    public init(
        _ map: Volume, to reference: Volume, diameter: Double? = nil, parallel: Parallel = Parallel()
    ) {
        let pair = AlignmentPair(map, reference, diameter: diameter)
        let masked = FourierVolume(pair.mask.applied(to: reference))
        let results = [false, true].map { mirrored in
            Self.best(pair, reference, masked, mirrored: mirrored, parallel)
        }
        self.diameter = 2 * pair.mask.radius
        let shells = Self.shells(pair, resolution: 15)
        let (own, other) = (results[0], results[1])
        let flips = Self.sum(other.fsc, upTo: shells) > Self.sum(own.fsc, upTo: shells)
        let winner = flips ? other : own
        superposition = winner.placement.superposition
        score = winner.placement.score
        aligned = winner.aligned
        fsc = winner.fsc
        otherHand = (flips ? own : other).fsc
    }

    /// The best placement of one hand.
    private struct Result {
        var placement: Placement
        var aligned: Volume
        var fsc: FourierShellCorrelation
    }

    private static func best(
        _ pair: AlignmentPair, _ reference: Volume, _ masked: FourierVolume, mirrored: Bool,
        _ parallel: Parallel
    ) -> Result {
        let coarse = shells(pair, resolution: 30, atLeast: 8, atMost: 12)
        var candidates = RotationSearch(pair: pair, shellLimit: coarse)
            .candidates(mirrored: mirrored, count: 12, parallel)
        let levels = [
            (shells: coarse, kept: 12, angle: 6.0),
            (shells: shells(pair, resolution: 20, atLeast: coarse, atMost: 20), kept: 5, angle: 3.0),
            (shells: shells(pair, resolution: 12, atLeast: coarse, atMost: 32), kept: 2, angle: 1.5),
        ]
        for level in levels {
            let refinement = PlacementRefinement(pair: pair, shellLimit: level.shells)
            let starts = Array(candidates.prefix(level.kept))
            let step = pair.boxLength / Double(2 * pair.shellLimit + 1)
            candidates = parallel.map(starts.count) { index in
                refinement.refined(
                    starts[index].superposition, angle: Angle(degrees: level.angle), shift: step)
            }.sorted { $0.score > $1.score }
        }
        let start = candidates.first ?? .init(score: 0, superposition: .init(rotation: .identity))
        return polished(start, pair, reference, masked, parallel)
    }

    /// Refines over all shells in which the two densities agree, and moves the map.
    private static func polished(
        _ start: Placement, _ pair: AlignmentPair, _ reference: Volume,
        _ masked: FourierVolume, _ parallel: Parallel
    ) -> Result {
        func result(_ placement: Placement) -> Result {
            let aligned = pair.moved(placement.superposition, like: reference, parallel)
            let fsc = FourierShellCorrelation(FourierVolume(pair.mask.applied(to: aligned)), masked)
                .cut(after: pair.lastShell)
            return Result(placement: placement, aligned: aligned, fsc: fsc)
        }
        let first = result(start)
        let agreeing = first.fsc.resolution(at: 0.5)
        let limit = agreeing.isFinite ? min(pair.shellLimit, Int(pair.boxLength / agreeing)) : 0
        guard limit >= 4 else { return first }
        let step = pair.boxLength / Double(2 * pair.shellLimit + 1)
        let second = result(
            PlacementRefinement(pair: pair, shellLimit: limit)
                .refined(start.superposition, angle: Angle(degrees: 0.7), shift: step / 4, evaluations: 300))
        return sum(second.fsc, upTo: limit) > sum(first.fsc, upTo: limit) ? second : first
    }

    /// The shells up to a resolution, in Å, within bounds and within both densities.
    private static func shells(
        _ pair: AlignmentPair, resolution: Double, atLeast least: Int = 4, atMost most: Int = .max
    ) -> Int {
        let wanted = min(max(Int((pair.boxLength / resolution).rounded()), least), most)
        return max(0, min(wanted, pair.shellLimit))
    }

    private static func sum(_ curve: FourierShellCorrelation, upTo shells: Int) -> Double {
        curve.correlations.dropFirst().prefix(shells).reduce(0, +)
    }
}
