import CryoCore

/// Leaves out most of the columns that hold little of an image's posterior, and weighs those kept so that the gradient's
/// expectation is the exact one.
///
/// A column pair of mass m is kept with probability q = min(1, m / `certainMass`) and weighed by 1/q. Within a block the
/// choice is systematic: one uniform number u, and a pair is kept where Σq + u passes an integer, so that the mass kept of a
/// block is never off by more than one pair. Most of an exact gradient's time goes to the many pairs of a wide posterior that
/// hold a thousandth each; what leaving them out adds to the gradient's noise is small beside the noise of the images, of
/// which each at the end of the anneal has but ten poses.
public struct GradientThinning: Sendable {
    /// The mass from which on a column pair is always kept.
    public var certainMass: Double
    /// The seed of the choice, another in each iteration.
    public var seed: UInt64
    /// A number for each image, such as the particle's index.
    public var keys: [UInt32]

    /// Makes a choice for the images of those numbers.
    public init(certainMass: Double, seed: UInt64, keys: [UInt32]) {
        self.certainMass = certainMass
        self.seed = seed
        self.keys = keys
    }

    /// The choice for some of the images.
    func part(_ range: Range<Int>) -> GradientThinning {
        GradientThinning(certainMass: certainMass, seed: seed, keys: Array(keys[range]))
    }

    /// The choice among one image's pairs in one block.
    func choice(image: Int, block: Int) -> Choice {
        var stream = RandomStream(seed: seed, stream: keys[image], substream: UInt32(block))
        return Choice(certainMass: certainMass, sum: stream.uniform())
    }

    /// Goes along the pairs of a block.
    struct Choice {
        let certainMass: Double
        /// Σq + u so far, its whole part taken off.
        var sum: Double

        /// The weight 1/q of the next pair, which holds `mass`; nil if it is left out.
        mutating func weight(mass: Double) -> Double? {
            let probability = mass / certainMass
            guard probability < 1 else { return 1 }
            sum += probability
            guard sum >= 1 else { return nil }
            sum -= 1
            return 1 / probability
        }
    }
}
