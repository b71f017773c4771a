import ComplexModule
import CryoCore
import CryoFourier
import CryoInference
import Foundation
import RealModule

/// A double-precision complex number.
public typealias ComplexDouble = ComplexModule.Complex<Double>

/// The specification of the posterior: the full product of directions, angles and shifts, term by term, in Double.
///
/// Everything is evaluated at the points of the polar grid: predicted C(φ)·T(φ + ψ), observed
/// X(φ)·exp(−2πi k·shift/L), residual weighed by w_k = 2πk / N_ψ / σ_k².
public struct NaivePosterior {
    /// The polar grid.
    public let grid: PolarGrid
    /// The edge of the box, in Å.
    public let boxLength: Double
    /// σ_k² of each ring.
    public let noiseVariance: [Double]
    /// The inverse temperature.
    public let beta: Double

    /// Makes the specification for a grid.
    public init(grid: PolarGrid, boxLength: Double, noiseVariance: [Double], beta: Double = 1) {
        self.grid = grid
        self.boxLength = boxLength
        self.noiseVariance = noiseVariance
        self.beta = beta
    }

    /// The log-evidence relative to noise, and the gradient inserted into a ball.
    public struct Result {
        /// Nats.
        public var logEvidence: Double
        /// 1 / Σ p².
        public var effectivePoses: Double
        /// Σ over half slices of ∂ℓ/∂T*.
        public var gradient: FourierBall
        /// Σ p w C² at integer frequencies.
        public var curvature: FourierBall
        /// Σ p |X − CT|² of each whole ring.
        public var residualPowers: [Double]
    }

    /// Evaluates one image.
    public func evaluate(
        _ image: PolarImage, ball: FourierBall, directions: [Rotation], shifts: ShiftGrid
    ) -> Result {
        let slices = directions.map { fullSlice(ball, $0) }
        let ctf = fullRings(image.ctf.map { ComplexDouble(Double($0), 0) })
        let raw = fullRings(image.values.map { ComplexDouble(Double($0.x), Double($0.y)) })
        let shifted = shifts.offsets.map { offset in shift(raw, by: image.centre + offset) }
        let logWeights = shifts.logWeights(around: image.centre)
        var exponents = [Double]()
        for slice in slices {
            for (index, data) in shifted.enumerated() {
                for turn in 0..<grid.angleCount {
                    let energy = logLikelihood(data, ctf, slice, turn)
                    exponents.append(beta * energy + Double(logWeights[index]))
                }
            }
        }
        let peak = exponents.max() ?? 0
        let sum = exponents.reduce(0) { $0 + exp($1 - peak) }
        let probabilities = exponents.map { exp($0 - peak) / sum }
        let nodes = log(Double(directions.count * grid.angleCount))
        var result = Result(
            logEvidence: peak + log(sum) - nodes,
            effectivePoses: 1 / probabilities.reduce(0) { $0 + $1 * $1 },
            gradient: FourierBall(radius: Double(grid.ringCount) + 0.01),
            curvature: FourierBall(radius: Double(grid.ringCount) + 0.01, padding: 1),
            residualPowers: [Double](repeating: 0, count: grid.ringCount))
        for (direction, slice) in slices.enumerated() {
            add(
                direction: direction, rotation: directions[direction], slice: slice, shifted: shifted,
                ctf: ctf, probabilities: probabilities, to: &result)
        }
        return result
    }

    private func weight(_ point: Int) -> Double {
        let ring = point / grid.angleCount
        return grid.measure(ring: ring + 1) / noiseVariance[ring]
    }

    private func turned(_ point: Int, _ turn: Int) -> Int {
        let (ring, angle) = point.quotientAndRemainder(dividingBy: grid.angleCount)
        return ring * grid.angleCount + (angle + turn + grid.angleCount) % grid.angleCount
    }

    private func logLikelihood(
        _ data: [ComplexDouble], _ ctf: [ComplexDouble], _ slice: [ComplexDouble], _ turn: Int
    ) -> Double {
        var energy = 0.0
        for point in data.indices {
            let model = ctf[point] * slice[turned(point, turn)]
            energy -= 0.5 * weight(point) * ((data[point] - model).lengthSquared - data[point].lengthSquared)
        }
        return energy
    }

    private func add(
        direction: Int, rotation: Rotation, slice: [ComplexDouble], shifted: [[ComplexDouble]],
        ctf: [ComplexDouble], probabilities: [Double], to result: inout Result
    ) {
        var gradient = [ComplexDouble](repeating: .zero, count: slice.count)
        var curvature = [Double](repeating: 0, count: slice.count)
        for (index, data) in shifted.enumerated() {
            for turn in 0..<grid.angleCount {
                let node = (direction * shifted.count + index) * grid.angleCount + turn
                let p = probabilities[node]
                for point in data.indices {
                    let seen = turned(point, turn)
                    let residual = data[point] - ctf[point] * slice[seen]
                    let gain = p * weight(point)
                    gradient[seen] += ctf[point] * residual * ComplexDouble(gain, 0)
                    curvature[seen] += gain * ctf[point].lengthSquared
                    result.residualPowers[point / grid.angleCount] += p * residual.lengthSquared
                }
            }
        }
        let half = (0..<grid.pointCount).map { point in
            point / grid.halfCount * grid.angleCount + point % grid.halfCount
        }
        let points = grid.points
        result.gradient.insert(
            rotation, at: points,
            half.map { SIMD2<Float>(Float(gradient[$0].real), Float(gradient[$0].imaginary)) })
        result.curvature.insert(rotation, at: points, half.map { SIMD2<Float>(Float(curvature[$0]), 0) })
    }

    private func fullSlice(_ ball: FourierBall, _ rotation: Rotation) -> [ComplexDouble] {
        let half = ball.slice(rotation, at: grid.points)
        return fullRings(half.map { ComplexDouble(Double($0.x), Double($0.y)) })
    }

    private func fullRings(_ half: [ComplexDouble]) -> [ComplexDouble] {
        (0..<grid.ringCount).flatMap { ring in
            let values = half[(ring * grid.halfCount)..<((ring + 1) * grid.halfCount)]
            return Array(values) + values.map(\.conjugate)
        }
    }

    private func shift(_ values: [ComplexDouble], by origin: SIMD2<Double>) -> [ComplexDouble] {
        values.indices.map { point in
            let (ring, angle) = point.quotientAndRemainder(dividingBy: grid.angleCount)
            let phi = 2 * Double.pi * Double(angle) / Double(grid.angleCount)
            let k = SIMD2(cos(phi), sin(phi)) * Double(ring + 1) / boxLength
            return values[point] * ComplexDouble(length: 1, phase: -2 * Double.pi * (k * origin).sum())
        }
    }
}
