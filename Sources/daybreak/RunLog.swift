import CryoCore
import CryoFiles
import CryoReconstruction
import Foundation
import Logging

/// Everything that a run said, kept for `log.txt`.
final class Transcript: Sendable {
    private let lines: Mutex<[String]>

    /// Begins, perhaps with what an earlier part of the run said.
    init(continuing path: String?) {
        let earlier = path.flatMap { try? String(contentsOfFile: $0, encoding: .utf8) } ?? ""
        lines = Mutex(earlier.split(separator: "\n").map(String.init))
    }

    /// The text so far.
    var data: Data { Data((lines.withLock { $0 }.joined(separator: "\n") + "\n").utf8) }

    /// Adds a line.
    func append(_ line: String) { lines.withLock { $0.append(line) } }
}

/// Sends log messages to the transcript and, at or above its level, to the terminal.
struct RunLogHandler: LogHandler {
    let transcript: Transcript
    var logLevel: Logger.Level = .debug
    /// What also reaches the terminal.
    var terminalLevel: Logger.Level
    /// Where that is.
    let screen: TerminalScreen
    /// Who also hears of warnings.
    let events: JSONEvents?
    var metadata: Logger.Metadata = [:]

    init(
        transcript: Transcript, terminalLevel: Logger.Level, screen: TerminalScreen, events: JSONEvents?
    ) {
        self.transcript = transcript
        self.terminalLevel = terminalLevel
        self.screen = screen
        self.events = events
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let text = "\(event.message)".printable
        let line = event.level >= .warning ? "\(event.level): \(text)" : text
        transcript.append(line)
        if event.level >= .warning { events?.warning("\(event.message)") }
        if event.level >= terminalLevel { screen.say(line) }
    }
}

extension IterationStatistics {
    /// The iteration as a line of `log.txt`.
    var line: String {
        String(
            format:
                "%5d %@ %7.2f Å  beta %.4f  poses %10.1f of %.4f  log-evidence %10.3f  change %.4f  %.1f s",
            iteration + 1, phase.rawValue, resolution, beta, effectivePoses, evaluatedFraction, logEvidence,
            relativeChange, seconds)
    }
}
