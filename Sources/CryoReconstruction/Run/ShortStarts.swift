import Foundation

/// The beginning of a random start, to the end of the first limit with momentum.
public struct ShortStart: Codable, Sendable, Equatable {
    /// Its seed.
    public var seed: UInt64
    /// The mean log-evidence an image in its last iteration, in nats.
    public var logEvidence: Double
}

/// The short starts of which a start is the best.
struct ShortStarts: Codable, Sendable {
    /// How many came before the present one.
    var index = 0
    /// Those that have ended.
    var ended = [ShortStart]()
    /// The one of these that images prefer, until one goes on.
    var best: RankedStart?
    /// Whether one goes on.
    var isDecided = false

    /// Those that were compared, once one goes on; nil where it was the only one.
    var compared: [ShortStart]? { isDecided && ended.count > 1 ? ended : nil }

    /// One goes on.
    mutating func decide() { (best, isDecided) = (nil, true) }
}

extension [ShortStart] {
    /// How many they are and what they had, in words.
    var text: String {
        let evidences = map { String(format: "%.3f", $0.logEvidence) }
        return "the best of \(count) short ones, which had \(evidences.joined(separator: ", ")) nats"
    }
}

extension ReconstructionParameters {
    /// Whether images begin to tell their poses, so that one start is as good as another.
    ///
    /// The 30S has at most ten poses at SNR 0.03 where short starts end, 69 at 0.025 and 128 to 163 at 0.02.
    fileprivate func isPromising(effectivePoses: Double) -> Bool { effectivePoses <= 8 * annealEnd }
}

/// A start whose limit rises is the best of several short ones.
///
/// How far a rise leads with the noisiest images depends on the coarse shape that it came to by chance, and evidence tells that before a fifth
/// of its time is spent: four starts of the 30S at SNR 0.02 with 2.554, 2.581, 2.585 and 2.620 nats at 28.4 Å had mean correlations with the truth of
/// 0.26, 0.33, 0.39 and 0.42 from 85 to 32 Å at the end of the next limit. All are compared by the same images.
extension Reconstruction {
    /// How many short starts each start of a plan has; 1 where it is not chosen so.
    func shortStartCount(_ repetition: Int) -> Int {
        let isChosen =
            startsAtRandom && parameters.maxIterations == nil && plans[repetition].shortCount != nil
        return isChosen ? parameters.annealShortStarts : 1
    }

    /// The present short starts; nil where there are none, or one goes on.
    private func openShortStarts(_ progress: RunProgress) -> ShortStarts? {
        guard progress.start != nil, shortStartCount(progress.repetition) > 1,
            let shortStarts = progress.shortStarts, !shortStarts.isDecided
        else { return nil }
        return shortStarts
    }

    /// How many short starts follow the present one.
    func shortStartsToCome(_ progress: RunProgress) -> Int {
        openShortStarts(progress).map { shortStartCount(progress.repetition) - 1 - $0.index } ?? 0
    }

    /// Where a short start has ended, begins another or goes on with the one that images prefer.
    ///
    /// One whose images begin to tell their poses goes on at once.
    func endShortStart(_ progress: inout RunProgress) {
        guard var shortStarts = openShortStarts(progress), let last = progress.lastStatistics,
            let count = plans[progress.repetition].shortCount, progress.iteration >= count
        else { return }
        let short = ShortStart(seed: progress.states[0].seed, logEvidence: last.logEvidence)
        let isBest = shortStarts.ended.allSatisfy { $0.logEvidence < short.logEvidence }
        shortStarts.ended.append(short)
        if progress.iteration > count || parameters.isPromising(effectivePoses: last.effectivePoses) {
            shortStarts.decide()
            progress.shortStarts = shortStarts
            return
        }
        if isBest { shortStarts.best = RankedStart(progress) }
        _ = leaveShortStart(shortStarts, &progress)
    }

    /// Ends a short start whose density vanished; false if it was none, or neither another nor an earlier one is left.
    func giveUpShortStart(_ progress: inout RunProgress) -> Bool {
        guard let shortStarts = openShortStarts(progress) else { return false }
        progress.course.forgetEmptiness()
        return leaveShortStart(shortStarts, &progress)
    }

    /// Begins the next short start, or goes on with the best one; false if there is none.
    private func leaveShortStart(_ shortStarts: ShortStarts, _ progress: inout RunProgress) -> Bool {
        var shortStarts = shortStarts
        if shortStartsToCome(progress) > 0 {
            shortStarts.index += 1
            progress.shortStarts = shortStarts
            (progress.iteration, progress.course.statistics) = (0, [])
            forgetAll(&progress, seed: seed(ofStart: progress.start ?? 0, short: shortStarts.index))
            return true
        }
        guard let best = shortStarts.best else { return false }
        shortStarts.decide()
        progress.shortStarts = shortStarts
        progress.iteration = plans[progress.repetition].shortCount ?? 0
        resume(best, &progress)
        return true
    }
}
