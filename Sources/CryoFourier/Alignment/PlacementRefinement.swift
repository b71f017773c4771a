import CryoCore
import Foundation

/// Improves a placement continuously, scored over the shells of one resolution.
package struct PlacementRefinement: Sendable {
    private let pair: AlignmentPair
    private let lattice: ShellLattice
    private let target: [Complex]
    private let weightSum: Double

    package init(pair: AlignmentPair, shellLimit: Int, pointLimit: Int = 20_000) {
        self.pair = pair
        let lattice = ShellLattice(shellLimit: shellLimit, pointLimit: pointLimit)
        let values = lattice.whitened(pair.referenceValues(lattice.points))
        let scales = lattice.weights.map { $0 > 0 ? Float(1 / $0) : 0 }
        target = values.indices.map { values[$0] * scales[lattice.shells[$0]] }
        self.lattice = lattice
        weightSum = max(lattice.weights.reduce(0, +), .leastNonzeroMagnitude)
    }

    /// Σ √n_k FSC(k) / Σ √n_k over the shells, n_k points each.
    package func score(_ superposition: Superposition) -> Double {
        let values = pair.mapValues(
            superposition.rotation, mirrored: superposition.isMirrored, lattice.points)
        let step = SIMD3<Float>(superposition.shift * (2 * .pi / pair.boxLength))
        var crossed = [Float](repeating: 0, count: lattice.shellLimit + 1)
        var powers = crossed
        for (index, value) in values.enumerated() {
            let angle = (lattice.points[index] * step).sum()
            let (s, c) = (sin(angle), cos(angle))
            let t = target[index]
            // Re F exp(−i angle) T*
            let shell = lattice.shells[index]
            crossed[shell] += (value.x * c + value.y * s) * t.x + (value.y * c - value.x * s) * t.y
            powers[shell] += (value * value).sum()
        }
        var sum = 0.0
        for shell in crossed.indices.dropFirst() where powers[shell] > 0 {
            sum += Double(crossed[shell]) * lattice.weights[shell] / Double(powers[shell]).squareRoot()
        }
        return sum / weightSum
    }

    /// The best placement near `start`, searched with first steps of `angle` and `shift` (Å).
    ///
    /// - Parameter freedom: Which of the turns about x, y and z and the shifts along them are free.
    package func refined(
        _ start: Superposition, angle: Angle, shift: Double, evaluations: Int = 200,
        freedom: [Int] = Array(0..<6)
    ) -> Placement {
        func placed(_ free: [Double]) -> Superposition {
            var x = [Double](repeating: 0, count: 6)
            for (value, place) in zip(free, freedom) { x[place] = value }
            var moved = start
            moved.rotation = Rotation(vector: SIMD3(x[0], x[1], x[2]) * angle.radians) * start.rotation
            moved.shift += SIMD3(x[3], x[4], x[5]) * shift
            return moved
        }
        let minimum = NelderMead(evaluationLimit: evaluations).minimise(
            from: [Double](repeating: 0, count: freedom.count)
        ) { -score(placed($0)) }
        return Placement(
            score: -minimum.value, superposition: placed(minimum.parameters))
    }
}
