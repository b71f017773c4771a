import ArgumentParser
import CryoFiles

/// `daybreak inspect`.
struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Says what files are: kind, size, pixel size, value range, optics, problems.",
        discussion: "Example: daybreak inspect particles.star map.mrc")

    @Argument(help: "MRC, STAR, PDB or mmCIF files.", completion: .file())
    var files: [String]

    @Option(help: "The folder that image names in STAR files start from.")
    var root: String?

    func run() throws {
        for file in files {
            for line in try FileSummary(path: file, root: root).lines { print(line) }
        }
    }
}
