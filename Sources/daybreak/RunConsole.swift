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
    private var lastChoice: String?

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
        if let last = iterations.last, last.iteration >= entry.iteration, entry.phase == .anneal {
            beginsAnew(entry, after: last)
        }
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
        live?.begin(job.run, input: job.plan.input, part: part)
        if let part { events?.began(part: part) }
    }

    /// The anneal begins once more: at another random start, with more images a step, at a finer limit, or with one that rises.
    private func beginsAnew(_ entry: IterationStatistics, after last: IterationStatistics) {
        let (before, now) = (Self.text(last.resolution, 1), Self.text(entry.resolution, 1))
        if entry.resolution > last.resolution {
            log.info("the next random start, at limits that rise from \(now) Å")
        } else if entry.batchSize > 2 * last.batchSize {
            log.info(
                "images hold more than the map explains at \(before) Å: from the start once more, with \(entry.batchSize) images a step"
            )
        } else if entry.resolution < last.resolution {
            log.info("images do not tell their poses at \(before) Å: from the start once more, at \(now) Å")
        } else {
            log.info("the next random start, at \(now) Å")
        }
    }

    /// What the run knows after an iteration; looked at a few times a second at most.
    func look(at progress: RunProgress, of run: Reconstruction) {
        live?.look(at: progress, of: run)
        if let text = progress.shortStartsText, text != lastChoice {
            lastChoice = text
            log.info("going on with \(text)")
        }
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
