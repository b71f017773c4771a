import CryoCore
import CryoFourier
import CryoInference
import Foundation

/// An axis found in a map, and how well it holds.
public struct FoundAxis: Sendable {
    /// The axis.
    public var axis: SymmetryAxis
    /// Where the axis passes: the map's turn about it and this shift (Å) leave the map as it was.
    var shift: SIMD3<Double>
    /// The mean correlation of the map with its turned self, from 0 (as between unrelated turns) to 1.
    public var score: Double
}

/// Looks for axes in a map without symmetry.
///
/// 1. The correlation of the map with itself after a turn of 2π/n about every direction of a 5° grid, for n = 2, 3, 5, 7, 11
/// and 13,
///    all shifts by one transform (`RotationSearch`).
/// 2. The best of each order refined: two angles and a shift, by the simplex method.
/// 3. Axes that hold are tried with multiples of their order.
///
/// A correlation c counts as (c − μ)/(1 − μ), where μ is the mean of those of as large turns about random axes: a particle agrees
/// with its turned self in its outline whatever its symmetry, and the more the smaller the turn.
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

    /// A correlation relative to what turns about random axes have.
    private func score(_ superposition: Superposition, order: Int) -> Double {
        let chance = chances[order]
        return (refinement.score(superposition) - chance) / max(1e-6, 1 - chance)
    }

    /// How well the map agrees with itself after a turn about an axis and a shift.
    func score(_ axis: SymmetryAxis, _ turn: Rotation, shift: SIMD3<Double>) -> Double {
        guard axis.order <= Self.highestOrder, chances[axis.order] < Self.mostChance else { return 0 }
        return score(Superposition(rotation: turn, shift: shift), order: axis.order)
    }

    /// All axes that hold, each with its highest order; best first.
    func axes() -> [FoundAxis] {
        let primes = [2, 3, 5, 7, 11, 13]
        let grid = DirectionGrid(spacing: Angle(degrees: 5).radians)
        let directions = grid.rotations.prefix(grid.pairCount).map(\.row2)
        var found = [FoundAxis]()
        for order in primes {
            let starts = RotationSearch(
                pair: pair, shellLimit: coarse,
                rotations: directions.map { SymmetryAxis(direction: $0, order: order).turn }
            ).candidates(mirrored: false, count: 16, parallel)
            // What is not above chance before refinement will not be after it.
            let promising = starts.filter { score($0.superposition, order: order) > 0.1 }
            let refined = parallel.map(promising.count) { place in
                let start = promising[place].superposition
                return refine(
                    FoundAxis(
                        axis: SymmetryAxis(direction: Self.axis(of: start.rotation), order: order),
                        shift: start.shift, score: 0), angle: Angle(degrees: 3))
            }
            for axis in refined.sorted(by: { $0.score > $1.score }) where axis.score > Self.leastScore {
                guard found.allSatisfy({ $0.axis.order != order || $0.axis.angle(to: axis.axis).degrees > 8 })
                else { continue }
                found.append(axis)
            }
        }
        return merged(found).sorted { $0.score > $1.score }
    }

    /// Axes of one direction as one, with the highest order that holds.
    private func merged(_ found: [FoundAxis]) -> [FoundAxis] {
        var lines = [[FoundAxis]]()
        for axis in found.sorted(by: { $0.score > $1.score }) {
            if let known = lines.firstIndex(where: { $0[0].axis.angle(to: axis.axis).degrees < 8 }) {
                lines[known].append(axis)
            } else {
                lines.append([axis])
            }
        }
        let merged = lines
        return parallel.map(merged.count) { raised(merged[$0]) }
    }

    /// The axis of a line with the highest order, a multiple of all orders found on it, that holds nearly as well as the best.
    private func raised(_ line: [FoundAxis]) -> FoundAxis {
        let product = line.reduce(1) { $0 * $1.axis.order }
        let orders = (1...Self.highestOrder).map { $0 * product }.filter {
            $0 > line[0].axis.order && $0 <= Self.highestOrder
        }
        let higher = orders.map { order in
            var trial = line[0]
            trial.axis.order = order
            return refine(trial, angle: Angle(degrees: 1))
        }
        return higher.last { $0.score > max(Self.leastScore, 0.8 * line[0].score) } ?? line[0]
    }

    /// Moves the axis to where the score is highest.
    private func refine(_ start: FoundAxis, angle: Angle) -> FoundAxis {
        let (u, v) = Self.plane(across: start.axis.direction)
        let step = pair.boxLength / Double(4 * pair.shellLimit)
        func placed(_ x: [Double]) -> FoundAxis {
            var moved = start
            let tilted = start.axis.direction + (u * x[0] + v * x[1]) * angle.radians
            moved.axis.direction = tilted / dot(tilted, tilted).squareRoot()
            moved.shift += SIMD3(x[2], x[3], x[4]) * step
            return moved
        }
        func value(_ axis: FoundAxis) -> Double {
            score(axis.axis, axis.axis.turn, shift: axis.shift)
        }
        let minimum = NelderMead(evaluationLimit: 150).minimise(from: [0, 0, 0, 0, 0]) { -value(placed($0)) }
        var best = placed(minimum.parameters)
        best.score = -minimum.value
        return best
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
