/// How an anneal goes about finding the density.
///
/// A run carries out the first kind, and of those that follow the ones that may help while its map is not good enough; each takes longer
/// than the one before.
public struct AnnealKind: Sendable, Equatable {
    /// Whether its minibatches are four times as large.
    var isThorough = true
    /// How often its limit is made a quarter finer.
    var refinement = 0
    /// Whether it goes on with the best map so far, untempered; else it begins at a random start.
    var goesOn = false
    /// Whether its limit rises to that one.
    var rises = false

    /// All kinds, in the order in which they are tried.
    ///
    /// Four times the images, then finer limits: at these, noisy images tell their poses. A map that nearly told them is gone on with
    /// before another random start is risked at the next limit: of the 30S at SNR 0.03, seed 1, one at 25.6 Å had 69
    /// effective poses (six nats); gone on with at 21.3 Å it came to 7 (7.9 nats), while a random start there
    /// ended with 930 (4.0 nats).
    static let all = [
        AnnealKind(isThorough: false), AnnealKind(), AnnealKind(refinement: 1),
        AnnealKind(refinement: 2, goesOn: true), AnnealKind(refinement: 2),
        AnnealKind(refinement: 2, rises: true),
    ]

    /// The first kind.
    public static let first = all[0]
}
