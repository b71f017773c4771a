/// How a particle lies: its orientation and where its centre is.
public struct Pose: Sendable, Equatable, BitwiseCopyable {
    /// The orientation.
    public var rotation: Rotation
    /// Translating the image by +origin centres the particle (`rlnOriginXAngst`), in Å.
    public var originX: Double
    /// Translating the image by +origin centres the particle (`rlnOriginYAngst`), in Å.
    public var originY: Double

    /// Makes a pose; origins in Å.
    public init(rotation: Rotation, originX: Double = 0, originY: Double = 0) {
        self.rotation = rotation
        self.originX = originX
        self.originY = originY
    }
}

/// How well a pose is known, if its neighbourhood is all there is.
public struct PoseUncertainty: Sendable, Equatable, BitwiseCopyable {
    /// The standard deviation of the orientation about one axis.
    public var angle: Angle
    /// The standard deviation of the origin along one axis, in Å.
    public var shift: Double

    /// Makes an uncertainty.
    public init(angle: Angle, shift: Double) {
        self.angle = angle
        self.shift = shift
    }
}

/// What was learnt about one particle's pose.
public struct PoseEstimate: Sendable, Equatable, BitwiseCopyable {
    /// The most probable pose.
    public var pose: Pose
    /// Natural logarithm of the marginal likelihood relative to pure noise, in nats, were the image as strong as all others.
    public var logEvidence: Double
    /// The posterior probability of the most probable quadrature point, in (0, 1].
    public var peakProbability: Double
    /// 1 / Σ p², the number of poses that share the posterior.
    public var effectivePoses: Double
    /// How well the pose is known; nil where it was not refined.
    public var uncertainty: PoseUncertainty?
    /// Whether noise alone explains the image better than the density does.
    public var isNoise: Bool { logEvidence < 0 }

    /// Makes an estimate.
    public init(
        pose: Pose, logEvidence: Double, peakProbability: Double, effectivePoses: Double,
        uncertainty: PoseUncertainty? = nil
    ) {
        self.pose = pose
        self.logEvidence = logEvidence
        self.peakProbability = peakProbability
        self.effectivePoses = effectivePoses
        self.uncertainty = uncertainty
    }
}
