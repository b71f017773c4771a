import CryoReconstruction
import CryoReport
import CryoWeb
import Foundation
import Logging

/// Tells of a run wherever somebody listens: the terminal, the log, a program that reads JSON, the live page.
final class RunConsole {
    /// Listens to JSON events, if somebody does.
    let events: JSONEvents?
    /// The page, if there is one.
    let live: LiveRun?
    private let screen: TerminalScreen
    private let isQuiet: Bool
    private let log: Logger
    private var iterations = [IterationStatistics]()
    /// Which part of a run of two goes on; nil for a run of one.
    private var part: Int?
    private var picture = [String]()
    private var lastPicture: ContinuousClock.Instant?
    private var lastRegion: ContinuousClock.Instant?
    private var lastPercent = -10
    /// The start of which was told, and what was told of the short ones of which it is the best.
    private var told = (start: Int?.none, choice: String?.none)

    private static let pictureColumns = 26

    init(screen: TerminalScreen, isQuiet: Bool, events: JSONEvents?, log: Logger, live: LiveRun?) {
        self.screen = screen
        self.isQuiet = isQuiet
        self.events = events
        self.log = log
        self.live = live
    }

    /// An iteration has ended.
    func note(_ entry: IterationStatistics) {
        let isOtherPhase = iterations.last?.phase != entry.phase
        iterations.note(entry)
        if iterations.count > 50 { iterations = RunFacts.needed(of: iterations) }
        log.debug("\(entry.line)")
        live?.note(entry)
        if isOtherPhase { events?.began(entry) }
        events?.iteration(entry)
        guard !isQuiet, !screen.isLive, let facts = RunFacts(iterations) else { return }
        let percent = Int(entry.progress * 100)
        if percent >= lastPercent + 5 || percent == 100 || isOtherPhase {
            lastPercent = percent
            screen.say(line(facts))
        }
    }

    /// A run begins or goes on, or the second of its two parts, of which iterations and progress are counted anew.
    func begin(_ job: Reconstruct.Job) {
        (iterations, part, lastPercent) = ([], job.plan.part, -10)
        told = (job.progress?.start, job.progress?.shortStartsText)
        live?.begin(job.run, input: job.plan.input, part: part)
        if let part { events?.began(part: part) }
    }

    /// What the run knows after an iteration; looked at a few times a second at most.
    func look(at progress: RunProgress, of run: Reconstruction) {
        live?.look(at: progress, of: run)
        tell(progress, of: run)
        guard !isQuiet, screen.isLive, let facts = RunFacts(iterations) else { return }
        let now = ContinuousClock.now
        if facts.latest.progress < 1, let lastRegion, now - lastRegion < .milliseconds(200) { return }
        lastRegion = now
        let width = screen.width
        if width < 76 || screen.colours == .none {
            picture = []
        } else if lastPicture.map({ now - $0 > .seconds(2) }) ?? true || facts.latest.progress == 1 {
            lastPicture = now
            picture =
                progress.density(atMost: 64).map {
                    DensityGlyphs.lines($0, columns: Self.pictureColumns, colours: screen.colours)
                } ?? []
        }
        screen.show(ProgressRegion.lines(facts, part: part, picture: picture, width: width))
    }

    /// Tells why another start begins, and on which of the short ones it goes on.
    private func tell(_ progress: RunProgress, of run: Reconstruction) {
        if progress.start != told.start, let text = run.startText(of: progress) { log.info("\(text)") }
        let choice = progress.shortStartsText
        if let choice, choice != told.choice { log.info("going on with \(choice)") }
        told = (progress.start, choice)
    }

    /// What was shown stays; what follows comes below it.
    func endRegion() { screen.endRegion() }

    /// How the run stands, in a line.
    private func line(_ facts: RunFacts) -> String {
        let entry = facts.latest
        let agreement = facts.agreement.map { " · halves agree \(Self.text($0, 2))" } ?? ""
        let speed = facts.imagesPerSecond.map { " · \(Self.text($0, 0)) images/s" } ?? ""
        return
            "\(RunFacts.name(entry.phase)) \(Self.text(entry.resolution, 1)) Å · iteration \(entry.iteration + 1)"
            + " · log-evidence \(Self.text(entry.logEvidence, 1)) · poses \(Self.text(entry.effectivePoses, 0))\(agreement)\(speed)"
            + " · \(ProgressRegion.share(facts, part: part))"
    }

    private static func text(_ value: Double, _ digits: Int) -> String {
        String(format: "%.\(digits)f", value)
    }
}
