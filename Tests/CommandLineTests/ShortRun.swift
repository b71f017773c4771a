import Foundation
import Testing

/// Runs of about a second that have everything: an anneal, a march of two half-sets, a last pass.
extension WorkingFolder {
    /// The options of such a run on particles of 32 px; of a single anneal.
    static let short = [
        "--max-resolution", "26", "--diameter", "150", "--set", "annealResolution=36", "--set",
        "annealIterations=20", "--set", "annealBatch=40", "--set", "annealRetries=0", "--set",
        "shiftExtent=12", "--quiet",
    ]

    /// Runs to the end.
    func shortRun(_ output: String, of star: String = "data/particles.star", _ more: String...) throws {
        let outcome = try run(["reconstruct", star, "--output", output] + Self.short + more)
        try #require(outcome.status == 0, "\(outcome.errors)")
    }

    /// Starts the program and does not wait for it; what it says on the standard error goes to a file.
    func launch(_ arguments: [String], errors: String? = nil) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try Program.path())
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: path)
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        if let errors {
            try write(Data(), errors)
            process.standardError = try FileHandle(
                forWritingTo: URL(fileURLWithPath: "\(path)/\(errors)"))
        }
        try process.run()
        return process
    }

    /// The names in a folder; none if there is no such folder.
    func names(in name: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: "\(path)/\(name)")) ?? []
    }

    /// The lines of a STAR file in an order of their own.
    func sortedLines(_ name: String) throws -> [Substring] { try text(name).split(separator: "\n").sorted() }
}
