import ArgumentParser
import CryoFiles
import CryoReconstruction
import CryoReport
import Foundation

/// `daybreak report`.
struct Report: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Makes report.html of a finished run again.",
        discussion: """
            One page that opens offline, from what is in the run folder. `reconstruct` makes it by itself.

            Example: daybreak report run
            """)

    @Argument(help: "The run folder.", completion: .directory)
    var folder: String

    @Option(
        name: .shortAndLong, help: "The page to write. (default: report.html in the folder)",
        completion: .file())
    var output: String?

    func run() throws {
        try OutputKind.page.refuseToReplace(output, option: "--output", inputs: [])
        let report = try ReportPage(folder: folder)
        if !report.hasItsMap { warn("map.mrc is not the map", "it") }
        if !report.hasItsPoses { warn("particles.star does not hold the poses", "them") }
        if !report.hasItsImages {
            StandardStreams.say(
                "warning: \(folder): the images are not where the run found them; the page goes without them\n"
            )
        }
        let page = Data(try report.html().utf8)
        guard let output else {
            try RunFolder(path: folder, mayOverwrite: true).write(page, to: "report.html")
            return
        }
        try DurableFile.write(page, to: output)
    }

    private func warn(_ what: String, _ pronoun: String) {
        StandardStreams.say(
            "warning: \(folder)/\(what) that run.json tells of; what the page says of \(pronoun) may be wrong\n"
        )
    }
}
