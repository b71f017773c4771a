import CryoCore
import CryoFourier
import Foundation

/// Finds how two sets of poses of the same particles are related, without their densities.
///
/// A particle with the true orientation A and the estimate B (B = the estimate, or D times it for the other hand)
/// votes for Qᵀ = Bᵀ A. Votes of good estimates agree; those of bad ones, and all of the wrong hand, scatter. So
/// the vote with the most company is taken, then the mean of its company. The shift follows from the origins by
/// least squares, origin_true − origin_estimate = (A t)_xy.
struct PoseConsensus {
    private let truth: [Pose]
    private let estimates: [Pose]
    private let operators: [Rotation]
    /// Votes farther apart than about twice this do not count as company.
    private let tolerance = Angle(degrees: 8).radians

    init(truth: [Pose], estimates: [Pose], symmetry: [Rotation]) {
        let count = min(truth.count, estimates.count)
        self.truth = Array(truth.prefix(count))
        self.estimates = Array(estimates.prefix(count))
        operators = symmetry.isEmpty ? [.identity] : symmetry
    }

    /// The superposition with the most company; the same hand if both have the same.
    var superposition: Superposition {
        guard !truth.isEmpty else { return Superposition(rotation: .identity) }
        let (same, other) = (consensus(mirrored: false), consensus(mirrored: true))
        let best = other.support > same.support ? other : same
        return withShift(best.superposition)
    }

    private func consensus(mirrored: Bool) -> (superposition: Superposition, support: Double) {
        var best = (superposition: Superposition(rotation: .identity, isMirrored: mirrored), support: -1.0)
        let bases = spread(200).map { vote($0, mirrored: mirrored) }
        let voters = spread(1000)
        for base in bases {
            let candidate = Superposition(rotation: base.inverse, isMirrored: mirrored)
            let support = support(candidate, voters)
            if support > best.support { best = (candidate, support) }
        }
        for _ in 0..<5 { best.superposition = improved(best.superposition) }
        return (best.superposition, support(best.superposition, voters))
    }

    /// Qᵀ = Bᵀ A of one particle.
    private func vote(_ index: Int, mirrored: Bool) -> Rotation {
        let frame = Superposition(rotation: .identity, isMirrored: mirrored)
        return frame.orientation(of: estimates[index]).inverse * truth[index].rotation
    }

    /// Σ exp(−θ²/2σ²) over the angular errors θ of some particles.
    private func support(_ superposition: Superposition, _ voters: [Int]) -> Double {
        voters.reduce(0) { sum, index in
            let moved = superposition.applied(to: estimates[index]).rotation
            let ratio = PoseError.angle(truth[index].rotation, moved, operators) / tolerance
            return sum + exp(-0.5 * ratio * ratio)
        }
    }

    /// The mean of the votes near the present one, each taken by its nearest symmetry mate.
    private func improved(_ superposition: Superposition) -> Superposition {
        let present = superposition.rotation.inverse
        var sum = [SIMD3<Double>](repeating: .zero, count: 3)
        for index in truth.indices {
            let own = vote(index, mirrored: superposition.isMirrored)
            // A = B Qᵀ S, so Qᵀ = Bᵀ A Sᵀ.
            let mates = operators.map { own * $0.inverse }
            guard
                let nearest = mates.min(by: { $0.angle(to: present).radians < $1.angle(to: present).radians })
            else { continue }
            let ratio = nearest.angle(to: present).radians / tolerance
            let weight = exp(-0.5 * ratio * ratio)
            sum[0] += nearest.row0 * weight
            sum[1] += nearest.row1 * weight
            sum[2] += nearest.row2 * weight
        }
        var result = superposition
        if let mean = Rotation(nearestTo: sum) { result.rotation = mean.inverse }
        return result
    }

    /// Adds the shift: least squares over the particles whose orientation agrees, twice, then without outliers.
    private func withShift(_ superposition: Superposition) -> Superposition {
        var result = superposition
        let good = truth.indices.filter { index in
            let moved = superposition.applied(to: estimates[index]).rotation
            return PoseError.angle(truth[index].rotation, moved, operators) < 3 * tolerance
        }
        var used = good
        for _ in 0..<3 {
            result.shift = shift(superposition, used)
            let residuals = good.map { residual(result, $0) }
            let limit = 3 * (residuals.median ?? 0) + 1e-6
            used = zip(good, residuals).filter { $1 <= limit }.map(\.0)
        }
        return result
    }

    private func residual(_ superposition: Superposition, _ index: Int) -> Double {
        let moved = superposition.applied(to: estimates[index])
        let (dx, dy) = (truth[index].originX - moved.originX, truth[index].originY - moved.originY)
        return (dx * dx + dy * dy).squareRoot()
    }

    /// The t whose projections row · t come nearest to the differences of the origins.
    private func shift(_ superposition: Superposition, _ indices: [Int]) -> SIMD3<Double> {
        // Views from one direction leave the shift along it open; a trace of damping chooses the smallest.
        var point = LeastSquaresPoint(damping: 1e-9 * Double(indices.count) + 1e-30)
        for index in indices {
            let rotation = superposition.applied(to: estimates[index]).rotation
            point.add(rotation.row0, equals: truth[index].originX - estimates[index].originX)
            point.add(rotation.row1, equals: truth[index].originY - estimates[index].originY)
        }
        return point.solution
    }

    /// At most `count` particles, evenly spread.
    private func spread(_ count: Int) -> [Int] {
        let total = truth.count
        return total <= count ? Array(0..<total) : (0..<count).map { $0 * total / count }
    }
}

extension Rotation {
    /// The rotation nearest to a matrix of rows: the orthogonal factor of its polar decomposition (Higham 1986).
    init?(nearestTo rows: [SIMD3<Double>]) {
        guard rows.count == 3 else { return nil }
        var (a, b, c) = (rows[0], rows[1], rows[2])
        for _ in 0..<50 {
            let determinant = dot(a, cross(b, c))
            // Without a dominant direction, or nearer to a reflection, there is no meaningful answer.
            guard determinant > 1e-12 else { return nil }
            // X ← ½ (X + X⁻ᵀ); the rows of X⁻ᵀ are the cross products over the determinant.
            (a, b, c) = (
                0.5 * (a + cross(b, c) / determinant), 0.5 * (b + cross(c, a) / determinant),
                0.5 * (c + cross(a, b) / determinant)
            )
        }
        self.init(rows: a, b, c)
    }
}
