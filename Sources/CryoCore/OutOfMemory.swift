import Foundation

/// Memory that the system refuses.
///
/// A run says beforehand what it will need, and is refused where that is not there. What other processes take meanwhile it
/// cannot know, and nothing can be worked out without the memory asked for: no caller could do more than end. Results are written
/// beside and renamed, so what is on disk is whole, and a run goes on from its last checkpoint.
enum OutOfMemory {
    /// Ends the process with one line and status 2.
    static func end(_ byteCount: Int) -> Never {
        let line =
            "daybreak: there is no memory for \(byteCount / 1_000_000) MB more; free some, or ask for a coarser resolution or fewer "
            + "threads; a run goes on from its last checkpoint\n"
        let bytes = Array(line.utf8)
        // Safe: the bytes outlive the call. Not a file handle, which traps where standard error is closed.
        _ = unsafe bytes.withUnsafeBytes { unsafe write(STDERR_FILENO, $0.baseAddress, $0.count) }
        // Other threads are at work on what destructors would take away.
        _exit(2)
    }
}
