/// What a file is and whether it can be used, as `daybreak inspect` shows it.
public struct FileSummary: Sendable {
    /// The kinds of files that are told apart.
    public enum Kind: String, Sendable {
        /// A density in an MRC file.
        case mrcVolume = "MRC volume"
        /// A stack of images in an MRC file.
        case mrcStack = "MRC stack"
        /// A STAR file of particles.
        case starParticles = "STAR file of particles"
        /// Any other STAR file.
        case starOther = "STAR file"
        /// An atomic model in the PDB format.
        case pdb = "PDB model"
        /// An atomic model in the mmCIF format.
        case mmCIF = "mmCIF model"
    }

    /// One fact about a file.
    public struct Fact: Sendable, Equatable {
        /// What the fact is about.
        public var name: String
        /// The fact with its unit.
        public var value: String
    }

    /// The file's path.
    public let path: String
    /// What the file is.
    public internal(set) var kind: Kind
    /// The length in bytes.
    public let byteCount: Int
    /// Columns, rows and sections of an MRC file, or box, box and images of a particle set.
    public internal(set) var size: SIMD3<Int>?
    /// The distance of two pixels, in Å; nil if the file does not know it.
    public internal(set) var pixelSize: Double?
    /// How the values of an MRC file are stored.
    public internal(set) var mode: MRCMode?
    /// Range, mean and standard deviation of the values of an MRC file.
    public internal(set) var statistics: SampleStatistics?
    /// The number of particles of a STAR file.
    public internal(set) var particleCount: Int?
    /// The number of optics groups of a STAR file; nil for files of RELION 3.0.
    public internal(set) var opticsGroupCount: Int?
    /// The number of atoms of a model, without hydrogens and waters.
    public internal(set) var atomCount: Int?
    /// What follows from the kind of file, in the order to show it.
    public internal(set) var facts: [Fact] = []
    /// Why the file cannot be used; empty for a good one.
    public internal(set) var problems: [String] = []
    /// What is odd about the file but does not prevent its use.
    public internal(set) var warnings: [String] = []

    /// Looks at a file; what is wrong with it ends in ``problems``.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - root: The folder that image names of a STAR file start from.
    /// - Throws: ``FileError`` if the file cannot be opened or is of no known kind.
    public init(path: String, root: String? = nil) throws(FileError) {
        let file = try InputFile(path: path)
        self.path = path
        byteCount = file.byteCount
        kind = try FileSniffer(file: file).kind()
        do throws(FileError) {
            switch kind {
            case .mrcVolume, .mrcStack: try describeMRC(file)
            case .starParticles, .starOther: try describeStar(root: root)
            case .pdb, .mmCIF: try describeModel()
            }
        } catch {
            problems.append(error.description)
        }
    }

    /// The summary as text for a terminal.
    public var lines: [String] {
        let all =
            [Fact(name: "kind", value: kind.rawValue), Fact(name: "length", value: "\(byteCount) bytes")]
            + facts
        let width = all.map(\.name.count).max() ?? 0
        let lines =
            [path]
            + all.map { "  \($0.name)\(String(repeating: " ", count: width - $0.name.count))  \($0.value)" }
            + warnings.map { "  warning: \($0)" }
            + problems.map { "  problem: \($0)" }
        return lines.map(\.printable)
    }

    mutating func add(_ name: String, _ value: String) { facts.append(Fact(name: name, value: value)) }
}
