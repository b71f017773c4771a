import CZlib
import Foundation

/// Small files that must survive a crash.
public enum DurableFile {
    /// What the name of an unfinished file holds; a process that is killed leaves it.
    public static let remnant = ".partial-"

    /// Writes a file of one part or several, which appears under its name when it is complete and on the disk.
    ///
    /// - Throws: ``FileError/unwritable(path:found:advice:)``.
    public static func write(_ parts: Data..., to path: String) throws(FileError) {
        let file = try OutputFile(path: path)
        for part in parts { try file.write(part) }
        try file.commit()
    }

    /// Gives a file another name, that of an earlier one if there is one.
    ///
    /// - Throws: ``FileError/unwritable(path:found:advice:)``.
    public static func move(_ path: String, to name: String) throws(FileError) {
        guard unsafe rename(path, name) == 0 else {
            throw .unwritable(
                path: name, found: SystemMessage.text(errno), advice: "check that its folder is still there")
        }
        flushFolder(of: name)
    }

    /// Has the names in a file's folder on the disk too, so that a power failure does not undo a rename; not every file system can.
    static func flushFolder(of path: String) {
        let descriptor = unsafe open(path.enclosingFolder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    /// The bytes of a file that is expected to be small; a device or pipe is refused as well as a large file.
    ///
    /// - Throws: ``FileError``.
    public static func contents(of path: String, atMost limit: Int) throws(FileError) -> Data {
        let file = try InputFile(path: path)
        guard file.byteCount <= limit else {
            throw .unsupported(
                path: path, place: .whole, found: "\(file.byteCount) bytes", expected: "at most \(limit)",
                advice: "give another file")
        }
        return Data(try file.bytes(from: 0, count: file.byteCount))
    }

    /// The CRC-32 of some bytes, as gzip has it.
    public static func checksum(_ data: Data) -> UInt32 {
        // Safe: zlib reads the bytes while they are lent.
        unsafe data.withUnsafeBytes { buffer in
            unsafe UInt32(crc32_z(0, buffer.bindMemory(to: UInt8.self).baseAddress, buffer.count))
        }
    }

    /// The CRC-32 of a file; nil if it cannot be read.
    public static func checksum(ofFile path: String) -> UInt32? {
        guard let data = try? Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe) else {
            return nil
        }
        return checksum(data)
    }
}
