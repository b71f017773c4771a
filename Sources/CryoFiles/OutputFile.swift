import Foundation
import Glibc
import Synchronization

/// A file that appears under its name only when it is complete.
///
/// Bytes go to a temporary file in the same folder; ``commit()`` flushes it to disk and renames it, so
/// neither a crash nor a full disk leaves half a file under the final name. Without a commit the temporary
/// file is removed.
final class OutputFile {
    let path: String
    private let temporaryPath: String
    private var descriptor: Int32
    private static let counter = Atomic<Int>(0)

    init(path: String) throws(FileError) {
        // To rename would put a file in the place of a pipe or device.
        guard !path.isOtherThanFile else {
            throw .unwritable(
                path: path, found: "something that is not a regular file", advice: "give another name")
        }
        let number = Self.counter.wrappingAdd(1, ordering: .relaxed).oldValue
        temporaryPath = "\(path)\(DurableFile.remnant)\(getpid())-\(number)"
        self.path = path
        descriptor = unsafe open(temporaryPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else {
            throw .unwritable(
                path: path, found: SystemMessage.text(errno),
                advice: "check that its folder exists and is writable")
        }
    }

    deinit {
        guard descriptor >= 0 else { return }
        close(descriptor)
        unsafe unlink(temporaryPath)
    }

    // Safe, here and below: the system reads as many bytes as an array lends, while it lends them.

    /// Appends bytes.
    func write(_ bytes: Data) throws(FileError) {
        if let failure = unsafe bytes.withUnsafeBytes({ unsafe append($0) }) { throw failure }
    }

    /// Appends bytes, or numbers in the byte order of this machine.
    func write(_ values: [some BitwiseCopyable]) throws(FileError) {
        if let failure = unsafe values.withUnsafeBytes({ unsafe append($0) }) { throw failure }
    }

    /// Replaces the first bytes of the file.
    func overwriteStart(with bytes: [UInt8]) throws(FileError) {
        guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw failure() }
        try write(bytes)
        guard lseek(descriptor, 0, SEEK_END) >= 0 else { throw failure() }
    }

    /// Makes the file appear under its name.
    func commit() throws(FileError) {
        while fsync(descriptor) != 0 { guard errno == EINTR else { throw failure() } }
        guard unsafe rename(temporaryPath, path) == 0 else { throw failure() }
        close(descriptor)
        descriptor = -1
        DurableFile.flushFolder(of: path)
    }

    private func append(_ buffer: UnsafeRawBufferPointer) -> FileError? {
        guard let base = buffer.baseAddress else { return nil }
        var done = 0
        while done < buffer.count {
            let count = unsafe Glibc.write(descriptor, base + done, buffer.count - done)
            if count >= 0 {
                done += count
            } else if errno != EINTR {
                return failure()
            }
        }
        return nil
    }

    private func failure() -> FileError {
        .unwritable(
            path: path, found: SystemMessage.text(errno), advice: "check the free space and permissions")
    }
}
