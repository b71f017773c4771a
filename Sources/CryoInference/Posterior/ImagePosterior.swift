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
    /// The part of the quadrature's cells that was evaluated.
    public var evaluatedFraction: Double
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
