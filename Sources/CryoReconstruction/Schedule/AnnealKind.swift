/// How an anneal goes about finding the density, in the order in which a run tries: each takes longer than the one before.
public enum AnnealKind: Int, Sendable, CaseIterable {
    /// At one limit, as the settings say.
    case first
    /// At the same limit, with four times as many images a step.
    case thorough
    /// From the coarse shape, at a limit that rises to one at which noisy images tell their poses.
    case rising
}
