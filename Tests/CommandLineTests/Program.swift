import Foundation
import Testing

/// Runs the built program as its users do.
enum Program {
    /// What a run of the program left.
    struct Outcome {
        var status: Int32
        var output: String
        var errors: String

        /// The lines of the standard error.
        var errorLines: [Substring] { errors.split(separator: "\n", omittingEmptySubsequences: true) }
    }

    /// The program was not built beside the tests.
    struct Missing: Error, CustomStringConvertible {
        var places: [String]
        var description: String {
            "no daybreak executable in \(places.joined(separator: ", ")); build it with swift build --build-tests"
        }
    }

    /// The executable, which SwiftPM puts beside the test bundle.
    static func path() throws -> String {
        var folders = [Bundle.main.bundleURL, Bundle.main.executableURL?.deletingLastPathComponent()]
            .compactMap { $0 }
        folders += CommandLine.arguments.prefix(1).map {
            URL(fileURLWithPath: $0).deletingLastPathComponent()
        }
        folders += folders.map { $0.deletingLastPathComponent() }
        let places = folders.map { $0.appendingPathComponent("daybreak").path }
        guard let found = places.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) else {
            throw Missing(places: places)
        }
        return found
    }

    /// Runs the program, or another one, to its end in a folder.
    static func run(_ arguments: [String], in folder: String, executable: String? = nil) throws -> Outcome {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try executable ?? path())
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.standardInput = FileHandle.nullDevice
        // Files rather than pipes, which would block when they are full.
        let streams = ["out", "err"].map { NSTemporaryDirectory() + "daybreak-\(UUID().uuidString).\($0)" }
        defer { for stream in streams { try? FileManager.default.removeItem(atPath: stream) } }
        let handles = try streams.map { stream in
            _ = FileManager.default.createFile(atPath: stream, contents: nil)
            return try FileHandle(forWritingTo: URL(fileURLWithPath: stream))
        }
        (process.standardOutput, process.standardError) = (handles[0], handles[1])
        try process.run()
        process.waitUntilExit()
        for handle in handles { try handle.close() }
        let texts = try streams.map { try String(contentsOfFile: $0, encoding: .utf8) }
        // A signal is no status.
        let status =
            process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus
        return Outcome(status: status, output: texts[0], errors: texts[1])
    }
}

/// A folder for one test, removed afterwards, with the program's run in it.
final class WorkingFolder {
    let path = NSTemporaryDirectory() + "daybreak-\(UUID().uuidString)"

    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Runs the program here.
    func run(_ arguments: String...) throws -> Program.Outcome { try Program.run(arguments, in: path) }

    /// Runs a list of arguments.
    func run(_ arguments: [String]) throws -> Program.Outcome { try Program.run(arguments, in: path) }

    /// The bytes of a file.
    func data(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path + "/" + name)) }

    /// The text of a file.
    func text(_ name: String) throws -> String { String(decoding: try data(name), as: UTF8.self) }

    /// Writes a file.
    func write(_ data: Data, _ name: String) throws {
        try data.write(to: URL(fileURLWithPath: path + "/" + name))
    }

    /// Whether a file or folder is there.
    func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path + "/" + name) }

    /// Simulates particles of 32 px into `data`.
    func simulate(particles: Int = 40, _ more: String...) throws {
        let outcome = try run(
            [
                "simulate", "--output", "data", "--particles", "\(particles)", "--box", "32", "--pixel-size",
                "6",
            ] + more)
        try #require(outcome.status == 0, "\(outcome.errors)")
    }

    /// A reconstruction of `data` of a few iterations at low resolution.
    func reconstruct(_ more: String..., output: String = "run") throws -> Program.Outcome {
        try run(
            [
                "reconstruct", "data/particles.star", "--output", output, "--max-iterations", "3",
                "--max-resolution", "40", "--set", "annealResolution=45", "--set", "shiftExtent=12", "--set",
                "annealBatch=20",
            ] + more)
    }
}
