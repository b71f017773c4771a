import CryoFiles
import Foundation

/// What a run leaves behind while it goes on.
extension RunFolder {
    private static let names = (
        latest: "checkpoint", previous: "checkpoint.previous", next: "checkpoint.next", end: "state"
    )
    private static let magic = "DAYBREAK CHECKPOINT"

    /// The map that showed a group's axes, turned to them, from which the second part of a run begins.
    public static let mapOnAxes = "on-axes.mrc"

    /// Keeps what is needed to go on; the one before is kept too.
    ///
    /// Written beside, flushed and renamed, so there is a whole one at every moment.
    public func write(_ progress: RunProgress, version: String) throws {
        let encoder = PropertyListEncoder()
        encoder.outputFormat = .binary
        let payload = try encoder.encode(progress)
        let head = "\(Self.magic) \(version) \(DurableFile.checksum(payload)) \(payload.count)\n"
        try DurableFile.write(Data(head.utf8), payload, to: file(Self.names.next))
        // The first has none before it.
        unsafe rename(file(Self.names.latest), file(Self.names.previous))
        try DurableFile.move(file(Self.names.next), to: file(Self.names.latest))
    }

    /// Keeps the last whole checkpoint of a run that has ended as the state from which it can be extended.
    ///
    /// That one need not have the latest's name: a crash may have come between two renames, and the run gone on from the next.
    public func keepState(version: String) throws(FileError) {
        let last = checkpoints.first { Self.payload($0, version: version) != nil } ?? file(Self.names.latest)
        try DurableFile.move(last, to: file(Self.names.end))
        removeCheckpoints()
    }

    /// Those that are there, the newest first.
    private var checkpoints: [String] {
        [Self.names.latest, Self.names.next, Self.names.previous].map(file).filter {
            FileManager.default.fileExists(atPath: $0)
        }
    }

    /// What a run knew when it ended.
    ///
    /// - Throws: ``RunFolderError/unfinished(_:)`` if it has not, ``RunFolderError/noState(_:)`` if that was not kept.
    public func state(version: String) throws(RunFolderError) -> RunProgress {
        guard checkpoints.isEmpty, FileManager.default.fileExists(atPath: file("run.json")) else {
            throw .unfinished(path)
        }
        guard let end = Self.progress(file(Self.names.end), version: version) else { throw .noState(path) }
        return end
    }

    /// The newest checkpoint that is whole; nil if there is none, and the run has to begin anew.
    ///
    /// - Throws: ``RunFolderError/noCheckpoint(_:)`` if there are some but all are damaged.
    public func checkpoint(version: String) throws(RunFolderError) -> RunProgress? {
        let paths = checkpoints
        for path in paths { if let progress = Self.progress(path, version: version) { return progress } }
        guard paths.isEmpty else { throw .noCheckpoint(path) }
        return nil
    }

    private static func progress(_ path: String, version: String) -> RunProgress? {
        payload(path, version: version).flatMap {
            try? PropertyListDecoder().decode(RunProgress.self, from: $0)
        }
    }

    /// What a checkpoint holds; nil if it is damaged or another version's.
    private static func payload(_ path: String, version: String) -> Data? {
        guard let data = try? DurableFile.contents(of: path, atMost: .max),
            let end = data.prefix(200).firstIndex(of: UInt8(ascii: "\n"))
        else { return nil }
        let words = String(decoding: data[..<end], as: UTF8.self).split(separator: " ").map(String.init)
        let payload = Data(data[(end + 1)...])
        guard words.count == 5, words[0...1].joined(separator: " ") == magic, words[2] == version,
            words[4] == "\(payload.count)", words[3] == "\(DurableFile.checksum(payload))"
        else { return nil }
        return payload
    }

    /// Removes the checkpoints of a run that has ended, and what a process that was killed left half written.
    public func removeCheckpoints() {
        for name in [Self.names.latest, Self.names.previous, Self.names.next, "current.mrc"] {
            try? FileManager.default.removeItem(atPath: file(name))
        }
        removeRemnants()
    }

    /// Removes everything from which an earlier run could go on, and its record: without one a run has not ended.
    public func removeEarlierRun() {
        removeCheckpoints()
        for name in [Self.names.end, "run.json", Self.mapOnAxes] {
            try? FileManager.default.removeItem(atPath: file(name))
        }
    }

    /// Removes half-written files; only for the process that holds the folder's lock.
    public func removeRemnants() {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        where name.contains(DurableFile.remnant) {
            try? FileManager.default.removeItem(atPath: file(name))
        }
    }

    /// Writes what the run was asked to do.
    public func write(_ plan: RunPlan) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try DurableFile.write(encoder.encode(plan), to: file("plan.json"))
    }

    /// Reads what the run was asked to do.
    ///
    /// - Throws: ``RunFolderError/noPlan(_:)``, or ``RunFolderError/otherPlan(_:)`` if there is one that cannot be read.
    public func plan() throws(RunFolderError) -> RunPlan {
        let name = file("plan.json")
        guard FileManager.default.fileExists(atPath: name) else { throw .noPlan(path) }
        guard let data = try? DurableFile.contents(of: name, atMost: 1 << 30),
            let plan = try? JSONDecoder().decode(RunPlan.self, from: data)
        else { throw .otherPlan(name) }
        return plan
    }

    /// Keeps other processes from working in this folder until the result is released; a crash releases it too.
    ///
    /// - Throws: ``RunFolderError/busy(_:)``, or ``RunFolderError/unwritable(_:_:)`` if there can be no lock.
    public func locked() throws(RunFolderError) -> RunLock {
        let opened = unsafe open(file(".lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
        guard opened >= 0 else { throw .unwritable(path, SystemMessage.text(errno)) }
        return try lock(opened, LOCK_EX)
    }

    /// Keeps other processes from working in this folder while it is read; nil where none has left a lock file, as in a copy.
    ///
    /// - Throws: ``RunFolderError/busy(_:)``.
    public func lockedForReading() throws(RunFolderError) -> RunLock? {
        let opened = unsafe open(file(".lock"), O_RDONLY | O_CLOEXEC)
        return opened < 0 ? nil : try lock(opened, LOCK_SH)
    }

    private func lock(_ descriptor: Int32, _ kind: Int32) throws(RunFolderError) -> RunLock {
        let lock = RunLock(descriptor)
        // Somebody may just be asking whether the run works; see RunLock.isHeld.
        for _ in 0..<5 {
            if flock(descriptor, kind | LOCK_NB) == 0 { return lock }
            usleep(10_000)
        }
        throw .busy(path)
    }
}

/// The right to work in a run folder.
public final class RunLock: Sendable {
    private let descriptor: Int32

    fileprivate init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Whether a process works in the folder of a lock file, held for no longer than it takes to ask.
    public static func isHeld(_ path: String) -> Bool {
        let opened = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard opened >= 0 else { return false }
        defer { close(opened) }
        return flock(opened, LOCK_SH | LOCK_NB) != 0
    }
}
