import CryoCore
import CryoFourier

/// How strongly an image shows the density, at the most probable pose.
///
/// Thick ice, crowding and the normalisation of images make one show the same particle more weakly than another. With the
/// model M of scale 1 (see ``PoseRefinement``) and the weights w = 1/σ²:
///
///     match = Σ w Re(M* X)        power = Σ w |M|²
///
/// A scale multiplies the image's CTF, so that posteriors, gradients and the noise need not know of it.
public struct ScaleFit: Sendable {
    private let model: PoseModel

    /// Prepares for one density.
    ///
    /// - Parameters:
    ///   - ball: The density that the engine was given.
    ///   - engine: The posterior of which poses are.
    ///   - noiseVariance: σ_k² on each ring.
    public init(ball: FourierBall, engine: PosteriorEngine, noiseVariance: [Double]) {
        model = PoseModel(ball: ball, engine: engine, noiseVariance: noiseVariance)
    }

    /// Compares an image, whose CTF has its present scale, with the density.
    public func match(of image: PolarImage, at pose: Pose) -> ScaleMatch {
        let (slice, shifts) = (model.slice(pose.rotation), model.shifts(pose))
        var (match, power) = (0.0, 0.0)
        for (ring, weight) in model.weights.enumerated() {
            var (ringMatch, ringPower): (Float, Float) = (0, 0)
            for index in ring * model.halfCount..<(ring + 1) * model.halfCount {
                let shown = multiply(slice[index], shifts[index]) * image.ctf[index]
                ringMatch += (shown * image.values[index]).sum()
                ringPower += (shown * shown).sum()
            }
            match += Double(weight * ringMatch)
            power += Double(weight * ringPower)
        }
        let present = Double(image.scale)
        return ScaleMatch(match: match / present, power: power / (present * present), present: present)
    }
}

/// What an image and the density have in common.
public struct ScaleMatch: Sendable, Equatable {
    /// Σ w Re(M* X) of the model of scale 1.
    public var match: Double
    /// Σ w |M|².
    public var power: Double
    /// The scale that the image had.
    public var present: Double

    /// No particle is weaker: it would be an image of nothing, and could never come back.
    private static let least = 0.1

    /// The scale that fits all of some images best, 1 for none.
    ///
    /// The density takes up what they have in common; left to each image, scales grew to 1.3 on average while the density shrank.
    public static func common(_ matches: [ScaleMatch]) -> Double {
        let power = matches.reduce(0) { $0 + $1.power }
        return power > 0 ? max(least, matches.reduce(0) { $0 + $1.match } / power) : 1
    }

    /// The image's scale s in units of the common one, m, with the prior s ~ N(1, τ²); τ above 0.
    ///
    ///     s = (m · match + 1/τ²) / (m² · power + 1/τ²)
    public func scale(common: Double, deviation: Double) -> Double {
        let prior = 1 / (deviation * deviation)
        return max(Self.least, (common * match + prior) / (common * common * power + prior))
    }

    /// What the log-evidence would be at scale 1, less what it is at the image's present scale; in nats, by the most
    /// probable pose.
    ///
    /// An image of nothing must not become a particle by being shown weakly: of a set with a fifth of junk half was no
    /// longer told by its evidence. So what is thought of an image is its evidence at scale 1.
    public var evidenceAtOne: Double { (1 - present) * match - (1 - present * present) * power / 2 }
}
