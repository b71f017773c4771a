import CryoCore
import CryoFourier

/// What an image of a density is expected to show at any pose, off the quadrature's nodes too.
struct PoseModel: Sendable {
    private let ball: FourierBall
    /// The half polar grid; shape `[ring][angle]`.
    let points: [SIMD2<Float>]
    /// 1/σ_k² of a point on each ring, times the area that it stands for.
    let weights: [Float]
    /// Points on half a ring.
    let halfCount: Int
    /// The box's edge, in Å.
    let boxLength: Double

    /// Prepares for the density that an engine was given, and σ_k² on each ring.
    init(ball: FourierBall, engine: PosteriorEngine, noiseVariance: [Double]) {
        self.ball = ball
        points = engine.grid.points
        halfCount = engine.grid.halfCount
        // Half a ring stands for the whole.
        weights = (1...engine.grid.ringCount).map {
            Float(2 * engine.grid.measure(ring: $0) / noiseVariance[$0 - 1])
        }
        boxLength = engine.boxLength
    }

    /// The slice T of an orientation; shape `[ring][angle]`.
    func slice(_ rotation: Rotation) -> [Complex] { ball.slice(rotation, at: points) }

    /// exp(2πi k·origin/L); shape `[ring][angle]`.
    ///
    /// Rings lie one frequency apart, so that the factors of each are those of the one before times those of the first: 2 ns
    /// a point instead of 40.
    func shifts(_ pose: Pose) -> [Complex] {
        let first = points.prefix(halfCount).map { k in
            Phase.factor(cycles: (Double(k.x) * pose.originX + Double(k.y) * pose.originY) / boxLength)
        }
        var factors = first
        factors.reserveCapacity(points.count)
        for point in halfCount..<points.count {
            factors.append(multiply(factors[point - halfCount], first[point % halfCount]))
        }
        return factors
    }
}
