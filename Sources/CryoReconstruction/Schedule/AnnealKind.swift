/// How an anneal goes about finding the density.
public struct AnnealKind: Sendable {
    /// By how much its last limit is finer than that of the first.
    var refinement = 1.0
    /// By how much its minibatches are larger than those of the first.
    var thoroughness = 4
    /// Whether its limit rises from the coarse shape.
    var rises = false
    /// Whether negative values are set to zero.
    var isPositive = true

    /// By how much the limit of those that rise is finer in the end.
    private static let risingRefinement = 1.5625

    /// At one limit, as the settings say.
    public static let first = AnnealKind(thoroughness: 1)
    /// At the same limit, with four times as many images a step.
    static let thorough = AnnealKind()
    /// As thorough, at a limit a quarter finer.
    ///
    /// The 70S at SNR 0.05 is right there, which is wrong at 32 Å from every seed, and which a limit that rises leads astray.
    static let finer = AnnealKind(refinement: 1.25)
    /// From the coarse shape, at a limit that rises by a quarter more.
    ///
    /// The 30S is right then at SNR 0.03 and 0.025, and at a constant limit by luck.
    static let rising = AnnealKind(refinement: risingRefinement, rises: true)
    /// As the one before, without positivity.
    ///
    /// Of a molecule that has negative values, since images lack the lowest frequencies, positivity hides much: five thousand
    /// images of the 70S at SNR 0.02 had 3.5 nats each without it and 1.4 with it, and of ten thousand it is right without. Others fare worse: noise may be learnt that positivity forbids.
    static let free = AnnealKind(refinement: risingRefinement, rises: true, isPositive: false)
    /// As the one that rises, with four times as many images a step, if there are more.
    ///
    /// What images tell together of a map grows with their number: of the 30S at SNR 0.02 five thousand gave 13.2 Å and poses to 8.2°, not
    /// from every seed, and twenty thousand 11.8 Å and 6.2°.
    static let plentiful = AnnealKind(refinement: risingRefinement, thoroughness: 16, rises: true)
    /// As many, without positivity; instead of the one before, where images prefer a map without.
    static let plentifulFree = AnnealKind(
        refinement: risingRefinement, thoroughness: 16, rises: true, isPositive: false)

    /// In the order in which a run tries: each takes longer than the one before.
    static let inOrder = [first, thorough, finer, rising, free, plentiful, plentifulFree]

    /// Whether it takes as many images as a step may have.
    var isPlentiful: Bool { thoroughness > Self.rising.thoroughness }
}
