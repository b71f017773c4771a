import CryoCore
import CryoReport
import FlyingFox
import Foundation

/// What is served at which path.
///
///     TOKEN/                    the run, or the list of runs
///     TOKEN/run/I/              a run: its report, or the page that follows it
///     TOKEN/run/I/events        server-sent events
///     TOKEN/run/I/files/NAME    one of ``RunFile/names``
///     TOKEN/run/I/stop          POST: stops the run
///     TOKEN/compare/I/J/        J's map laid upon I's; `result` is what its page waits for
final class Site: HTTPHandler {
    private let runs: [any RunSource]
    private let feeds: [RunFeed]
    private let gate = Mutex<Gate?>(nil)
    private let room = Seat.Room(limit: 64)
    private let comparisons = Mutex([String: String]())
    private let pages = Mutex([String: String]())
    /// Long work that would keep others waiting.
    private let bench = DispatchQueue(label: "daybreak.web.comparison")

    init(_ runs: [any RunSource]) {
        self.runs = runs
        feeds = runs.map { RunFeed($0) }
    }

    /// Opens the site once its port is known.
    func open(_ gate: Gate) { self.gate.withLock { $0 = gate } }

    /// How many pages listen.
    var listeners: Int { room.count }

    func handleRequest(_ request: HTTPRequest) async throws -> HTTPResponse {
        guard let gate = gate.withLock({ $0 }) else { return WebHeaders.refusal(503) }
        let verdict = gate.verdict(
            method: request.method.rawValue, path: request.target.path(), host: request.headers[.host],
            origin: request.headers[HTTPHeader("Origin")])
        switch verdict {
        case .refused(let status): return WebHeaders.refusal(status)
        case .admitted(let parts):
            return await answer(parts, isPost: request.method == .POST) ?? WebHeaders.refusal(404)
        }
    }

    private func answer(_ parts: [String], isPost: Bool) async -> HTTPResponse? {
        if isPost {
            guard parts.count == 3, parts[0] == "run", let index = run(parts[1]) else { return nil }
            guard runs[index].canStop else { return WebHeaders.refusal(405) }
            runs[index].stop()
            return WebHeaders.answer("stopping\n", "text/plain")
        }
        switch (parts.first, parts.count) {
        case ("", 1):
            return runs.count == 1 ? moved("run/0/") : WebHeaders.answer(IndexPage.html(runs), "text/html")
        case ("style.css", 1): return WebHeaders.answer(WebScripts.style, "text/css")
        case ("viewer.js", 1): return WebHeaders.answer(VolumeViewer.script, "text/javascript")
        case ("live.js", 1): return WebHeaders.answer(WebScripts.live, "text/javascript")
        case ("compare.js", 1): return WebHeaders.answer(WebScripts.compare, "text/javascript")
        case ("run", 3...):
            guard let index = run(parts[1]) else { return nil }
            return await about(index, Array(parts[2...]))
        case ("compare", 4):
            guard let first = run(parts[1]), let second = run(parts[2]), first != second else { return nil }
            return await comparison(first, second, parts[3])
        default: return nil
        }
    }

    private func run(_ text: String) -> Int? {
        Int(text).flatMap { runs.indices.contains($0) && String($0) == text ? $0 : nil }
    }

    private func moved(_ path: String) -> HTTPResponse {
        var headers = WebHeaders.headers("text/plain")
        headers[.location] = path
        return HTTPResponse(statusCode: HTTPStatusCode(303, phrase: "See Other"), headers: headers)
    }

    private func about(_ index: Int, _ parts: [String]) async -> HTTPResponse? {
        switch (parts[0], parts.count) {
        case ("", 1): return WebHeaders.answer(await page(index), "text/html")
        case ("files", 2): return RunFile.response(parts[1], in: runs[index].folder)
        case ("events", 1):
            guard let seat = room.seat() else { return WebHeaders.refusal(503) }
            let stream = EventStream(feed: feeds[index], seat: seat)
            return HTTPResponse(
                statusCode: .ok, headers: WebHeaders.headers("text/event-stream"),
                body: HTTPBodySequence(from: stream))
        default: return nil
        }
    }

    /// The report of a run that has ended, made once; otherwise the page that follows it.
    private func page(_ index: Int) async -> String {
        let run = runs[index]
        let sight = run.look()
        let navigation = IndexPage.navigation(runs, at: index)
        guard sight.state == .finished, run is FolderRun else {
            return RunPage.html(run, navigation: navigation, await feeds[index].elements())
        }
        let key = "\(index) \(sight.version)"
        if let known = pages.withLock({ $0[key] }) { return known }
        let files = "<p class=\"soft\">Files: \(RunFile.links(run.folder))</p>"
        do {
            let page = try ReportPage(folder: run.folder).html(
                head: "<link rel=\"icon\" href=\"data:,\">" + RunPage.style(depth: 2),
                navigation: navigation + files,
                scripts: RunPage.script("viewer.js", depth: 2))
            pages.withLock { $0[key] = page }
            return page
        } catch {
            return RunPage.frame(
                run.name, depth: 2, scripts: [],
                "\(navigation)<h1>\(HTML.escaped(run.name))</h1><p class=\"warning\">\(HTML.escaped("\(error)"))</p>"
            )
        }
    }

    private func comparison(_ first: Int, _ second: Int, _ part: String) async -> HTTPResponse? {
        let comparison = Comparison(first: runs[first], second: runs[second])
        switch part {
        case "":
            let navigation = """
                <nav><a href="../../../">all runs</a><a href="../../../run/\(first)/">\(HTML.escaped(runs[first].name))</a>\
                <a href="../../../run/\(second)/">\(HTML.escaped(runs[second].name))</a></nav>
                """
            let known = comparisons.withLock { $0[comparison.key] }
            return WebHeaders.answer(comparison.page(navigation: navigation, known: known), "text/html")
        case "result": return WebHeaders.answer(await result(comparison), "text/html")
        default: return nil
        }
    }

    /// One comparison at a time, each made once.
    private func result(_ comparison: Comparison) async -> String {
        await withCheckedContinuation { continuation in
            bench.async { [self] in
                let key = comparison.key
                if let known = comparisons.withLock({ $0[key] }) {
                    return continuation.resume(returning: known)
                }
                let result = comparison.result()
                comparisons.withLock { $0[key] = result }
                continuation.resume(returning: result)
            }
        }
    }
}
