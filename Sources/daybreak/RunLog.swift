import CryoReconstruction
import Foundation
import Logging
import Synchronization

/// What a run says: to the terminal, and all of it to `log.txt` at the end.
final class RunLog: Sendable {
    private let lines = Mutex<[String]>([])
    private let isQuiet: Bool

    init(isQuiet: Bool) { self.isQuiet = isQuiet }

    /// Everything said, as text.
    var data: Data { Data((lines.withLock { $0 }.joined(separator: "\n") + "\n").utf8) }

    /// Says something worth knowing.
    func info(_ message: String) { say(message, level: .info) }

    /// Says something that may need a look.
    func warning(_ message: String) { say("warning: \(message)", level: .warning) }

    /// Notes an iteration, for the file only.
    func record(_ entry: IterationStatistics) {
        let line = String(
            format: "%5d %@ %7.2f Å  beta %.4f  poses %10.1f  log-evidence %10.3f  change %.4f  %.1f s",
            entry.iteration + 1, entry.phase.rawValue, entry.resolution, entry.beta, entry.effectivePoses,
            entry.logEvidence, entry.relativeChange, entry.seconds)
        lines.withLock { $0.append(line) }
    }

    private func say(_ message: String, level: Logger.Level) {
        lines.withLock { $0.append(message) }
        if level >= .warning || !isQuiet { FileHandle.standardError.write(Data("\(message)\n".utf8)) }
    }
}
