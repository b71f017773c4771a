import Foundation

extension RunRecord {
    /// Why the map should not be trusted, or not to the resolution that its half-sets say; empty if nothing speaks against it.
    ///
    /// Half-sets share the anneal and positivity, so on a set that is too noisy they may agree on what is not there. A 30S
    /// set of SNR 0.02 agreed to 21 Å and was right to 67; its images gained 0.4 nats, and its poses were known to 14°. A
    /// 70S set with junk agreed to 18 Å and was right to 42; its images gained 3.6 nats, and the median one fitted 1,097
    /// poses. Right maps of six sets gained 18 to 53 nats, and their images fitted 2 to 11 poses at the end.
    public var doubts: [String] {
        func text(_ value: Double, _ digits: Int = 1) -> String { String(format: "%.\(digits)f", value) }
        var doubts = [String]()
        if let check = nullCheck, !check.isPassed {
            doubts.append("images do not prefer the map to its radial average: its detail is not supported")
        } else if let check = nullCheck, check.gain < 5 {
            doubts.append(
                "images prefer the map to its radial average by \(text(check.gain)) nats only; a good map gains ten"
            )
        }
        if let last = iterations.last, last.phase == .final, last.effectivePoses > 100 {
            doubts.append(
                "half of the images fit \(text(last.effectivePoses, 0)) poses or more equally well; with a good map it is ten or so"
            )
        }
        // A short anneal from a known map leaves more to be found: of a cage with I 36 %, whose map was right to 9.8 Å.
        if beganWithMap != true, let start = starts.first(where: \.isKept), !start.explainsEnough,
            let share = start.explainedShare,
            let limit = start.resolution
        {
            doubts.append(
                "the map of the anneal explains \(text(100 * share, 0)) % of the signal that images hold to \(text(limit)) Å; a good one two thirds and up"
            )
        }
        if let resolution {
            // By the standard deviation about one axis.
            let deviation = (particles.medianTurn ?? 0) / ParticleAccount.medianLength.turn
            let blur = deviation * .pi / 180 * diameter / 2
            if blur > resolution.corrected0143 {
                doubts.append(
                    "poses are known to \(ParticleAccount.text(angleError: particles.medianTurn ?? 0)), which blurs the rim by \(text(min(blur, diameter / 2))) Å: "
                        + "the half-sets' \(text(resolution.corrected0143)) Å are too good to be true")
            }
            if !iterations.contains(where: { $0.phase == .march }) {
                doubts.append(
                    "the run ended before its half-sets learnt apart: they agree on what they share")
            }
            if !(resolution.corrected0143 < diameter / 4) {
                doubts.append("half-sets agree on the coarse shape only")
            }
        }
        if contrastGain.map({ $0 < 1 }) ?? (parameters.contrast == nil && !contrast.isClear) {
            doubts.append(
                "whether protein is white or black is not certain; give --contrast if the map looks hollow")
        }
        return doubts
    }

    /// What is said of a map with doubts, in a sentence; nil for one without.
    public var caution: String? {
        doubts.isEmpty ? nil : "Do not trust this map as it is: \(doubts.joined(separator: "; "))."
    }

    /// By how many nats images prefer the contrast that was kept, at the end of the last anneals with both; nil if it alone
    /// was tried.
    public var contrastGain: Double? {
        StartRecord.gain(ofContrast: contrast.sign, starts) ?? firstPart?.contrastGain
    }
}
