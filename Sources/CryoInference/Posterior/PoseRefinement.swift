import CryoCore
import CryoFourier
import Foundation

/// Moves poses from the quadrature's nodes to the nearest maximum of the posterior, by Fisher scoring.
///
/// With the model M = C·T(ω)·exp(2πi k·origin/L) of an image X, five parameters θ (a turn of the image's frame about each of its
/// axes, and the origin) and the shift prior σ_s:
///
///     ln p = −½ Σ_k w_k |X − M|² − |origin|²/2σ_s²        g = Σ w Re(∂M* (X − M)) − origin/σ_s²
///     F_ab = Σ w Re(∂_a M* ∂_b M) + [1/σ_s²]               θ ← θ + F⁻¹ g
///
/// F is the information that the image holds about its pose, so it is positive where the second derivative of noisy data need not
/// be, and F⁻¹ is the covariance of what is found.
public struct PoseRefinement: Sendable {
    private let model: PoseModel
    private let priorVariance: Double
    private let reach: (angle: Double, shift: Double)
    private let step: Double
    private static let iterations = 3

    /// Prepares for one density and one quadrature.
    ///
    /// - Parameters:
    ///   - ball: The density that the engine was given.
    ///   - engine: The posterior whose poses are refined; none moves further than one and a half steps of its quadrature.
    ///   - noiseVariance: σ_k² on each ring.
    public init(ball: FourierBall, engine: PosteriorEngine, noiseVariance: [Double]) {
        model = PoseModel(ball: ball, engine: engine, noiseVariance: noiseVariance)
        priorVariance = engine.shifts.priorSigma * engine.shifts.priorSigma
        reach = (engine.directions.spacing, engine.shifts.spacing)
        // Half a sample of the outermost ring.
        step = 0.5 / Double(engine.grid.ringCount)
    }

    /// The nearest maximum; the pose itself where there is none within a step of the quadrature.
    public func refined(_ start: Pose, of image: PolarImage) -> (pose: Pose, error: PoseUncertainty) {
        var best = linearised(start, image)
        for _ in 0..<Self.iterations {
            guard let move = best.information.solved(best.gradient) else { break }
            guard let next = improved(best, by: move, image) else { break }
            let gain = next.logPosterior - best.logPosterior
            best = next
            if gain < 0.01 { break }
        }
        let isNear =
            start.rotation.angle(to: best.pose.rotation).radians <= 1.5 * reach.angle
            && hypot(best.pose.originX - start.originX, best.pose.originY - start.originY) <= 1.5
                * reach.shift
        if !isNear { best = linearised(start, image) }
        let variances = best.information.inverseDiagonal ?? [Double](repeating: .infinity, count: 5)
        return (
            best.pose,
            PoseUncertainty(
                angle: Angle(radians: (variances.prefix(3).reduce(0, +) / 3).squareRoot()),
                shift: (variances.suffix(2).reduce(0, +) / 2).squareRoot())
        )
    }

    /// The first of the whole step, its half and its quarter that improves the posterior.
    private func improved(_ here: Linearisation, by move: [Double], _ image: PolarImage) -> Linearisation? {
        for factor in [1.0, 0.5, 0.25] {
            let next = linearised(Self.moved(here.pose, by: move.map { $0 * factor }), image)
            if next.logPosterior > here.logPosterior { return next }
        }
        return nil
    }

    private static func moved(_ pose: Pose, by move: [Double]) -> Pose {
        var result = pose
        result.rotation = Rotation(vector: SIMD3(move[0], move[1], move[2])) * pose.rotation
        result.originX += move[3]
        result.originY += move[4]
        return result
    }

    /// The log-posterior at a pose, with its gradient and its information.
    private struct Linearisation {
        var pose: Pose
        var logPosterior: Double
        var gradient: [Double]
        var information: SmallMatrix
    }

    private func linearised(_ pose: Pose, _ image: PolarImage) -> Linearisation {
        let (slice, shifts) = (model.slice(pose.rotation), model.shifts(pose))
        let turned = (0..<3).map { axis -> [Complex] in
            var direction = SIMD3<Double>.zero
            direction[axis] = 1
            return model.slice(Rotation(axis: direction, angle: Angle(radians: step)) * pose.rotation)
        }
        let inverse = Float(1 / step)
        let cycle = Float(2 * .pi / model.boxLength)
        var (misfit, gradient) = (0.0, [Float](repeating: 0, count: 5))
        var information = [Float](repeating: 0, count: 25)
        for (index, k) in model.points.enumerated() {
            let phase = shifts[index] * image.ctf[index]
            let weight = model.weights[index / model.halfCount]
            let shown = multiply(slice[index], phase)
            let rest = image.values[index] - shown
            let quarterTurned = Complex(-shown.y, shown.x)
            let derivatives = [
                multiply(turned[0][index] - slice[index], phase) * inverse,
                multiply(turned[1][index] - slice[index], phase) * inverse,
                multiply(turned[2][index] - slice[index], phase) * inverse,
                quarterTurned * (cycle * k.x), quarterTurned * (cycle * k.y),
            ]
            misfit += Double(weight * (rest * rest).sum())
            for a in 0..<5 {
                gradient[a] += weight * (derivatives[a] * rest).sum()
                for b in a..<5 { information[5 * a + b] += weight * (derivatives[a] * derivatives[b]).sum() }
            }
        }
        let origin = [pose.originX, pose.originY]
        var matrix = SmallMatrix(size: 5)
        for a in 0..<5 {
            for b in a..<5 { matrix[a, b] = Double(information[5 * a + b]) }
            if a >= 3 { matrix[a, a] += 1 / priorVariance }
        }
        matrix.mirrorUpperHalf()
        return Linearisation(
            pose: pose,
            logPosterior: -misfit / 2 - (origin[0] * origin[0] + origin[1] * origin[1]) / (2 * priorVariance),
            gradient: (0..<5).map { Double(gradient[$0]) - ($0 < 3 ? 0 : origin[$0 - 3] / priorVariance) },
            information: matrix)
    }
}

/// A symmetric, positive matrix of a few rows.
struct SmallMatrix: Sendable {
    private let size: Int
    private var values: [Double]

    init(size: Int) {
        self.size = size
        values = [Double](repeating: 0, count: size * size)
    }

    subscript(row: Int, column: Int) -> Double {
        get { values[row * size + column] }
        set { values[row * size + column] = newValue }
    }

    mutating func mirrorUpperHalf() {
        for row in 0..<size { for column in 0..<row { self[row, column] = self[column, row] } }
    }

    /// The solution of A x = b by Cholesky's method; nil if the matrix is not positive.
    func solved(_ right: [Double]) -> [Double]? {
        guard let factor = cholesky else { return nil }
        var x = right
        for row in 0..<size {
            for column in 0..<row { x[row] -= factor[row, column] * x[column] }
            x[row] /= factor[row, row]
        }
        for row in (0..<size).reversed() {
            for column in (row + 1)..<max(size, row + 1) { x[row] -= factor[column, row] * x[column] }
            x[row] /= factor[row, row]
        }
        return x
    }

    /// The diagonal of the inverse; nil if the matrix is not positive.
    var inverseDiagonal: [Double]? {
        let columns = (0..<size).map { column -> Double? in
            var unit = [Double](repeating: 0, count: size)
            unit[column] = 1
            return solved(unit)?[column]
        }
        return columns.contains { $0 == nil } ? nil : columns.compactMap { $0 }
    }

    private var cholesky: SmallMatrix? {
        var factor = SmallMatrix(size: size)
        for row in 0..<size {
            for column in 0...row {
                var sum = self[row, column]
                for k in 0..<column { sum -= factor[row, k] * factor[column, k] }
                if row == column {
                    guard sum > 1e-12 * max(1, abs(self[row, row])) else { return nil }
                    factor[row, row] = sum.squareRoot()
                } else {
                    factor[row, column] = sum / factor[column, column]
                }
            }
        }
        return factor
    }
}
