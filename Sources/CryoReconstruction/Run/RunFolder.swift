import CryoCore
import CryoFiles
import Foundation

/// The folder that a run leaves: `map.mrc`, `particles.star`, `run.json`; with half-sets `map_unfiltered.mrc`,
/// `half1.mrc`, `half2.mrc`, `mask.mrc`, `fsc.star` and `fsc.xml`; the program adds `map.png`, `log.txt`.
public struct RunFolder: Sendable {
    /// The folder's path.
    public let path: String

    /// Claims a folder; an existing one is refused unless it may be overwritten.
    ///
    /// Nothing is created before ``create()``, so that a run refused for its input leaves nothing behind.
    public init(path: String, mayOverwrite: Bool) throws(RunFolderError) {
        self.path = path
        guard FileManager.default.fileExists(atPath: path) else { return }
        guard Self.isFolder(path) else { throw .notAFolder(path) }
        // What a run leaves that is killed before it has begun is nothing.
        let isEmpty =
            try? FileManager.default.contentsOfDirectory(atPath: path).allSatisfy {
                $0.hasPrefix(".") || $0.contains(DurableFile.remnant)
            }
        guard mayOverwrite || isEmpty == true else { throw .exists(path) }
    }

    init(unchecked path: String) { self.path = path }

    /// The folder of a run that was begun.
    ///
    /// - Throws: ``RunFolderError/noPlan(_:)`` if there is no such folder.
    public init(resuming path: String) throws(RunFolderError) {
        guard Self.isFolder(path) else { throw .noPlan(path) }
        self.path = path
    }

    /// Whether there is a folder at a path.
    public static func isFolder(_ path: String) -> Bool {
        var isDirectory: ObjCBool = false
        return unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
            && isDirectory.boolValue
    }

    /// Refuses a folder in which a result would take the place of an input; nil stands for one that was not given.
    public func refuseToReplace(_ inputs: String?...) throws(RunFolderError) {
        for case let input? in inputs {
            // A link in the folder would be replaced, and so would what a link elsewhere leads to.
            let folders = [input.enclosingFolder.resolvedPath, input.resolvedPath.enclosingFolder]
            guard folders.contains(path.resolvedPath) else { continue }
            throw .holdsInput(path, (input as NSString).lastPathComponent)
        }
    }

    /// Whether a run was begun here, or has ended: its record would stay beside what others write.
    public var holdsRun: Bool {
        ["plan.json", "run.json"].contains { FileManager.default.fileExists(atPath: file($0)) }
    }

    /// Refuses the folder of a run for what is none.
    public func refuseRun() throws(RunFolderError) {
        if holdsRun { throw .holdsRun(path) }
    }

    /// Creates the folder, and makes sure before hours of work that results can be written to it.
    public func create() throws(RunFolderError) {
        if let reason = Self.reasonAgainstMaking(path) { throw .unwritable(path, reason) }
        do { try write(Data("probe".utf8), to: ".probe") } catch {
            throw .unwritable(path, error.reasonAgainstWriting ?? "\(error)")
        }
        unsafe unlink(file(".probe"))
    }

    /// Makes a folder and those above it; why the system does not, which Foundation would not say.
    private static func reasonAgainstMaking(_ path: String) -> String? {
        guard !isFolder(path), unsafe mkdir(path, 0o777) != 0 else { return nil }
        let reason = errno
        // Whatever has the name, it is known better when something is written there.
        guard reason != EEXIST else { return nil }
        guard reason == ENOENT, !path.isEmpty else { return SystemMessage.text(reason) }
        if let reason = reasonAgainstMaking(path.enclosingFolder) { return reason }
        return unsafe mkdir(path, 0o777) == 0 ? nil : SystemMessage.text(errno)
    }

    /// The path of a file in the folder.
    public func file(_ name: String) -> String { (path as NSString).appendingPathComponent(name) }

    /// Writes a small file whole or not at all, and to the disk.
    public func write(_ data: Data, to name: String) throws(FileError) {
        try DurableFile.write(data, to: file(name))
    }
}

/// Why a run folder cannot be used.
public enum RunFolderError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The folder is there already.
    case exists(String)
    /// The folder holds the input of this name.
    case holdsInput(String, String)
    /// It is that of a run.
    case holdsRun(String)
    /// Something else has its name.
    case notAFolder(String)
    /// It cannot be written to.
    case unwritable(String, String)
    /// Another process works in it.
    case busy(String)
    /// It is not that of a run that can be resumed.
    case noPlan(String)
    /// This is not a plan of this version, or no longer one.
    case otherPlan(String)
    /// The run has ended.
    case finished(String)
    /// All checkpoints are damaged.
    case noCheckpoint(String)
    /// This input has changed since the run began.
    case inputChanged(String)
    /// The run was begun by another version.
    case otherVersion(String, now: String)
    /// The run has not ended.
    case unfinished(String)
    /// This is not a record of this version.
    case otherRecord(String)
    /// There is no whole state of the run's end.
    case noState(String)
    /// The run was cut short by a number of iterations.
    case cutShort(String)

    /// One line: what was found, what to do.
    public var description: String {
        switch self {
        case .exists(let path):
            "\(path): the folder exists already; give another --output, --overwrite to replace its results, or go on with reconstruct --resume if it is a run's"
        case .holdsInput(let path, let name):
            "\(path): holds the input \(name), which results could replace; give another --output"
        case .holdsRun(let path):
            "\(path): is the folder of a run, whose record would stay; give another --output"
        case .notAFolder(let path): "\(path): is a file; expected a folder, or a name that is free"
        case .unwritable(let path, let reason):
            "\(path): cannot be written (\(reason)); make it writable, or choose another --output"
        case .busy(let path): "\(path): another process works in this run folder; wait for it, or stop it"
        case .noPlan(let path):
            "\(path): holds no plan.json; expected the folder of a run"
        case .otherPlan(let path):
            "\(path): is damaged, or the plan of a run by another version of the program; use that one, or begin the run again"
        case .finished(let path): "\(path): the run has ended already; there is nothing to resume"
        case .noCheckpoint(let path):
            "\(path): every checkpoint is damaged; begin the run again with --overwrite"
        case .inputChanged(let path):
            "\(path): is gone or has changed since the run began; restore it, or begin the run again with --overwrite"
        case .otherVersion(let version, let now):
            "the run was begun by version \(version), this is \(now); use that one, or begin again"
        case .unfinished(let path):
            "\(path): the run has not ended; expected a finished one; go on with --resume \(path) first"
        case .otherRecord(let path):
            "\(path): is not the record of a run by this version of the program; make the run again"
        case .noState(let path):
            "\(path): holds no whole state of the run's end (state); it was removed or damaged; begin the run again"
        case .cutShort(let path):
            "\(path): the run was cut short by --max-iterations; expected one that came to its end; begin it again without"
        }
    }
}

/// Everything needed to know what a run did, and to repeat it: `run.json`.
public struct RunRecord: Codable, Sendable {
    /// The program's version.
    public var version: String
    /// The command line.
    public var command: [String]
    /// The input STAR file.
    public var input: String
    /// Every setting.
    public var parameters: ReconstructionParameters
    /// The diameter used, in Å.
    public var diameter: Double
    /// What the contrast was found or told to be.
    public var contrast: ContrastDetection
    /// Particles in the input.
    public var particleCount: Int
    /// Pixels along an edge of the images; nil in records of older versions.
    public var boxSize: Int?
    /// The distance of two pixels, in Å; nil in records of older versions.
    public var pixelSize: Double?
    /// What is odd about the input; nil in records of older versions.
    public var warnings: [String]?
    /// How many particles were set aside for what, without what was measured; `set-aside.star` says that of each.
    public var setAside: [String: Int]
    /// The instruction set of the kernels.
    public var instructionSet: String
    /// Threads used; results do not depend on them.
    public var threads: Int
    /// Seconds, whole run, both parts of one that has two.
    public var seconds: Double
    /// What the first part left; nil for a run of one.
    public var firstPart: RunPlan.FirstPart?
    /// Bytes of memory at the peak of the process that ended the run; nil in records of older versions.
    public var peakMemory: Int?
    /// σ² of a Fourier coefficient by ring, from 1/box.
    public var noiseVariance: [Double]
    /// The random starts, one alone too; empty without an anneal.
    public var starts: [StartRecord]
    /// Whether the anneal began with a known map; nil in records of older versions.
    public var beganWithMap: Bool?
    /// What the half-sets say of the resolution; nil without them.
    public var resolution: ResolutionRecord?
    /// Whether the images want negative values left out; nil if they were not asked.
    public var positivityCheck: PositivityCheck?
    /// Whether the images support the density's detail; nil if too few could be asked.
    public var nullCheck: NullCheck?
    /// What became of the particles.
    public var particles: ParticleAccount
    /// What the result can be told by; nil in records of older versions.
    public var hashes: ResultHashes?
    /// The statistics of each iteration.
    public var iterations: [IterationStatistics]

    /// Reads records that ``RunFolder`` wrote.
    public static let decoder: JSONDecoder = {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return decoder
    }()

    /// Makes a record of a run of one part, or of the last of two.
    public init(
        version: String, command: [String], input: String, run: Reconstruction,
        result: Reconstruction.Result, imageNames: [String], instructionSet: String, threads: Int,
        warnings: [String] = [], firstPart: RunPlan.FirstPart? = nil
    ) {
        self.version = version
        self.command = command
        self.input = input
        self.firstPart = firstPart
        parameters = run.parameters
        diameter = run.diameter
        contrast = run.contrast
        particleCount = imageNames.count
        (boxSize, pixelSize) = (run.images.source.boxSize, run.images.source.pixelSize)
        self.warnings = warnings
        setAside = result.setAside.values.reduce(into: [:]) { counts, reason in
            counts[String(reason.prefix { $0 != ":" }), default: 0] += 1
        }
        self.instructionSet = instructionSet
        self.threads = threads
        seconds = (firstPart?.seconds ?? 0) + (result.statistics.last?.seconds ?? 0)
        peakMemory = AvailableMemory.peak
        noiseVariance = result.noiseVariance
        starts = result.starts
        beganWithMap = run.initialDensity != nil
        resolution = result.halves.map {
            ResolutionRecord($0.resolution, isSupported: result.nullCheck?.isPassed)
        }
        positivityCheck = result.positivityCheck
        nullCheck = result.nullCheck
        self.particles = ParticleAccount(result)
        hashes = ResultHashes(result, imageNames)
        iterations = result.statistics
    }
}

/// The SHA-256 of what a run found: runs that agree in them have the same result.
public struct ResultHashes: Codable, Sendable, Equatable {
    /// That of the voxels of `map.mrc`, as `tail -c +1025 map.mrc | sha256sum` gives it.
    public var map: String
    /// That of all poses, whatever the order of particles; see ``CryoFiles/ContentHash/digits(ofPoses:)``.
    public var poses: String

    init(_ result: Reconstruction.Result, _ imageNames: [String]) {
        map = ContentHash.digits(of: result.map)
        poses = ContentHash.digits(
            ofPoses: zip(imageNames, result.estimates).compactMap { name, estimate in
                estimate.map { (name, $0.pose) }
            })
    }
}
