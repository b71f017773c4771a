import ArgumentParser
import CryoFiles
import CryoReport
import Foundation

/// `daybreak inspect`.
struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says what files are: kind, size, pixel size, value range, optics, problems.",
        discussion: """
            The status is 2 where there is a problem.

            Example: daybreak inspect particles.star map.mrc --picture particles.png
            """)

    @Argument(help: "MRC, STAR, PDB or mmCIF files.", completion: .file())
    var files: [String]

    @Option(help: "The folder that image names in STAR files start from.")
    var root: String?

    @Option(
        help: "Write a picture of twelve particles of the first file, a STAR file, here.",
        completion: .file(extensions: ["png"]))
    var picture: String?

    func run() throws {
        try refuseNoFolder(root: root)
        try OutputKind.picture.refuseToReplace(picture, option: "--picture", inputs: files)
        let summaries = try files.map { file in
            let summary = try FileSummary(path: file, root: root)
            for line in summary.lines { print(line) }
            return summary
        }
        guard summaries.allSatisfy(\.problems.isEmpty) else { throw ExitCode(2) }
        guard let picture, let first = files.first else { return }
        let set = try ParticleSet(starFile: first, root: root)
        let step = max(1, set.count / 12)
        let images = try stride(from: 0, to: set.count, by: step).prefix(12).map { try set.readImage($0) }
        try Picture(tiles: images, columns: 6).writePNG(to: URL(fileURLWithPath: picture))
    }
}
