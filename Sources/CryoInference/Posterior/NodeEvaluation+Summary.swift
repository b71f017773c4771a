import CryoCore
import CryoKernelInterface
import Foundation

/// What the next visit and the statistics want to know.
extension NodeEvaluation {
    /// The nodes that hold most, without the weights of draws.
    func memory(_ sums: [CircleSum], _ total: Total) -> PoseMemory {
        let masses = zip(sums, draw.nodes).map { Float(total.mass($0)) * $1.inclusion }
        return PoseMemory(
            entries: masses.largestPlaces(PoseMemory.candidateCount).map { index in
                let node = draw.nodes[index]
                return PoseMemory.Entry(
                    direction: engine.directions.axes[Int(node.direction)],
                    origin: SIMD2<Float>(image.centre + engine.shifts.offsets[Int(node.shift)]),
                    mass: masses[index])
            },
            directionReach: engine.directions.spacing, shiftReach: engine.shifts.spacing,
            angleReach: 2 * .pi / Double(layout.grid.angleCount))
    }

    /// The in-plane angles that hold most, of d and −d together and without the weights of draws.
    func angleMemory() -> [PoseMemory.AngleEntry] {
        let step = 2 * Float.pi / Float(layout.grid.angleCount)
        let masses = (0..<layout.grid.angleCount).map { angle in
            (scratch.histogram[2 * angle] + scratch.histogram[2 * angle + 1])
                * scratch.angleInclusions[2 * angle]
        }
        return masses.largestPlaces(PoseMemory.capacity).filter { masses[$0] > 0 }.map {
            PoseMemory.AngleEntry(angle: Float($0) * step, mass: masses[$0])
        }
    }

    func spread(_ sums: [CircleSum], _ total: Total) -> PosteriorSpread {
        var (directions, shifts) = (0.0, [Double](repeating: 0, count: engine.shifts.offsets.count))
        var (direct, opposite, last) = (0.0, 0.0, Int32(-1))
        func close() { directions += direct * direct + opposite * opposite }
        for (sum, node) in zip(sums, draw.nodes) {
            if node.direction != last {
                close()
                (direct, opposite, last) = (0, 0, node.direction)
            }
            let factor = exp(Double(sum.peak) - total.logSum)
            direct += Double(sum.direct) * factor
            opposite += Double(sum.opposite) * factor
            shifts[Int(node.shift)] += Double(sum.direct + sum.opposite) * factor
        }
        close()
        var (angles, angleTotal) = (0.0, 0.0)
        for angle in 0..<layout.grid.angleCount {
            let mass = Double(scratch.histogram[2 * angle] + scratch.histogram[2 * angle + 1])
            angles += mass * mass
            angleTotal += mass
        }
        return PosteriorSpread(
            directions: 1 / max(directions, 1e-300),
            angles: angles > 0 ? angleTotal * angleTotal / angles : 1,
            shifts: 1 / max(shifts.reduce(0) { $0 + $1 * $1 }, 1e-300))
    }
}
