import Glibc

/// An open file that any number of threads read at once.
///
/// `pread` carries its own offset, so readers share the descriptor without a lock; it reports a file that has
/// been cut short as a count, where a mapping would end the process.
final class InputFile: Sendable {
    let path: String
    /// The length of the file when it was opened, in bytes.
    let byteCount: Int
    private let descriptor: Int32

    init(path: String) throws(FileError) {
        // Opening a pipe would otherwise wait for someone to write to it.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw .unreadable(
                path: path, found: SystemMessage.text(errno), expected: "a readable file",
                advice: errno == EMFILE
                    ? "raise the limit of open files (ulimit -n)" : "check the path and its permissions")
        }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw .unreadable(
                path: path, found: "something that is not a regular file", expected: "a readable file",
                advice: "give the path of a file, not of a folder or device")
        }
        self.path = path
        self.byteCount = Int(status.st_size)
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Fills `buffer` from byte `offset`; the error if that many bytes cannot be had.
    ///
    /// The error is returned, not thrown, because most closures that hand out buffers rethrow untyped.
    func fill(_ buffer: UnsafeMutableRawBufferPointer, from offset: Int) -> FileError? {
        guard let base = buffer.baseAddress else { return nil }
        var done = 0
        while done < buffer.count {
            // Safe: what is asked for fits into what is left of the buffer.
            let got = unsafe pread(descriptor, base + done, buffer.count - done, offset + done)
            if got > 0 {
                done += got
            } else if got == 0 {
                return .truncated(
                    path: path, found: offset + done, expected: offset + buffer.count,
                    advice: "the file ended early; copy it again")
            } else if errno != EINTR {
                return .unreadable(
                    path: path, found: "\(SystemMessage.text(errno)) at byte \(offset + done)",
                    expected: "to read \(buffer.count) bytes", advice: "check the disk or network file system"
                )
            }
        }
        return nil
    }

    /// The bytes of a range of the file.
    func bytes(from offset: Int, count: Int) throws(FileError) -> [UInt8] {
        guard offset >= 0, count >= 0, offset <= byteCount, count <= byteCount - offset else {
            throw .truncated(
                path: path, found: byteCount, expected: offset.addingReportingOverflow(count).partialValue,
                advice: "the file ended early; copy it again")
        }
        var failure: FileError?
        // Safe: `fill` writes all `count` bytes or fails, and then none counts.
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            failure = unsafe fill(UnsafeMutableRawBufferPointer(buffer), from: offset)
            initialized = failure == nil ? count : 0
        }
        if let failure { throw failure }
        return bytes
    }

    /// All bytes of a file.
    static func contents(of path: String) throws(FileError) -> [UInt8] {
        let file = try InputFile(path: path)
        return try file.bytes(from: 0, count: file.byteCount)
    }
}

/// The operating system's text for an error number.
package enum SystemMessage {
    package static func text(_ number: Int32) -> String {
        // The GNU library keeps this text per thread.
        guard let text = unsafe strerror(number) else { return "error \(number)" }
        return unsafe String(cString: text).lowercased()
    }
}
