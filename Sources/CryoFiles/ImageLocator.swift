import Glibc

/// Finds the image files that a STAR file names.
///
/// RELION resolves names from the project folder, in which it is started; users start programs elsewhere.
/// Tried in this order: the root that the user gave, the working directory, the STAR file's folder, and the
/// folders above it. A run remembers its working directory and its STAR file, so that it is the same run from elsewhere.
struct ImageLocator {
    /// The folders to look in, in order; the empty string is the working directory.
    let folders: [String]

    init(starFile: String, root: String?, origin: ParticleSet.Origin? = nil) {
        var folders = [root, origin?.workingFolder ?? ""].compactMap { $0 }
        for file in [origin?.starFile, starFile].compactMap({ $0 }) {
            var folder = Self.folder(of: Self.absolute(file))
            while true {
                if !folders.contains(folder) { folders.append(folder) }
                guard folder != "/" else { break }
                folder = Self.folder(of: folder)
            }
        }
        self.folders = folders.contains("") ? folders : folders + [""]
    }

    /// The first file that exists under the name; nil if there is none.
    func locate(_ name: String) -> String? {
        if name.hasPrefix("/") { return Self.isFile(name) ? name : nil }
        for folder in folders {
            let path = folder.isEmpty ? name : folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
            if Self.isFile(path) { return path }
        }
        return nil
    }

    private static func isFile(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    }

    private static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let working = unsafe getcwd(nil, 0) else { return path }
        // Safe: the text is this function's own, and copied before it is freed.
        defer { unsafe free(working) }
        return unsafe "\(String(cString: working))/\(path)"
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }
}
