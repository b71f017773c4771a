import CryoReport
import Foundation

/// Renders what a run's pages show, once for all of them.
actor RunFeed {
    private let source: any RunSource
    private var facts = (version: -1, event: [UInt8]())
    private var rendering: Rendering?
    /// The least time between two renderings of the figures, in seconds.
    private static let interval = 2.0
    private var lastFigures: ContinuousClock.Instant?

    init(_ source: any RunSource) { self.source = source }

    /// What a page has seen.
    struct Seen: Sendable {
        var facts = -1
        var figures = -1
        var wasWorking = false
    }

    /// What is new for a page, empty if nothing is; `isLast` ends its stream.
    func news(_ seen: inout Seen) -> (events: [UInt8], isLast: Bool) {
        let sight = source.look()
        var events = [UInt8]()
        if seen.facts != sight.version {
            if facts.version != sight.version {
                facts = (
                    sight.version,
                    Self.event("facts", ["html": RunPage.facts(sight), "state": sight.state.rawValue])
                )
            }
            seen.facts = sight.version
            events += facts.event
        }
        if let rendering = rendered(sight), seen.figures != rendering.version {
            seen.figures = rendering.version
            events += rendering.event
        }
        let isLast = sight.state != .running && sight.state != .stopping
        if !isLast { seen.wasWorking = true }
        if isLast {
            // What was a checkpoint is now a result, or the other way round: the page has to be another one.
            let isOther = source is FolderRun && seen.wasWorking
            events += Self.event(isOther ? "reload" : "end", ["state": sight.state.rawValue])
        }
        return (events, isLast)
    }

    /// The figures as they are now, for a page that is opened: their elements, and the density's viewer.
    func elements() -> (viewer: String?, figures: String) {
        guard let rendering = rendered(source.look()) else { return (nil, "") }
        return (rendering.viewer, rendering.message.figures.map(\.html).joined(separator: "\n"))
    }

    /// Figures, drawn.
    private struct Rendering {
        var version: Int
        var message: FiguresMessage
        var viewer: String?
        var event: [UInt8]
    }

    /// The latest figures, drawn anew only if some are due.
    private func rendered(_ sight: RunSight) -> Rendering? {
        guard rendering?.version != sight.figuresVersion, isDue, let make = sight.figures else {
            return rendering
        }
        lastFigures = .now
        let figures = make()
        let elements = ((try? figures.all()) ?? []).map { Element(id: $0.id, html: $0.html) }
        let viewer = figures.map.map {
            VolumeViewer($0, threshold: $0.level(enclosing: 0.7) ?? 0, isCalm: true)
        }
        let message = FiguresMessage(
            figures: elements,
            density: viewer.map { Density(edge: $0.edge, level: $0.level, voxels: $0.voxels) })
        rendering = Rendering(
            version: sight.figuresVersion, message: message, viewer: viewer?.html,
            event: Self.event("figures", message))
        return rendering
    }

    private var isDue: Bool {
        lastFigures.map { (ContinuousClock.now - $0) / .seconds(1) >= Self.interval } ?? true
    }

    private struct Element: Encodable {
        var id: String
        var html: String
    }

    private struct Density: Encodable {
        var edge: Int
        var level: Double
        var voxels: String
    }

    private struct FiguresMessage: Encodable {
        var figures: [Element]
        var density: Density?
    }

    /// A server-sent event whose data is JSON, which has no line breaks of its own.
    static func event(_ name: String, _ data: some Encodable) -> [UInt8] {
        let json = (try? JSONEncoder().encode(data)) ?? Data("{}".utf8)
        return Array("event: \(name)\ndata: ".utf8) + Array(json) + Array("\n\n".utf8)
    }
}
