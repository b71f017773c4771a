import CryoReport
import Foundation

/// The list of several runs.
enum IndexPage {
    /// The page.
    static func html(_ runs: [any RunSource]) -> String {
        let rows = runs.enumerated().map { index, run in
            let sight = run.look()
            let facts = RunFacts(sight.iterations)
            let others = runs.indices.filter { $0 != index }.map {
                "<a href=\"compare/\($0)/\(index)/\">\(HTML.escaped(runs[$0].name))</a>"
            }
            return """
                <tr><td><a href="run/\(index)/"><b>\(HTML.escaped(run.name))</b></a></td><td>\(sight.state.rawValue)</td>\
                <td>\(facts.map { HTML.text($0.latest.resolution, 1) + " Å" } ?? "–")</td>\
                <td>\(facts.map { DurationText.text(seconds: $0.latest.seconds) } ?? "–")</td>\
                <td class="wrap">\(HTML.escaped(sight.subtitle))</td><td>\(others.joined())</td></tr>
                """
        }
        return RunPage.frame(
            "Runs", depth: 0, scripts: [],
            """
            <h1>Runs</h1>
            <section class="runs"><table>
            <tr><th>run</th><th>state</th><th>limit</th><th>time</th><th>what</th><th>lay upon</th></tr>
            \(rows.joined(separator: "\n"))
            </table></section>
            """)
    }

    /// Links to the list and the other runs; empty where there is one run.
    static func navigation(_ runs: [any RunSource], at index: Int) -> String {
        guard runs.count > 1 else { return "" }
        let others = runs.indices.filter { $0 != index }.map {
            "<a href=\"../../compare/\($0)/\(index)/\">lay upon \(HTML.escaped(runs[$0].name))</a>"
        }
        return "<nav><a href=\"../../\">all runs</a>\(others.joined())</nav>"
    }
}
