/// The beginning of a random start, to the end of the first limit with momentum.
public struct ShortStart: Codable, Sendable, Equatable {
    /// Its seed.
    public var seed: UInt64
    /// The mean log-evidence an image in its last iterations, in nats.
    public var logEvidence: Double
}

extension ReconstructionParameters {
    /// Whether images begin to tell their poses, so that one start is as good as another.
    ///
    /// The 30S has at most ten poses at SNR 0.03 where short starts end, 60 at 0.025 and 130 to 160 at 0.02.
    fileprivate func isPromising(effectivePoses: Double) -> Bool { effectivePoses <= 8 * annealEnd }
}

/// A start whose limit rises is the best of several short ones.
///
/// How far a rise leads with the noisiest images depends on the coarse shape that it came to by chance, and evidence tells that before a fifth
/// of its time is spent: four starts of the 30S at SNR 0.02 with 2.554, 2.581, 2.585 and 2.620 nats at 28.4 Å had mean correlations with the truth of
/// 0.26, 0.33, 0.39 and 0.42 from 85 to 32 Å at the end of the next limit.
extension Reconstruction {
    /// The last iterations of a short start by which it is compared with others.
    private static let comparedIterations = 5

    /// How many short starts follow the present one; nil where none is made.
    func shortStartsToCome(_ progress: RunProgress) -> Int? {
        guard let earlier = progress.shortStarts, progress.start != nil, startsAtRandom,
            parameters.maxIterations == nil, let count = plans[progress.repetition].shortCount,
            progress.iteration <= count
        else { return nil }
        let toCome = parameters.annealShortStarts - 1 - earlier.count
        return toCome < 0 ? nil : toCome
    }

    /// Where a short start ends, begins another or goes on with the one that images prefer.
    func endShortStart(_ progress: inout RunProgress) {
        guard let toCome = shortStartsToCome(progress), let start = progress.start,
            let earlier = progress.shortStarts, let last = progress.lastStatistics,
            progress.iteration == plans[progress.repetition].shortCount,
            !(earlier.isEmpty && (toCome == 0 || parameters.isPromising(effectivePoses: last.effectivePoses)))
        else { return }
        let entries = progress.course.statistics.suffix(Self.comparedIterations)
        let short = ShortStart(
            seed: progress.states[0].seed,
            logEvidence: entries.reduce(0) { $0 + $1.logEvidence } / Double(entries.count))
        progress.shortStarts = earlier + [short]
        if earlier.allSatisfy({ $0.logEvidence < short.logEvidence }) {
            progress.bestShortStart = RankedStart(progress)
        }
        if toCome > 0 {
            (progress.iteration, progress.course.statistics) = (0, [])
            forgetAll(&progress, seed: seed(ofStart: start, short: earlier.count + 1))
        } else if let best = progress.bestShortStart {
            progress.bestShortStart = nil
            resume(best, &progress)
        }
    }
}
