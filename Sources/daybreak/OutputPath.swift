import CryoFiles
import CryoReconstruction
import Foundation

/// What a command writes where the user says; a file of its own kind that is there goes, nothing else.
enum OutputKind {
    case picture, page, map, star

    private var name: String {
        switch self {
        case .picture: "a PNG picture"
        case .page: "an HTML page"
        case .map: "an MRC map"
        case .star: "a STAR file"
        }
    }

    private func isKind(of path: String) -> Bool {
        guard let handle = FileHandle(forReadingAtPath: path) else { return false }
        defer { try? handle.close() }
        let head = (try? handle.read(upToCount: 212)) ?? Data()
        switch self {
        case .picture: return head.starts(with: [0x89, 0x50, 0x4E, 0x47])
        case .page: return String(decoding: head.prefix(14), as: UTF8.self).lowercased() == "<!doctype html"
        // As many sections as columns: a stack of images is no map.
        case .map:
            return head.dropFirst(208).starts(with: Data("MAP".utf8))
                && head.prefix(4).elementsEqual(head.dropFirst(8).prefix(4))
        case .star: return (try? StarDocument(path: path)) != nil
        }
    }

    /// Refuses an output that is one of the files which are read, a file of another kind, a run's, or none at all.
    func refuseToReplace(_ output: String?, option: String, inputs: [String]) throws {
        guard let output, FileManager.default.fileExists(atPath: output) else { return }
        // Before it is opened: a pipe would keep the reader waiting.
        guard !output.isOtherThanFile else {
            throw InputProblem("\(output): exists and is not a regular file; give another \(option)")
        }
        guard !inputs.map(\.resolvedPath).contains(output.resolvedPath) else {
            throw InputProblem("\(output): is read by this command; give another \(option)")
        }
        guard isKind(of: output) else {
            throw InputProblem("\(output): exists and is not \(name); give another \(option), or remove it")
        }
        guard self == .page || (try? RunFolder(resuming: output.enclosingFolder))?.holdsRun != true else {
            throw InputProblem(
                "\(output): is in the folder of a run, whose record tells of it; give another \(option)")
        }
    }

    /// Refuses two outputs in one place: the second would take the first one's.
    static func refuseSame(
        _ first: (option: String, path: String?), _ second: (option: String, path: String?)
    ) throws {
        guard let one = first.path, let other = second.path, one.resolvedPath == other.resolvedPath else {
            return
        }
        throw InputProblem(
            "\(other): is given to \(first.option) and \(second.option); give each a file of its own")
    }
}
