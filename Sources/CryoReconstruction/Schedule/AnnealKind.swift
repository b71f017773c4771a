/// How an anneal goes about finding the density, in the order in which a run tries: each takes longer than the one before.
public enum AnnealKind: Sendable, CaseIterable {
    /// At one limit, as the settings say.
    case first
    /// At the same limit, with four times as many images a step.
    case thorough
    /// As thorough, at a limit a quarter finer.
    ///
    /// The 70S at SNR 0.05 is right there, which is wrong at 32 Å from every seed, and which a limit that rises leads astray.
    case finer
    /// From the coarse shape, at a limit that rises by a quarter more.
    ///
    /// The 30S is right then at SNR 0.03 and 0.025, and at a constant limit by luck.
    case rising
    /// As the one before, without positivity.
    ///
    /// Of a molecule that has negative values, since images lack the lowest frequencies, positivity hides much: the 70S at SNR 0.02
    /// is right to 28 Å without it and lost with it. Others fare worse: noise may be learnt that positivity forbids.
    case free
    /// As the one that rises, with four times as many images a step, if there are more.
    ///
    /// What images tell together of a map grows with their number: at SNR 0.02 five thousand of the 30S do not suffice and twenty
    /// thousand do.
    case plentiful
    /// As many, without positivity; instead of the one before, where images prefer a map without.
    case plentifulFree

    /// By how much its last limit is finer than that of the first.
    var refinement: Double { rises ? 1.5625 : self == .finer ? 1.25 : 1 }

    /// By how much its minibatches are larger than those of the first.
    var thoroughness: Int { self == .first ? 1 : isPlentiful ? 16 : 4 }

    /// Whether its limit rises from the coarse shape.
    var rises: Bool { self == .rising || self == .free || isPlentiful }

    /// Whether negative values are left.
    var isFree: Bool { self == .free || self == .plentifulFree }

    /// Whether it takes all images that a step may have.
    var isPlentiful: Bool { self == .plentiful || self == .plentifulFree }
}
