import CryoReconstruction
import CryoReport
import Foundation

/// Shows how a run goes: a live line on a terminal, plain lines in a pipe.
struct ProgressLine {
    private let isTerminal: Bool
    private var lastPercent = -10

    init() { isTerminal = isatty(FileHandle.standardError.fileDescriptor) != 0 }

    /// Shows one iteration.
    mutating func show(_ entry: IterationStatistics) {
        let percent = Int(entry.progress * 100)
        let remaining = entry.progress > 0.01 ? entry.seconds * (1 / entry.progress - 1) : .nan
        let text =
            "\(entry.phase.rawValue) \(format(entry.resolution, 1)) Å · iteration \(entry.iteration + 1)"
            + " · log-evidence \(format(entry.logEvidence, 1)) · poses \(format(entry.effectivePoses, 0))"
            + " · \(percent) % · \(DurationText.text(seconds: remaining)) left"
        if isTerminal {
            let filled = percent * 24 / 100
            let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 24 - filled)
            write("\r\u{1B}[K\(bar) \(text)")
        } else if percent >= lastPercent + 5 || percent == 100 {
            lastPercent = percent
            write(text + "\n")
        }
    }

    /// Ends the live line.
    func finish() { if isTerminal { write("\n") } }

    private func write(_ text: String) { FileHandle.standardError.write(Data(text.utf8)) }

    private func format(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
}
