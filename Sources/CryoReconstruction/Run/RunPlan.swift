import CryoFiles
import CryoInference
import Foundation

/// What a run was asked to do, written to `plan.json` when it begins: enough to go on after an interruption.
public struct RunPlan: Codable, Sendable {
    /// The program's version.
    public var version: String
    /// The command line.
    public var command: [String]
    /// The STAR file as it was named.
    public var input: String
    /// Its absolute path.
    public var inputPath: String
    /// The folder that image names start from, if one was given; absolute.
    public var root: String?
    /// The folder in which the run was begun; nil in plans of older versions.
    public var workingFolder: String?
    /// The map to start from, if one was given; absolute.
    public var initialMap: String?
    /// A map of the run's own to start from, by its name in the run's folder.
    public var ownMap: String?
    /// Every setting.
    public var parameters: ReconstructionParameters
    /// What follows when this part of a run has shown the axes of symmetry; nil for a run of one part.
    public var symmetrySearch: SymmetrySearch?
    /// What that part left; nil for the first part, and for a run of one.
    public var firstPart: FirstPart?
    /// The input's files as they were.
    public var files: [Fingerprint]
    /// What it was before it was extended to a finer limit; nil if it was not.
    public var beginning: Beginning?

    /// The second part of a run whose first looks for axes in a density that is free of symmetry.
    public struct SymmetrySearch: Codable, Sendable, Equatable {
        /// Its settings; the group is the one looked for, or C1 for whichever holds.
        public var parameters: ReconstructionParameters

        /// The group that is looked for; nil for whichever holds.
        public var told: PointGroup? {
            PointGroup(name: parameters.symmetry).flatMap { $0.order > 1 ? $0 : nil }
        }

        /// Makes it.
        public init(parameters: ReconstructionParameters) { self.parameters = parameters }
    }

    /// What the first of a run's two parts left for its record.
    public struct FirstPart: Codable, Sendable, Equatable {
        /// Seconds that it took.
        public var seconds: Double
        /// By how many nats an image its evidence preferred the contrast with which the run went on; nil if one alone was tried.
        public var contrastGain: Double?

        /// Looks back at a part that has ended.
        public init(_ result: Reconstruction.Result, contrast: ContrastDetection) {
            seconds = result.statistics.last?.seconds ?? 0
            contrastGain = StartRecord.gain(ofContrast: contrast.sign, result.starts)
        }
    }

    /// Which part of a run of two this is, from 1; nil for a run of one.
    public var part: Int? { symmetrySearch != nil ? 1 : firstPart != nil ? 2 : nil }

    /// The first part of a run that was extended.
    public struct Beginning: Codable, Sendable, Equatable {
        /// The settings that it began with.
        public var parameters: ReconstructionParameters
        /// The iterations that it made with them.
        public var iterationCount: Int

        /// Notes what a run was before its first extension.
        public init(parameters: ReconstructionParameters, iterationCount: Int) {
            self.parameters = parameters
            self.iterationCount = iterationCount
        }
    }

    /// A file as it was at the start.
    public struct Fingerprint: Codable, Sendable, Equatable {
        /// The absolute path, links followed: a file may be reached by another one when the run goes on.
        public var path: String
        /// Bytes.
        public var size: Int
        /// Seconds since 1970.
        public var modified: Double
        /// The CRC-32; for the STAR file only, since stacks are large.
        public var checksum: UInt32?

        init(_ path: String, hasChecksum: Bool) {
            self.path = URL(fileURLWithPath: RunPlan.absolute(path)).resolvingSymlinksInPath().path
            let attributes = try? FileManager.default.attributesOfItem(atPath: path)
            size = (attributes?[.size] as? NSNumber)?.intValue ?? -1
            modified = (attributes?[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
            checksum = hasChecksum ? DurableFile.checksum(ofFile: path) : nil
        }
    }

    /// Plans a run, of one part.
    public init(
        version: String, command: [String], input: String, root: String?, initialMap: String?,
        parameters: ReconstructionParameters, particles: ParticleSet
    ) {
        self.version = version
        self.command = command
        self.input = input
        inputPath = Self.absolute(input)
        self.root = root.map(Self.absolute)
        workingFolder = FileManager.default.currentDirectoryPath
        self.initialMap = initialMap.map(Self.absolute)
        self.parameters = parameters
        files = Self.fingerprints(input, particles, self.initialMap)
    }

    /// Where the run's image names were read.
    public var origin: ParticleSet.Origin {
        ParticleSet.Origin(workingFolder: workingFolder, starFile: inputPath)
    }

    /// The particles, found where the run found them.
    ///
    /// - Throws: ``CryoFiles/FileError`` if anything is missing, damaged or contradictory.
    public func particles() throws(FileError) -> ParticleSet {
        try ParticleSet(starFile: inputPath, root: root, origin: origin)
    }

    /// The map to start from in a run's folder; nil for a random start.
    public func startingMap(in folder: RunFolder) -> String? { initialMap ?? ownMap.map(folder.file) }

    /// A path that does not depend on the working folder.
    public static func absolute(_ path: String) -> String {
        URL(fileURLWithPath: path).standardizedFileURL.path
    }

    private static func fingerprints(
        _ input: String, _ particles: ParticleSet, _ map: String?
    ) -> [Fingerprint] {
        [Fingerprint(input, hasChecksum: true)] + (map.map { [Fingerprint($0, hasChecksum: true)] } ?? [])
            + particles.stackPaths.map { Fingerprint($0, hasChecksum: false) }
    }

    /// Refuses to go on with another version.
    ///
    /// - Throws: ``RunFolderError/otherVersion(_:now:)``.
    public func check(version: String) throws(RunFolderError) {
        guard version == self.version else { throw .otherVersion(self.version, now: version) }
    }

    /// Refuses to go on with files that have changed.
    ///
    /// - Throws: ``RunFolderError/inputChanged(_:)``.
    public func check(_ particles: ParticleSet) throws(RunFolderError) {
        for (then, now) in zip(files, Self.fingerprints(inputPath, particles, initialMap)) where then != now {
            throw .inputChanged(then.path)
        }
    }
}
