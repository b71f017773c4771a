import Foundation

/// The standard output and error, which may be closed, a full disk, or a pipe that nobody reads any more.
///
/// `FileHandle.write(_:)` traps there, and a run must outlive that.
enum StandardStreams {
    /// Says something on the standard error; where that cannot be, nothing else is lost.
    static func say(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) }

    /// Writes to the standard output, now; where that cannot be, nothing else is lost.
    static func show(_ data: Data) { try? FileHandle.standardOutput.write(contentsOf: data) }

    /// Writes what was printed and waits in a buffer.
    ///
    /// - Throws: ``InputProblem`` if that cannot be.
    static func flush() throws {
        guard fflush(nil) == 0 else {
            // Safe: the system's own text.
            let reason = unsafe String(cString: strerror(errno))
            throw InputProblem("the standard output cannot be written (\(reason)); give it another place")
        }
    }
}
