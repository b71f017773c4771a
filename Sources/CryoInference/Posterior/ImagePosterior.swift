import CryoCore

/// What the posterior says of one image.
public struct ImagePosterior: Sendable, Equatable {
    /// ln p(image | density) − ln p(image | noise alone), poses and shifts summed over, in nats (tempered by β).
    public var logEvidence: Double
    /// 1 / Σ p².
    public var effectivePoses: Double
    /// The largest p.
    public var peakProbability: Double
    /// The pose of the largest p.
    public var pose: Pose
    /// Its node: (direction pair, whether opposite, shift, in-plane angle).
    public var node: PoseNode
    /// Where most of the posterior is, for the next visit's proposal.
    public var memory: PoseMemory
    /// The part of the quadrature that was evaluated.
    public var coverage: Coverage
    /// How many directions, angles and shifts the posterior is spread over; nil after an exact sum.
    public var spread: PosteriorSpread?
    /// How well the pose is known; nil unless it was refined.
    public var uncertainty: PoseUncertainty?
    /// How strongly the image shows the density; nil unless that was asked.
    public var match: ScaleMatch?

    /// With what is fitted at the most probable pose.
    public func fitted(_ fits: PoseFits, _ image: PolarImage) -> ImagePosterior {
        var result = self
        if let refinement = fits.refinement {
            (result.pose, result.uncertainty) = refinement.refined(pose, of: image)
        }
        result.match = fits.scale?.match(of: image, at: result.pose)
        return result
    }
}

/// What is fitted to an image at its most probable pose, once the posterior is known.
public struct PoseFits: Sendable {
    /// The pose itself, off the quadrature's nodes.
    public var refinement: PoseRefinement?
    /// The image's scale.
    public var scale: ScaleFit?

    /// Both, either or none.
    public init(refinement: PoseRefinement? = nil, scale: ScaleFit? = nil) {
        self.refinement = refinement
        self.scale = scale
    }
}

/// Which part of the quadrature's nodes was evaluated, factor by factor and of the whole product.
public struct Coverage: Sendable, Equatable {
    /// Of the directions.
    public var directions: Double
    /// Of the in-plane angles.
    public var angles: Double
    /// Of the shifts.
    public var shifts: Double
    /// Of the points of the product.
    public var points: Double

    /// All of it.
    public static let whole = Coverage(directions: 1, angles: 1, shifts: 1, points: 1)

    /// Makes a coverage.
    public init(directions: Double, angles: Double, shifts: Double, points: Double) {
        self.directions = directions
        self.angles = angles
        self.shifts = shifts
        self.points = points
    }
}

/// The effective number of nodes of each factor: 1/Σφ² of the marginal posterior φ.
public struct PosteriorSpread: Sendable, Equatable {
    /// Directions, d and −d told apart.
    public var directions: Double
    /// In-plane angles.
    public var angles: Double
    /// Shifts.
    public var shifts: Double
}

/// A node of the quadrature.
public struct PoseNode: Sendable, Equatable {
    /// The index of the direction pair.
    public var direction: Int
    /// Whether the pair's opposite direction is meant.
    public var isOpposite: Bool
    /// The index of the shift.
    public var shift: Int
    /// The index of the in-plane angle.
    public var angle: Int
}
