import Foundation

/// What a command writes where the user says; a file of its own kind that is there goes, nothing else.
enum OutputKind {
    case picture, page, map

    private var name: String {
        switch self {
        case .picture: "a PNG picture"
        case .page: "an HTML page"
        case .map: "an MRC map"
        }
    }

    private func isKind(of path: String) -> Bool {
        guard let handle = FileHandle(forReadingAtPath: path) else { return false }
        defer { try? handle.close() }
        let head = (try? handle.read(upToCount: 212)) ?? Data()
        switch self {
        case .picture: return head.starts(with: [0x89, 0x50, 0x4E, 0x47])
        case .page: return head.starts(with: Data("<!DOCTYPE html".utf8))
        case .map: return head.dropFirst(208).starts(with: Data("MAP".utf8))
        }
    }

    /// Refuses an output that is one of the files which are read, or a file of another kind.
    func refuseToReplace(_ output: String?, option: String, inputs: [String]) throws {
        func resolved(_ path: String) -> URL {
            URL(fileURLWithPath: path).resolvingSymlinksInPath().standardizedFileURL
        }
        guard let output, FileManager.default.fileExists(atPath: output) else { return }
        guard !inputs.map(resolved).contains(resolved(output)) else {
            throw InputProblem("\(output): is read by this command; give another \(option)")
        }
        guard isKind(of: output) else {
            throw InputProblem("\(output): exists and is not \(name); give another \(option), or remove it")
        }
    }
}
