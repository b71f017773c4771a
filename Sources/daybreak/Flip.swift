import ArgumentParser
import CryoCore
import CryoFiles
import CryoReconstruction
import Foundation

/// `daybreak flip`.
struct Flip: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Changes the hand of a map, of a STAR file's poses, or of both in a run folder.",
        discussion: """
            Images cannot tell a density from its mirror image, so half of all maps come out in the wrong hand. z becomes \
            −z; the poses follow, so that map and particles still belong together.

            Example: daybreak flip run --output run-flipped
            """)

    @Argument(help: "A map, a STAR file with poses, or a run folder.", completion: .file())
    var input: String

    @Option(name: .shortAndLong, help: "The file to write, or the folder.", completion: .file())
    var output: String

    @Flag(help: "Replace what is there.")
    var overwrite = false

    /// What of a run folder has a hand.
    private static let names = [
        "map.mrc", "map_unfiltered.mrc", "half1.mrc", "half2.mrc", "mask.mrc", "particles.star",
    ]

    /// What a flipped folder has as it was.
    private static let handless = ["fsc.star", "fsc.xml", "set-aside.star"]

    func run() throws {
        guard RunFolder.isFolder(input) else {
            guard overwrite || !FileManager.default.fileExists(atPath: output) else {
                throw InputProblem(
                    "\(output): exists already; give another --output, or --overwrite to replace it")
            }
            let kind: OutputKind = Self.isStar(input) ? .star : .map
            try kind.refuseToReplace(output, option: "--output", inputs: [input])
            return try flip(input, to: output)
        }
        try flipFolder()
    }

    private func flipFolder() throws {
        func file(_ name: String) -> String { (input as NSString).appendingPathComponent(name) }
        let present = Self.names.filter { FileManager.default.fileExists(atPath: file($0)) }
        guard let first = present.first else {
            throw InputProblem("\(input): holds neither map.mrc nor particles.star; expected a run folder")
        }
        guard try present.contains("map.mrc") || !RunFolder(resuming: input).holdsRun else {
            throw InputProblem("\(input): the run's map.mrc is missing; restore it, or flip single files")
        }
        let folder = try RunFolder(path: output, mayOverwrite: overwrite)
        try folder.refuseToReplace(file(first))
        try folder.refuseRun()
        let isNew = !RunFolder.isFolder(output)
        try folder.create()
        do {
            try folder.replaceResults { beside in
                for name in present { try flip(file(name), to: beside.file(name)) }
                for name in Self.handless {
                    guard let data = FileManager.default.contents(atPath: file(name)) else { continue }
                    try beside.write(data, to: name)
                }
            }
        } catch {
            if isNew { try? FileManager.default.removeItem(atPath: output) }
            throw error
        }
    }

    private static func isStar(_ path: String) -> Bool { path.hasSuffix(".star") }

    private func flip(_ path: String, to output: String) throws {
        guard Self.isStar(path) else {
            return try MRCFile.write(try readMap(path).mirrored, to: output)
        }
        guard let flipped = try StarDocument(path: path).withMirroredPoses(path: path) else {
            throw InputProblem("\(path): has no poses (rlnAngleRot, rlnAnglePsi); nothing to flip")
        }
        try flipped.write(to: output)
    }
}
