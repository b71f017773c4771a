/// What happened in one iteration.
public struct IterationStatistics: Codable, Sendable {
    /// The iteration, from 0.
    public var iteration: Int
    /// The part of the run.
    public var phase: IterationPlan.Phase
    /// The frequency limit as a resolution, in Å.
    public var resolution: Double
    /// Images in the minibatch.
    public var batchSize: Int
    /// The inverse temperature.
    public var beta: Double
    /// The median over the minibatch of 1/Σp².
    public var effectivePoses: Double
    /// The mean log-evidence an image, relative to noise, in nats (tempered).
    public var logEvidence: Double
    /// ‖ΔV‖ / ‖V‖.
    public var relativeChange: Double
    /// Quadrature points of an image.
    public var poseCount: Int
    /// The mean part of them that was evaluated.
    public var evaluatedFraction: Double
    /// Seconds since the start.
    public var seconds: Double
    /// The part of the run's work that is done, from 0 to 1.
    public var progress: Double
}
