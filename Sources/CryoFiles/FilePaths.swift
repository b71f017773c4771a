import Foundation

extension String {
    /// The absolute path with all links followed, by which two names of one file are told; what is not there yet is named
    /// within its folder.
    ///
    /// A text, since URLs of one folder differ where one of them ends in a slash.
    package var resolvedPath: String {
        // Safe: the system makes a text of its own, which is given back.
        if let found = unsafe realpath(self, nil) {
            defer { unsafe free(found) }
            return unsafe String(cString: found)
        }
        guard self != ".", let name = split(separator: "/").last else { return self }
        return "\(enclosingFolder.resolvedPath)/\(name)"
    }

    /// The folder that something is in by its path; Foundation's traps at a name of one letter.
    package var enclosingFolder: String {
        let folder = split(separator: "/").dropLast().joined(separator: "/")
        return hasPrefix("/") ? "/\(folder)" : folder.isEmpty ? "." : folder
    }

    /// Whether something else than a regular file has this name: a folder, or a pipe or device, which opening waits for.
    package var isOtherThanFile: Bool {
        var status = stat()
        return unsafe stat(self, &status) == 0 && status.st_mode & S_IFMT != S_IFREG
    }
}
