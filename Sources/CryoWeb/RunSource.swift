import CryoReconstruction
import CryoReport

/// A run that can be looked at, wherever what is known of it comes from.
protocol RunSource: Sendable {
    /// Its name, for headings.
    var name: String { get }
    /// Its folder.
    var folder: String { get }
    /// Whether the page may stop it.
    var canStop: Bool { get }
    /// What is known now; called by pages that are looked at.
    func look() -> RunSight
    /// Asks it to stop.
    func stop()
}

/// What is known of a run at a moment.
struct RunSight: Sendable {
    /// How it stands.
    enum State: String, Sendable {
        /// It works.
        case running
        /// It was asked to stop and finishes its iteration.
        case stopping
        /// It was interrupted and can go on.
        case interrupted
        /// Its results are there.
        case finished
        /// It ended without a result.
        case failed
    }

    var state: State
    /// What it works on, in a line.
    var subtitle: String
    /// What is to be said about it, if there is something.
    var message: String?
    /// Its iterations so far.
    var iterations: [IterationStatistics]
    /// Changes when `iterations` or `state` do.
    var version: Int
    /// Changes when `figures` do.
    var figuresVersion: Int
    /// Makes what figures are drawn from; nil where there is nothing yet.
    var figures: (@Sendable () -> RunFigures)?
}
