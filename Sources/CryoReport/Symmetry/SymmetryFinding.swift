import CryoCore
import CryoFourier
import CryoInference
import Foundation

/// The point group of a map on which no symmetry was imposed, and the map turned to the group's axes.
public struct SymmetryFinding: Sendable {
    /// The largest group that holds nearly as well as the best; C1 if none does.
    public let group: PointGroup
    /// The axes found, best first.
    public let axes: [FoundAxis]
    /// The mean score of turns about the group's axes, from 0 (chance) to 1; 0 for C1.
    public let score: Double
    /// How the map is laid upon the group's axes.
    public let superposition: Superposition
    /// The map on its axes, as RELION's conventions have them; the map itself for C1.
    public let aligned: Volume

    /// Looks for symmetry.
    ///
    /// - Parameters:
    ///   - map: A map without imposed symmetry.
    ///   - diameter: Of the soft sphere, in Å; by default 0.84 of the box.
    ///   - resolution: To which the map is trusted, in Å.
    ///   - told: The group that is looked for; nil for the largest that holds.
    ///   - parallel: The result does not depend on it.
    public init(
        of map: Volume, diameter: Double? = nil, resolution: Double = 20, told: PointGroup? = nil,
        parallel: Parallel = Parallel()
    ) {
        let search = AxisSearch(map, diameter: diameter, resolution: resolution, parallel: parallel)
        let found = search.axes(of: told)
        let placements = (told.map { [$0] } ?? Self.candidates(found.map(\.axis)))
            .compactMap { SymmetryPlacement($0, on: found) }
            .map { $0.refined(search, parallel) }
        // Of a ring without two-fold axes some seem to hold at coarse limits, though by far not as well as its own.
        let best = placements.map(\.score).max() ?? 0
        let placement = placements.first { $0.score > max(AxisSearch.leastScore, 0.8 * best) }
        axes = found
        group = placement?.group ?? .c1
        score = placement?.score ?? 0
        superposition = placement?.superposition ?? Superposition(rotation: .identity)
        aligned = placement.map { search.pair.moved($0.superposition, like: map, parallel) } ?? map
    }

    /// The groups that some axes suggest, the largest first.
    static func candidates(_ axes: [SymmetryAxis]) -> [PointGroup] {
        func count(_ order: Int) -> Int { axes.count { $0.order == order } }
        var names = [String]()
        if count(5) > 1 { names.append("I") }
        if count(4) > 1 || (count(4) == 1 && count(3) > 0) { names.append("O") }
        if count(3) > 1 { names.append("T") }
        for order in Set(axes.map(\.order)).sorted(by: >) {
            let mains = axes.filter { $0.order == order }
            let hasAcross = mains.contains { main in
                axes.contains { $0.order % 2 == 0 && $0.angle(to: main).degrees > 82 }
            }
            if hasAcross { names.append("D\(order)") }
            names.append("C\(order)")
        }
        return names.compactMap { PointGroup(name: $0) }
    }
}

/// A group laid upon the axes of a map: a map's point r has the place Q (r − c) among the group's axes.
struct SymmetryPlacement: Sendable {
    let group: PointGroup
    private(set) var rotation: Rotation
    private(set) var centre: SIMD3<Double>
    private(set) var score = 0.0

    /// The map moved so that the group's axes are where RELION has them.
    var superposition: Superposition {
        Superposition(rotation: rotation, shift: -rotation.apply(centre))
    }

    /// Lays two of the group's axes on two that were found; nil if none fit.
    init?(_ group: PointGroup, on found: [FoundAxis]) {
        self.group = group
        let axes = group.axes
        guard let first = axes.first,
            let main = found.first(where: { $0.axis.order % first.order == 0 })
        else { return nil }
        var used = [main]
        let second = axes.dropFirst().first
        var directions = (main.axis.direction, AxisSearch.plane(across: main.axis.direction).0)
        var targets = (first.direction, AxisSearch.plane(across: first.direction).0)
        if let second {
            let fitting = found.first { axis in
                axis.axis.order % second.order == 0
                    && abs(axis.axis.angle(to: main.axis).degrees - first.angle(to: second).degrees) < 8
                    && axis.axis.angle(to: main.axis).degrees > 8
            }
            guard let fitting else { return nil }
            let isSameSide =
                dot(fitting.axis.direction, main.axis.direction) * dot(second.direction, first.direction) >= 0
            directions.1 = isSameSide ? fitting.axis.direction : -fitting.axis.direction
            targets.1 = second.direction
            used.append(fitting)
        }
        rotation = Self.frame(targets).inverse * Self.frame(directions)
        centre = Self.centre(of: used)
    }

    /// Rows: the first vector, the part of the second across it, and their product.
    private static func frame(_ pair: (SIMD3<Double>, SIMD3<Double>)) -> Rotation {
        let across = pair.1 - pair.0 * dot(pair.0, pair.1)
        let unit = across / dot(across, across).squareRoot()
        return Rotation(rows: pair.0, unit, cross(pair.0, unit))
    }

    /// The point nearest to the origin that is on every axis, in the least-squares sense.
    private static func centre(of axes: [FoundAxis]) -> SIMD3<Double> {
        // A small ridge decides where the axes do not: along a single one.
        var point = LeastSquaresPoint(damping: 1e-6)
        for axis in axes {
            let turn = axis.axis.turn
            point.add(fixedBy: turn, axis.point - turn.apply(axis.point))
        }
        return point.solution
    }

    /// The mean score of turns about the group's axes.
    private func score(_ search: AxisSearch, _ axes: [SymmetryAxis]) -> Double {
        axes.reduce(0) { sum, axis in
            let own = rotation.inverse * axis.turn * rotation
            let turned = Superposition(rotation: own, shift: centre - own.apply(centre))
            return sum + search.score(turned, order: axis.order)
        } / Double(axes.count)
    }

    /// Moves all axes together to where their mean score is highest.
    func refined(_ search: AxisSearch, _ parallel: Parallel) -> SymmetryPlacement {
        let axes = Array(group.axes.prefix(8))
        let step = search.pair.boxLength / Double(4 * search.pair.shellLimit)
        func placed(_ x: [Double]) -> SymmetryPlacement {
            var moved = self
            moved.rotation =
                Rotation(vector: SIMD3(x[0], x[1], x[2]) * Angle(degrees: 2).radians) * rotation
            moved.centre += SIMD3(x[3], x[4], x[5]) * step
            return moved
        }
        let minimum = NelderMead(evaluationLimit: 200).minimise(from: [0, 0, 0, 0, 0, 0]) {
            -placed($0).score(search, axes)
        }
        var best = placed(minimum.parameters)
        best.score = -minimum.value
        return best
    }
}
