/// Why a file could not be read or written; ``description`` is one line for the user.
public enum FileError: Error, Sendable, Equatable {
    /// The file could not be opened or read.
    case unreadable(path: String, found: String, expected: String, advice: String)
    /// The file could not be written.
    case unwritable(path: String, found: String, advice: String)
    /// The file is shorter than its header says; both counts are in bytes.
    case truncated(path: String, found: Int, expected: Int, advice: String)
    /// Something in the file contradicts its format or itself.
    case malformed(path: String, place: FilePlace, found: String, expected: String, advice: String)
    /// The file is correct but of a kind that is not read.
    case unsupported(path: String, place: FilePlace, found: String, expected: String, advice: String)
    /// Files that `path` refers to are not there; `names` holds the first few of `count`.
    case missingFiles(path: String, names: [String], count: Int, advice: String)
}

/// Where in a file something was found.
public enum FilePlace: Sendable, Equatable {
    /// The file as a whole.
    case whole
    /// A line of a text file, 1-based.
    case line(Int)
    /// A byte of a binary file, 0-based.
    case byte(Int)
    /// A named part, such as a block of a STAR file.
    case part(String)
}

extension FileError: CustomStringConvertible {
    /// File, place, what was found, what was expected and what to do, in one line.
    public var description: String {
        switch self {
        case .unreadable(let path, let found, let expected, let advice):
            Self.line(path, .whole, found, expected, advice)
        case .unwritable(let path, let found, let advice):
            Self.line(path, .whole, found, "a writable file", advice)
        case .truncated(let path, let found, let expected, let advice):
            Self.line(path, .byte(found), "the end of the file", "\(expected) bytes", advice)
        case .malformed(let path, let place, let found, let expected, let advice),
            .unsupported(let path, let place, let found, let expected, let advice):
            Self.line(path, place, found, expected, advice)
        case .missingFiles(let path, let names, let count, let advice):
            Self.line(
                path, .whole,
                "\(count) missing \(count == 1 ? "file" : "files") (\(Self.list(names, of: count)))",
                "that every image file exists", advice)
        }
    }

    /// Why the file could not be written, for a message of other words; nil for other errors.
    package var reasonAgainstWriting: String? {
        guard case .unwritable(_, let found, _) = self else { return nil }
        return found
    }

    private static func list(_ names: [String], of count: Int) -> String {
        names.joined(separator: ", ") + (count > names.count ? ", …" : "")
    }

    private static func line(
        _ path: String, _ place: FilePlace, _ found: String, _ expected: String, _ advice: String
    ) -> String {
        let location =
            switch place {
            case .whole: ""
            case .line(let number): ", line \(number)"
            case .byte(let offset): ", byte \(offset)"
            case .part(let name): ", \(name)"
            }
        return "\(path)\(location): found \(found), expected \(expected); \(advice)".printable
    }
}

extension String {
    /// The text without line breaks and terminal controls, which a name taken from a file may hold.
    public var printable: String {
        let isPlain = unicodeScalars.allSatisfy { !Self.controls.contains($0.value) && $0.value >= 32 }
        guard !isPlain else { return self }
        return String(
            UnicodeScalarView(
                unicodeScalars.map { Self.controls.contains($0.value) || $0.value < 32 ? " " : $0 }))
    }

    /// DEL and the second set of controls.
    private static let controls: ClosedRange<UInt32> = 0x7F...0x9F

    /// The text shortened for a message.
    var excerpt: String { count <= 60 ? self : prefix(57) + "…" }
}
