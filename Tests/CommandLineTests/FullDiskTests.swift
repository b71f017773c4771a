import CryoFiles
import Foundation
import Testing

/// A file system in memory that a test may fill; needs the right to mount.
final class SmallDisk {
    let path = NSTemporaryDirectory() + "daybreak-disk-\(UUID().uuidString)"

    init(kilobytes: Int) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        guard Self.call("mount", "-t", "tmpfs", "-o", "size=\(kilobytes)k", "tmpfs", path) else {
            throw CocoaError(.fileWriteNoPermission)
        }
    }

    deinit {
        _ = Self.call("umount", path)
        try? FileManager.default.removeItem(atPath: path)
    }

    func resize(kilobytes: Int) -> Bool {
        Self.call("mount", "-o", "remount,size=\(kilobytes)k", path)
    }

    /// Whether this process may mount.
    static let isPossible = (try? SmallDisk(kilobytes: 64)) != nil

    private static func call(_ arguments: String...) -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }
}

/// A disk that is full: one line, and nothing that was kept is lost.
@Suite(.enabled(if: SmallDisk.isPossible, "needs the right to mount a tmpfs"))
struct FullDiskTests {
    let folder: WorkingFolder

    init() throws { folder = try WorkingFolder() }

    private static let options = [
        "--max-resolution", "26", "--diameter", "150", "--set", "annealResolution=36", "--set",
        "annealIterations=20", "--set", "annealBatch=40", "--set", "shiftExtent=12", "--quiet",
        "--checkpoint-every", "0",
    ]

    private func reconstruct(_ output: String) throws -> Program.Outcome {
        try folder.run(["reconstruct", "data/particles.star", "--output", output] + Self.options)
    }

    @Test func fullDisksLoseNothing() throws {
        try folder.simulate(particles: 200, "--snr", "1")
        // Checkpoints grow with the particles that were met, so that the first ones fit and later ones do not.
        let disk = try SmallDisk(kilobytes: 500)
        let stopped = try reconstruct("\(disk.path)/run")
        #expect(stopped.status == 2 && stopped.errorLines.count == 1, "\(stopped.status) \(stopped.errors)")
        #expect(stopped.errors.contains("no space left on device"), "\(stopped.errors)")
        #expect(FileManager.default.fileExists(atPath: "\(disk.path)/run/checkpoint"))
        #expect(!FileManager.default.fileExists(atPath: "\(disk.path)/run/map.mrc"))
        #expect(disk.resize(kilobytes: 20_000))
        let resumed = try folder.run("reconstruct", "--resume", "\(disk.path)/run", "--quiet")
        #expect(resumed.status == 0, "\(resumed.errors)")
        #expect(try reconstruct("whole").status == 0)
        let map = try Data(contentsOf: URL(fileURLWithPath: "\(disk.path)/run/map.mrc"))
        #expect(try map == folder.data("whole/map.mrc"))
    }

    @Test func simulationsOnFullDisksLeaveNoStack() throws {
        let disk = try SmallDisk(kilobytes: 64)
        let outcome = try folder.run(
            "simulate", "--output", "\(disk.path)/data", "--particles", "40", "--box", "32")
        #expect(outcome.status == 2 && outcome.errorLines.count == 1, "\(outcome.errors)")
        #expect(!FileManager.default.fileExists(atPath: "\(disk.path)/data/particles.mrcs"))
    }
}
