import CryoCore
import CryoFourier
import CryoInference
import Foundation

/// An axis found in a map, and how well it holds.
public struct FoundAxis: Sendable {
    /// The axis.
    public var axis: SymmetryAxis
    /// A point of it, in Å from the middle of the box.
    var point: SIMD3<Double>
    /// How well the map agrees with its turned self, from 0 (as between unrelated turns) to 1.
    public var score: Double

    /// The map's turn about the axis.
    func superposition(angle: Double) -> Superposition {
        let turn = Rotation(axis: axis.direction, angle: Angle(radians: angle))
        return Superposition(rotation: turn, shift: point - turn.apply(point))
    }
}

/// Looks for axes in a map without symmetry.
///
/// 1. The correlation of the map with itself after a turn of 2π/n about every direction of a 5° grid, for prime n,
///    all shifts by one transform (`RotationSearch`).
/// 2. The best of each n refined: two angles and a point, by the simplex method.
/// 3. About each line on which one holds, the order that the turns by all angles tell.
///
/// A correlation c counts as (c − μ)/(1 − μ), where μ is the mean of those of as large turns about random axes: a particle agrees
/// with its turned self in its outline whatever its symmetry, and the more the smaller the turn. About a long axis it does so more
/// than about others: an order n is believed if the map agrees with itself after turns by multiples of 2π/n better than halfway
/// between them. (By the least of these turns alone a protein of 57 kDa had C18 with a score of 0.8.)
struct AxisSearch: Sendable {
    /// Scores from which an axis is believed.
    static let leastScore = 0.5

    /// The correlation of random turns beyond which nothing can be told.
    static let mostChance = 0.9

    /// Orders beyond this are not looked for.
    private static let highestOrder = 24

    let pair: AlignmentPair
    private let parallel: Parallel
    private let refinement: PlacementRefinement
    private let coarse: Int
    /// The mean correlation of turns by 2π/n about random axes, by n.
    private let chances: [Double]

    /// Prepares a search to a resolution, in Å.
    init(_ map: Volume, diameter: Double?, resolution: Double, parallel: Parallel) {
        let pair = AlignmentPair(map, map, diameter: diameter)
        self.pair = pair
        self.parallel = parallel
        func shells(_ resolution: Double) -> Int {
            max(4, min(pair.shellLimit, Int((pair.boxLength / resolution).rounded())))
        }
        let coarse = min(shells(max(30, resolution)), 12)
        let refinement = PlacementRefinement(pair: pair, shellLimit: shells(resolution))
        (self.coarse, self.refinement) = (coarse, refinement)
        chances = parallel.map(Self.highestOrder + 1) { order in
            guard order > 1 else { return 1 }
            var stream = RandomStream(seed: 0x5E77, stream: UInt32(order))
            let turns = (0..<12).map { _ in SymmetryAxis(direction: stream.direction(), order: order).turn }
            let placements = RotationSearch(pair: pair, shellLimit: coarse, rotations: turns)
                .placements(mirrored: false, Parallel(threads: 1))
            return placements.reduce(0) { $0 + refinement.score($1.superposition) } / Double(placements.count)
        }
    }

    /// How well the map agrees with itself after a turn of 2π/order, relative to such turns about random axes; 0 where these tell nothing.
    func score(_ superposition: Superposition, order: Int) -> Double {
        guard order <= Self.highestOrder, chances[order] < Self.mostChance else { return 0 }
        let chance = chances[order]
        return (refinement.score(superposition) - chance) / max(1e-6, 1 - chance)
    }

    /// How well the map agrees with itself after the least turn of an axis.
    private func leastTurnScore(_ found: FoundAxis) -> Double {
        score(found.superposition(angle: 2 * .pi / Double(found.axis.order)), order: found.axis.order)
    }

    /// How well an axis holds with its order n: all turns by multiples of 2π/n against those halfway between.
    private func score(_ found: FoundAxis) -> Double {
        let order = found.axis.order
        guard chances[order] < Self.mostChance else { return 0 }
        let step = 2 * .pi / Double(order)
        func mean(_ angles: [Double]) -> Double {
            angles.reduce(0) { $0 + refinement.score(found.superposition(angle: $1)) } / Double(angles.count)
        }
        // A turn and its inverse agree as well.
        let (turns, between) = (
            (1...order / 2).map(Double.init), (0..<(order + 1) / 2).map { Double($0) + 0.5 }
        )
        let base = max(chances[order], mean(between.map { $0 * step }))
        return (mean(turns.map { $0 * step }) - base) / max(1e-6, 1 - base)
    }

    /// All axes that hold, each with its highest order; best first.
    ///
    /// - Parameter told: A group whose orders alone are looked for, each by the least of its turns: about the axis of a barrel a
    ///   coarse map agrees with itself after any turn, which speaks against no order that is known.
    func axes(of told: PointGroup? = nil) -> [FoundAxis] {
        let known = told.map { $0.axes.map(\.order) }
        let primes = [2, 3, 5, 7, 11, 13, 17, 19, 23]
        let grid = DirectionGrid(spacing: Angle(degrees: 5).radians)
        let directions = grid.rotations.prefix(grid.pairCount).map(\.row2)
        var found = [FoundAxis]()
        for order in primes where known?.contains(where: { $0 % order == 0 }) ?? true {
            let starts = RotationSearch(
                pair: pair, shellLimit: coarse,
                rotations: directions.map { SymmetryAxis(direction: $0, order: order).turn }
            ).candidates(mirrored: false, count: 16, parallel)
            // What is not above chance before refinement will not be after it.
            let promising = starts.filter { score($0.superposition, order: order) > 0.1 }
            let improved = parallel.map(promising.count) { place in
                let start = promising[place].superposition
                return refined(
                    FoundAxis(
                        axis: SymmetryAxis(direction: Self.axis(of: start.rotation), order: order),
                        point: Self.fixedPoint(of: start), score: 0), angle: Angle(degrees: 3))
            }
            for axis in improved.sorted(by: { $0.score > $1.score }) where axis.score > Self.leastScore {
                guard found.allSatisfy({ $0.axis.order != order || $0.axis.angle(to: axis.axis).degrees > 8 })
                else { continue }
                found.append(axis)
            }
        }
        return merged(found, known).sorted { $0.score > $1.score }
    }

    /// Axes of one direction as one, with the order that holds.
    private func merged(_ found: [FoundAxis], _ known: [Int]?) -> [FoundAxis] {
        var lines = [FoundAxis]()
        for axis in found.sorted(by: { $0.score > $1.score })
        where lines.allSatisfy({ $0.axis.angle(to: axis.axis).degrees > 8 }) { lines.append(axis) }
        return parallel.map(lines.count) { [lines] in withOrder(lines[$0], known) }.compactMap(\.self)
    }

    /// An axis with the highest order that holds nearly as well as the best; nil if none does.
    ///
    /// Of a six-fold axis two and three hold as well, of which the turns halfway between are none of its own.
    private func withOrder(_ line: FoundAxis, _ known: [Int]?) -> FoundAxis? {
        let orders =
            known.map { Set($0).filter { $0 <= Self.highestOrder }.sorted() } ?? Array(2...Self.highestOrder)
        func judged(_ axis: FoundAxis) -> FoundAxis {
            var axis = axis
            axis.score = known == nil ? score(axis) : leastTurnScore(axis)
            return axis
        }
        let trials = orders.map { order in
            var trial = line
            trial.axis.order = order
            return judged(known == nil ? trial : refined(trial, angle: Angle(degrees: 1)))
        }
        let best = trials.map(\.score).max() ?? 0
        guard let chosen = trials.last(where: { $0.score > max(Self.leastScore, 0.8 * best) }) else {
            return nil
        }
        return judged(refined(chosen, angle: Angle(degrees: 1)))
    }

    /// The axis moved to where a turn of its order agrees best, with that turn's score.
    private func refined(_ start: FoundAxis, angle: Angle) -> FoundAxis {
        let (u, v) = Self.plane(across: start.axis.direction)
        let step = pair.boxLength / Double(4 * pair.shellLimit)
        func placed(_ x: [Double]) -> FoundAxis {
            var moved = start
            let tilted = start.axis.direction + (u * x[0] + v * x[1]) * angle.radians
            moved.axis.direction = tilted / dot(tilted, tilted).squareRoot()
            moved.point += (u * x[2] + v * x[3]) * step
            return moved
        }
        let minimum = NelderMead(evaluationLimit: 150).minimise(from: [0, 0, 0, 0]) {
            -leastTurnScore(placed($0))
        }
        var best = placed(minimum.parameters)
        best.score = -minimum.value
        return best
    }

    /// The point p nearest to the middle with (1 − R) p = t: the shift t of a turn R moves along no axis.
    private static func fixedPoint(of start: Superposition) -> SIMD3<Double> {
        var point = LeastSquaresPoint(damping: 1e-6)
        point.add(fixedBy: start.rotation, start.shift)
        return point.solution
    }

    /// Two unit vectors across a direction and each other.
    static func plane(across direction: SIMD3<Double>) -> (SIMD3<Double>, SIMD3<Double>) {
        let helper: SIMD3<Double> = abs(direction.z) < 0.9 ? [0, 0, 1] : [1, 0, 0]
        let u = cross(direction, helper)
        let unit = u / dot(u, u).squareRoot()
        return (unit, cross(direction, unit))
    }

    private static func axis(of rotation: Rotation) -> SIMD3<Double> {
        PointGroup.axis(of: rotation)?.direction ?? [0, 0, 1]
    }
}
