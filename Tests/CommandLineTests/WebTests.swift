import Foundation
import Testing

/// The pages of `reconstruct --web` and `view`, as requests and in a browser.
@Suite(.serialized) struct WebTests {
    let folder: WorkingFolder

    init() throws {
        folder = try WorkingFolder()
        try folder.simulate(particles: 200, "--snr", "1")
    }

    private static let options = [
        "reconstruct", "data/particles.star", "--output", "run", "--max-resolution", "26", "--diameter",
        "150", "--set",
        "annealResolution=36", "--set", "annealBatch=40", "--set", "shiftExtent=12",
    ]

    /// Long enough to be looked at on any machine.
    private static let endless = options + ["--set", "annealIterations=3000", "--web", "--json"]

    @Test(.enabled(if: Server.hasCurl, "curl is not installed")) func theDoorIsNarrow() throws {
        let server = try Server(Self.endless, in: folder)
        defer { server.end() }
        let root = try server.address()
        let page = try server.get(root + "run/0/")
        #expect(page.status == 200)
        let policy = try #require(page.header("content-security-policy"))
        #expect(policy.contains("default-src 'none'") && !policy.contains("unsafe"))
        #expect(page.header("x-content-type-options") == "nosniff")
        // Scripts and styles are files of their own: the policy forbids others.
        #expect(
            !page.body.contains("<style") && !page.body.contains("style=\"") && !page.body.contains("onclick")
        )
        #expect(page.body.components(separatedBy: "<script").dropFirst().allSatisfy { $0.hasPrefix(" src=") })
        let port = try #require(URL(string: root)?.port)
        let other = "http://127.0.0.1:\(port)/0123456789abcdef0123456789abcdef/"
        #expect(try server.get(other + "run/0/").status == 404)
        #expect(try server.get("http://127.0.0.1:\(port)/").status == 404)
        #expect(try server.get(root, "-H", "Host: evil.example:\(port)").status == 403)
        for path in [
            "run/0/files/../../data/particles.star", "run/0/files/.lock", "run/0/files/checkpoint", "run/1/",
        ] {
            #expect(try server.get(root + path, "--path-as-is").status == 404, "\(path)")
        }
        // A link that leads out of the folder is not followed.
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/run/set-aside.star",
            withDestinationPath: folder.path + "/data/particles.star")
        #expect(try server.get(root + "run/0/files/set-aside.star").status == 404)
        let plan = try server.get(root + "run/0/files/plan.json")
        #expect(plan.status == 200 && plan.body.contains("inputPath"))
        #expect(try server.get(root + "run/0/", "-X", "POST").status == 405)
        #expect(
            try server.get(root + "run/0/stop", "-X", "POST", "-H", "Origin: http://evil.example").status
                == 403)
        // Its port is taken, and who asks for it again has written nothing.
        let second = try folder.run(
            "reconstruct", "data/particles.star", "--output", "second", "--port", "\(port)")
        #expect(second.status == 2 && second.errors.contains("port \(port)"), "\(second.errors)")
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/second"))
        #expect(server.process.isRunning)
    }

    @Test(.enabled(if: Server.hasCurl, "curl is not installed")) func eventsArriveAndStoppingStops() throws {
        let server = try Server(Self.endless, in: folder)
        defer { server.end() }
        let root = try server.address()
        let events = try server.get(root + "run/0/events", "-N", "--max-time", "3")
        #expect(events.header("content-type")?.hasPrefix("text/event-stream") ?? false)
        let kinds = events.body.components(separatedBy: "event: ").dropFirst().map {
            $0.prefix { $0 != "\n" }
        }
        #expect(kinds.contains("facts") && kinds.contains("figures"), "\(kinds)")
        let data = events.body.split(separator: "\n").filter { $0.hasPrefix("data: ") }.map {
            $0.dropFirst(6)
        }
        for text in data {
            _ = try #require(try? JSONSerialization.jsonObject(with: Data(text.utf8)), "\(text.prefix(80))")
        }
        #expect(try server.get(root + "run/0/stop", "-X", "POST").status == 200)
        server.process.waitUntilExit()
        #expect(server.process.terminationStatus == 130)
        #expect(folder.has("run/checkpoint") && folder.has("run/current.mrc"))
        // The last line for programs says so too.
        let last = try #require(try folder.text("out").split(separator: "\n").last)
        let result = try #require(try JSONSerialization.jsonObject(with: Data(last.utf8)) as? [String: Any])
        #expect(result["event"] as? String == "result" && result["state"] as? String == "stopped")
        // What was interrupted can be viewed.
        let view = try Server(["view", "run"], in: folder)
        defer { view.end() }
        let page = try view.get(try view.address() + "run/0/events", "-N", "--max-time", "2")
        #expect(page.body.contains("Interrupted") && page.body.contains("event: figures"))
        view.end()
        #expect(try folder.run("view", "data").status == 2)
    }

    /// In a browser all figures come, and nothing is complained of.
    @Test(.enabled(if: Browser.path != nil && Server.hasCurl, "chromium or curl is not installed"))
    func theBrowserFollowsARun() throws {
        let server = try Server(Self.endless, in: folder)
        defer { server.end() }
        let root = try server.address()
        // Figures are drawn once somebody looks.
        let events = try server.get(root + "run/0/events", "-N", "--max-time", "3")
        #expect(events.body.contains("event: figures"))
        let surface = "<div class=\"viewer calm\" data-begun=\"1\">"
        let (dom, log) = try browse(root + "run/0/") { $0.contains(surface) }
        for figure in [
            "map", "sections", "examples", "progress", "evidence", "poses", "views", "shifts", "noise",
            "sampling",
        ] {
            #expect(dom.contains("<figure id=\"\(figure)\""), "no figure \(figure)")
        }
        let errors = try folder.text("err")
        #expect(dom.contains(surface), "the surface is not shown: \(log.suffix(500)) \(errors.suffix(2000))")
        #expect(dom.contains("Running") && dom.contains("id=\"stop\""))
        expectNoComplaint(log)
    }

    @Test(.enabled(if: Browser.path != nil && Server.hasCurl, "chromium or curl is not installed"))
    func theBrowserComparesRuns() throws {
        let run = try folder.run(Self.options + ["--set", "annealIterations=20", "--quiet"])
        try #require(run.status == 0, "\(run.errors)")
        // The same twice: a map lies best upon itself.
        for name in ["first", "second"] {
            try FileManager.default.copyItem(atPath: folder.path + "/run", toPath: folder.path + "/" + name)
        }
        let server = try Server(["view", "first", "second"], in: folder)
        defer { server.end() }
        let root = try server.address()
        let list = try server.get(root)
        #expect(list.status == 200 && list.body.contains("compare/0/1/") && list.body.contains("run/1/"))
        let surface = "<div class=\"viewer\" data-begun=\"1\">"
        let (report, reportLog) = try browse(root + "run/0/") { $0.contains(surface) }
        for figure in ["map", "fsc", "sections", "examples", "evidence", "views", "noise", "particles"] {
            #expect(report.contains("<figure id=\"\(figure)\""), "no figure \(figure)")
        }
        #expect(report.contains(surface) && report.contains("id=\"verdict\""))
        expectNoComplaint(reportLog)
        // Made before the browser comes, which does not wait for ever.
        let result = try server.get(root + "compare/0/1/result")
        #expect(result.body.contains("FSC 0.5 between them") && result.body.contains("<b>same</b>hand"))
        let (pair, pairLog) = try browse(root + "compare/0/1/") {
            $0.components(separatedBy: surface).count == 3
        }
        for figure in ["first", "second", "between", "settings", "sections"] {
            #expect(pair.contains("<figure id=\"\(figure)\""), "no figure \(figure)")
        }
        #expect(pair.components(separatedBy: surface).count == 3)
        expectNoComplaint(pairLog)
    }

    private func expectNoComplaint(_ log: String) {
        let complaints = log.split(separator: "\n").filter { $0.contains(":CONSOLE") }
        #expect(complaints.isEmpty, "\(complaints)")
    }

    /// A page once it is whole, and what the browser said; what came of it if it never is.
    private func browse(
        _ address: String, until isWhole: (String) -> Bool
    ) throws -> (dom: String, log: String) {
        // Real time: events come as the server sends them; on a busy machine, or under a sanitizer, late.
        let end = ContinuousClock.now + .seconds(180)
        var (page, patience) = ((dom: "", log: ""), 3000)
        repeat {
            page = try Browser.page(address, patience: "--timeout=\(patience)", in: folder)
            patience = min(30_000, 3 * patience)
        } while !isWhole(page.dom) && ContinuousClock.now < end
        return page
    }
}

/// The program while it serves.
private final class Server {
    static let hasCurl = FileManager.default.isExecutableFile(atPath: "/usr/bin/curl")

    let process = Process()
    private let folder: WorkingFolder

    /// What a request got.
    struct Answer {
        var status: Int
        var head: [String]
        var body: String

        func header(_ name: String) -> String? {
            head.first { $0.lowercased().hasPrefix(name + ":") }.map {
                $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces)
            }
        }
    }

    /// Nothing came back; the program's errors tell why.
    struct Silence: Error {
        var question: String
        var errors: String
    }

    init(_ arguments: [String], in folder: WorkingFolder) throws {
        self.folder = folder
        for name in ["out", "err"] {
            _ = FileManager.default.createFile(atPath: "\(folder.path)/\(name)", contents: nil)
        }
        process.executableURL = URL(fileURLWithPath: try Program.path())
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(folder.path)/out"))
        process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(folder.path)/err"))
        try process.run()
    }

    /// Where the page is, once the program has said so.
    func address() throws -> String {
        while process.isRunning {
            let said = try folder.text("out") + "\n" + folder.text("err")
            if let range = said.range(
                of: "http://127\\.0\\.0\\.1:[0-9]+/[0-9a-f]{32}/", options: .regularExpression)
            {
                return String(said[range])
            }
            Thread.sleep(forTimeInterval: 0.02)
        }
        throw Silence(question: "its address", errors: try folder.text("err"))
    }

    /// Asks as curl does, which sends paths and headers that a library would mend.
    func get(_ address: String, _ more: String...) throws -> Answer {
        let curl = Process()
        curl.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        curl.arguments =
            ["curl", "--silent", "--include", "--max-time", "60", "--output", folder.path + "/answer"] + more
            + [address]
        try? FileManager.default.removeItem(atPath: folder.path + "/answer")
        curl.standardError = FileHandle.nullDevice
        try curl.run()
        curl.waitUntilExit()
        guard FileManager.default.fileExists(atPath: folder.path + "/answer") else {
            throw Silence(question: address, errors: try folder.text("err"))
        }
        let text = try folder.text("answer").replacingOccurrences(of: "\r\n", with: "\n")
        let parts = text.components(separatedBy: "\n\n")
        let head = parts[0].components(separatedBy: "\n")
        let status = head[0].split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return Answer(
            status: status, head: Array(head.dropFirst()), body: parts.dropFirst().joined(separator: "\n\n"))
    }

    func end() {
        guard process.isRunning else { return }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}
