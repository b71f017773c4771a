/// How an anneal goes about finding the density, in the order in which a run tries: each takes longer than the one before.
public enum AnnealKind: Sendable, CaseIterable {
    /// At one limit, as the settings say.
    case first
    /// At the same limit, with four times as many images a step.
    case thorough
    /// As thorough, at a limit a quarter finer. The 70S at SNR 0.05 is right there, which is wrong at 32 Å from every seed, and
    /// which a limit that rises leads astray.
    case finer
    /// From the coarse shape, at a limit that rises by a quarter more; the 30S is right then at SNR 0.03 and 0.025, and at a constant limit by luck.
    case rising

    /// By how much its last limit is finer than that of the first.
    var refinement: Double {
        switch self {
        case .first, .thorough: 1
        case .finer: 1.25
        case .rising: 1.5625
        }
    }
}
