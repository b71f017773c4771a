import Foundation
import Testing

/// `report.html`, as text and in a browser.
@Suite(.serialized) struct ReportTests {
    let folder: WorkingFolder

    init() throws {
        folder = try WorkingFolder()
        try folder.simulate(particles: 200, "--snr", "1")
        let run = try folder.run(
            "reconstruct", "data/particles.star", "--output", "run", "--max-resolution", "26", "--diameter",
            "150", "--set",
            "annealResolution=36", "--set", "annealIterations=20", "--set", "annealBatch=40", "--set",
            "shiftExtent=12", "--quiet")
        try #require(run.status == 0, "\(run.errors)")
    }

    private static let figures = [
        "map", "fsc", "sections", "examples", "progress", "evidence", "poses", "views", "shifts", "noise",
        "sampling",
        "particles",
    ]

    @Test func everyFigureIsThereAndNothingElseIsNeeded() throws {
        let page = try folder.text("run/report.html")
        for figure in Self.figures {
            #expect(page.contains("<figure id=\"\(figure)\""), "no figure \(figure)")
        }
        #expect(page.contains("id=\"verdict\"") && page.contains("The molecule was found"))
        #expect(page.contains("--output run") && page.contains("seed 1"))
        #expect(page.contains("memory at the peak") && !page.contains("not recorded"))
        #expect(page.contains("images a step)") && page.contains("% of what images hold to"))
        // Offline: nothing is loaded from anywhere.
        #expect(!page.contains("http://") && !page.contains("https://") && !page.contains("url("))
        let sources = page.components(separatedBy: "src=\"").dropFirst()
        #expect(sources.count >= 3 && sources.allSatisfy { $0.hasPrefix("data:image/png;base64,") })
        #expect(page.utf8.count < 5_000_000)
        // What is drawn, without pictures and numbers in base64, which may spell anything.
        let drawn = page.components(separatedBy: "points=\"").dropFirst().map { $0.prefix { $0 != "\"" } }
        #expect(
            drawn.count >= 9 && drawn.allSatisfy { !$0.lowercased().contains("nan") && !$0.contains("inf") })
        #expect(!page.contains("No data for this figure"))
        #expect(
            page.components(separatedBy: "<figure").count == page.components(separatedBy: "</figure>").count)
    }

    @Test func numbersCanBeSaved() throws {
        let page = try folder.text("run/report.html")
        let links = page.components(separatedBy: "href=\"data:text/csv;base64,").dropFirst().map {
            $0.prefix { $0 != "\"" }
        }
        #expect(links.count >= 8)
        for link in links {
            let text = String(decoding: try #require(Data(base64Encoded: String(link))), as: UTF8.self)
            let rows = text.split(separator: "\n")
            #expect(
                rows.count > 1 && rows.allSatisfy { $0.split(separator: ",").count == 3 }, "\(rows.prefix(2))"
            )
        }
    }

    @Test func itCanBeMadeAgain() throws {
        let first = try folder.data("run/report.html")
        #expect(try folder.run("report", "run").status == 0)
        #expect(try folder.data("run/report.html") == first)
        #expect(try folder.run("report", "run", "--output", "page.html").status == 0)
        #expect(try folder.data("page.html") == first)
        // A map that was changed since is not what the page tells of.
        let map = try folder.data("run/map.mrc")
        try folder.write(try folder.data("run/half1.mrc"), "run/map.mrc")
        let changed = try folder.run("report", "run", "--output", "other.html")
        #expect(changed.status == 0 && changed.errors.contains("not the map that run.json tells of"))
        #expect(changed.errorLines.count == 1, "\(changed.errors)")
        try folder.write(map, "run/map.mrc")
        // Nor are another run's poses, of the same particles.
        let truth = try folder.text("data/truth.star")
        try folder.write(Data(truth.utf8), "run/particles.star")
        let moved = try folder.run("report", "run", "--output", "other.html")
        #expect(moved.status == 0 && moved.errorLines.count == 1, "\(moved.errors)")
        #expect(moved.errors.contains("run/particles.star does not hold the poses that run.json tells of"))
        let missing = try folder.run("report", "data")
        #expect(missing.status == 2 && missing.errors.contains("expected the folder of a run"))
    }

    /// Moves a file of the data to a new folder.
    private func move(_ file: String, to place: String) throws {
        let target = folder.path + "/" + place
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: true)
        try FileManager.default.moveItem(atPath: "\(folder.path)/data/\(file)", toPath: "\(target)/\(file)")
    }

    /// Images that only `--root` leads to are shown too, from whatever folder the report is made.
    @Test func imagesAreFoundByTheirRoot() throws {
        try move("particles.mrcs", to: "stacks")
        try move("particles.star", to: "tables")
        let run = try folder.run(
            "reconstruct", "tables/particles.star", "--root", "stacks", "--output", "rooted",
            "--max-iterations", "1",
            "--diameter", "150", "--quiet")
        #expect(run.status == 0, "\(run.errors)")
        #expect(try !folder.text("rooted/report.html").contains("images are not where"))
        #expect(try folder.run("report", "rooted", "--output", "again.html").status == 0)
        #expect(try !folder.text("again.html").contains("images are not where"))
    }

    /// So are images that lie below the folder in which the run was begun, and a page without them says so.
    @Test func imagesAreFoundWhereTheRunBegan() throws {
        try move("particles.mrcs", to: "project")
        try move("particles.star", to: "tables")
        let run = try Program.run(
            [
                "reconstruct", "../tables/particles.star", "--output", "../begun", "--max-iterations", "2",
                "--diameter", "150", "--quiet",
            ], in: folder.path + "/project")
        #expect(run.status == 0, "\(run.errors)")
        let report = try folder.run("report", "begun", "--output", "again.html")
        #expect(report.status == 0 && report.errors.isEmpty, "\(report.errors)")
        #expect(try !folder.text("again.html").contains("images are not where"))
        let verified = try folder.run("reconstruct", "--verify", "begun", "--verify-iterations", "1")
        #expect(verified.status == 0, "\(verified.errors)")
        try FileManager.default.removeItem(atPath: folder.path + "/project/particles.mrcs")
        let poorer = try folder.run("report", "begun", "--output", "poorer.html")
        #expect(poorer.status == 0 && poorer.errors.contains("the page goes without them"))
    }

    /// In a browser the script draws the surface and complains of nothing.
    @Test(.enabled(if: Browser.path != nil, "chromium is not installed")) func theBrowserShowsIt() throws {
        // Virtual time, so that nothing on the page is waited for in vain.
        let (dom, log) = try Browser.page(
            "file://\(folder.path)/run/report.html", patience: "--virtual-time-budget=3000", in: folder)
        #expect(dom.contains("id=\"verdict\""))
        #expect(!log.contains("Uncaught") && !log.contains("SyntaxError"), "\(log)")
        // The script has found that it can draw, and shows the canvas.
        #expect(dom.contains("<div class=\"viewer\" data-begun=\"1\">"))
    }
}
