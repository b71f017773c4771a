import CryoReport
import Foundation

/// The page of a run that goes on or was interrupted; figures come and are replaced by events.
enum RunPage {
    /// The frame of every page.
    static func frame(_ title: String, depth: Int, scripts: [String], _ body: String) -> String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        \(head(title, depth: depth))
        </head>
        <body>
        <main>
        \(body)
        </main>
        \(scripts.map { script($0, depth: depth) }.joined(separator: "\n"))
        </body>
        </html>

        """
    }

    static func head(_ title: String, depth: Int) -> String {
        """
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(HTML.escaped(title)) · Daybreak</title>
        <link rel="icon" href="data:,">
        \(style(depth: depth))
        """
    }

    static func style(depth: Int) -> String { "<link rel=\"stylesheet\" href=\"\(up(depth))style.css\">" }

    static func script(_ name: String, depth: Int) -> String {
        "<script src=\"\(up(depth))\(name)\"></script>"
    }

    private static func up(_ depth: Int) -> String { String(repeating: "../", count: depth) }

    /// The page.
    static func html(
        _ source: any RunSource, navigation: String, _ elements: (viewer: String?, figures: String)
    ) -> String {
        let sight = source.look()
        let stop = """
            <button id="stop" class="stop">Stop the run …</button>
            <dialog id="ask"><p>Stop the run? It finishes its iteration, keeps everything, and goes on later with</p>
            <code>daybreak reconstruct --resume \(HTML.escaped(source.folder))</code>
            <p class="answers"><button id="yes" class="stop">Stop the run</button> <button id="no" autofocus>Let it run</button></p>
            </dialog>
            """
        return frame(
            source.name, depth: 2, scripts: ["viewer.js", "live.js"],
            """
            \(navigation)
            <header class="live"><h1>\(HTML.escaped(source.name))</h1>\(source.canStop ? stop : "")</header>
            <p class="soft">\(HTML.escaped(sight.subtitle))</p>
            <div id="facts">\(facts(sight))</div>
            <p id="connection" class="warning" hidden>No answer from the program: it may have ended. Trying again …</p>
            <div class="grid" id="figures">
            <figure id="map">
            <h2>The map so far</h2>
            \(elements.viewer ?? VolumeViewer.emptyHTML)
            <p class="empty" id="waiting"\(elements.viewer == nil ? "" : " hidden")>The density comes with the next iteration.</p>
            <figcaption>\(RunFigures.surfaceReading)</figcaption>
            </figure>
            \(elements.figures)
            </div>
            """)
    }

    /// How the run stands.
    static func facts(_ sight: RunSight) -> String {
        let heading =
            switch sight.state {
            case .running: "Running"
            case .stopping: "Stopping"
            case .interrupted: "Interrupted"
            case .finished: "Finished"
            case .failed: "Nothing to show"
            }
        let message = sight.message.map { "<p class=\"soft\">\(HTML.escaped($0))</p>" } ?? ""
        guard let facts = RunFacts(sight.iterations) else {
            return "<p class=\"lead\"><b>\(heading)</b></p>\(message)"
        }
        let percent = Int(facts.latest.progress * 100)
        let isWorking = sight.state == .running || sight.state == .stopping
        let time =
            isWorking
            ? "\(percent) % · about \(facts.remaining) left · \(DurationText.text(seconds: facts.latest.seconds)) so far"
            : "\(percent) % after \(DurationText.text(seconds: facts.latest.seconds))"
        let items = facts.rows.map { "<li><b>\(HTML.escaped($0.value))</b>\(HTML.escaped($0.name))</li>" }
        return """
            <p class="lead"><b>\(heading)</b> · \(time)</p>
            <progress max="100" value="\(percent)">\(percent) %</progress>
            \(message)
            <ul class="facts">\(items.joined())</ul>
            """
    }
}
