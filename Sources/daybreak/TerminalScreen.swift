import CryoCore
import Foundation
import Glibc

/// The standard error as a person sees it: lines that stay, and on a terminal a region below them that changes.
///
/// Where it is no terminal, or one that cannot move its cursor, there is no region and lines begin with the time.
final class TerminalScreen: Sendable {
    /// How many colours the terminal shows.
    enum Colours: Sendable {
        case none, palette, full
    }

    /// Whether there can be a region.
    let isLive: Bool
    /// What pictures may be painted with.
    let colours: Colours
    private let region = Mutex([String]())

    /// Looks at the standard error and at `TERM`, `COLORTERM` and `NO_COLOR`.
    init(environment: [String: String] = ProcessInfo.processInfo.environment) {
        let terminal = environment["TERM"] ?? "dumb"
        isLive = isatty(STDERR_FILENO) != 0 && terminal != "dumb" && !terminal.isEmpty
        colours = isLive ? Self.colours(environment) : .none
    }

    /// What a terminal says of its colours.
    static func colours(_ environment: [String: String]) -> Colours {
        guard environment["NO_COLOR"]?.isEmpty ?? true else { return .none }
        if ["truecolor", "24bit"].contains(environment["COLORTERM"] ?? "") { return .full }
        let terminal = environment["TERM"] ?? ""
        return terminal.contains("256color") || terminal.contains("direct") ? .palette : .none
    }

    /// Columns of the terminal; 80 where it does not say.
    var width: Int {
        var size = winsize()
        guard unsafe ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// Writes a line that stays.
    func say(_ line: String) {
        region.withLock { lines in
            guard isLive else { return write("\(Self.time()) \(line)\n") }
            write(Self.erase(lines.count) + line + "\n" + Self.text(lines))
        }
    }

    /// Replaces the region; without a terminal nothing happens.
    func show(_ lines: [String]) {
        guard isLive else { return }
        region.withLock { old in
            write(Self.erase(old.count) + Self.text(lines))
            old = lines
        }
    }

    /// Leaves the region as it is; what follows comes below it.
    func endRegion() { region.withLock { $0 = [] } }

    private static func text(_ lines: [String]) -> String { lines.map { $0 + "\n" }.joined() }

    /// Moves to the region's beginning and clears what follows.
    private static func erase(_ count: Int) -> String { count == 0 ? "" : "\u{1B}[\(count)F\u{1B}[J" }

    private static func time() -> String {
        var (now, parts) = unsafe (Glibc.time(nil), tm())
        unsafe localtime_r(&now, &parts)
        return unsafe String(
            format: "%04d-%02d-%02d %02d:%02d:%02d", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
            parts.tm_hour, parts.tm_min, parts.tm_sec)
    }

    private func write(_ text: String) { StandardStreams.say(text) }
}
