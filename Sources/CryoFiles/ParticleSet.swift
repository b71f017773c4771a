import CryoCore

/// The particles of a STAR file: their metadata in memory, their pixels on disk.
///
/// Making one checks everything that can be checked without reading pixels, so that a run does not fail hours
/// later: each stack exists, is whole and has the images that are asked of it.
public struct ParticleSet: Sendable {
    /// The STAR file's path.
    public let path: String
    /// The particles in the order of the file; of a stack with several names the least is in the names of all its images.
    public let particles: [Particle]
    /// Pixels along an edge of each image.
    public let boxSize: Int
    /// The distance of two pixels, in Å, as the STAR file says.
    public let pixelSize: Double
    /// What is odd about the files but does not prevent reading.
    public let warnings: [String]
    /// The names of stacks that are absolute or lead upwards with `..`; they are only ever read.
    public let namesElsewhere: [String]
    /// The STAR file as it was read.
    public let document: StarDocument
    /// Where a run began, which is looked at from elsewhere.
    public struct Origin: Sendable {
        /// Its working directory; nil where that is not known.
        public var workingFolder: String?
        /// The STAR file that it was given.
        public var starFile: String

        /// Makes it.
        public init(workingFolder: String?, starFile: String) {
            (self.workingFolder, self.starFile) = (workingFolder, starFile)
        }
    }

    /// The number of particles.
    public var count: Int { particles.count }
    /// The stacks in which the images were found.
    public var stackPaths: [String] { pool.paths }

    /// About the bytes that a particle's row of the STAR file takes: a string a value, which is elsewhere if it is long.
    public var metadataByteCount: Int {
        let table = metadata.particles
        guard table.rowCount > 0 else { return 0 }
        return table.row(0).reduce(24) { $0 + 16 + ($1.utf8.count > 15 ? 48 + $1.utf8.count : 0) }
    }

    /// One line about ``namesElsewhere``; nil if there are none.
    public var remarkOnNamesElsewhere: String? {
        guard let first = namesElsewhere.first else { return nil }
        let more = namesElsewhere.count > 1 ? ", …" : ""
        return
            "\(namesElsewhere.count) of \(stackPaths.count) by an absolute path or '..': \(first.excerpt)\(more)"
    }

    let metadata: ParticleMetadata
    private let locations: [StackSurvey.Location]
    private let pool: StackPool

    /// Reads a STAR file and checks every stack that it names.
    ///
    /// - Parameters:
    ///   - starFile: A file of RELION 3.0 or later, or of a converter.
    ///   - root: The folder that the image names start from; tried before the working directory, the STAR
    ///     file's folder and the folders above it.
    ///   - origin: Where the names were read before; nil if that was nowhere else.
    /// - Throws: ``FileError`` if anything is missing, damaged or contradictory.
    public init(starFile: String, root: String? = nil, origin: Origin? = nil) throws(FileError) {
        try FileSniffer.refuseImages(starFile)
        let document = try StarDocument(path: starFile)
        let metadata = try ParticleMetadata(document: document, path: starFile)
        var warnings = document.warnings + metadata.warnings
        let pixelSize = try PixelSizeReader.pixelSize(of: metadata, warnings: &warnings)
        var particles = try ParticleReader(metadata, pixelSize: pixelSize, needsPoses: false)
            .particles(warnings: &warnings)
        let survey = try StackSurvey(
            metadata, ImageLocator(starFile: starFile, root: root, origin: origin), pixelSize: pixelSize)
        for (index, location) in survey.locations.enumerated() {
            guard let name = survey.aliases[location.stack] else { continue }
            particles[index].imageName = "\(location.image + 1)@\(name)"
        }
        self.particles = particles
        path = starFile
        boxSize = survey.boxSize
        namesElsewhere = survey.namesElsewhere
        locations = survey.locations
        pool = StackPool(paths: survey.paths)
        self.document = document
        self.metadata = metadata
        self.pixelSize = pixelSize
        self.warnings = warnings + survey.warnings
    }

    /// The images' names as the file has them, which are also those of the STAR files that are written.
    public var imageNames: [String] { metadata.particles.values(of: "rlnImageName") ?? [] }

    /// The values of a particle's row, as the file has them.
    public func row(_ index: Int) -> [String] { Array(metadata.particles.row(index)) }

    /// Reads one image; any number of threads may do so at once.
    ///
    /// - Parameter index: The particle, from 0.
    /// - Throws: ``FileError`` if the stack has changed or cannot be read any more.
    public func readImage(_ index: Int) throws(FileError) -> Image {
        guard locations.indices.contains(index) else {
            throw .malformed(
                path: path, place: .whole, found: "a request for the particle of index \(index)",
                expected: "0 to \(count - 1)",
                advice: "this is a mistake in the program; please report it")
        }
        let location = locations[index]
        var image = try pool.stack(Int(location.stack)).readImage(Int(location.image))
        guard image.boxSize == boxSize else {
            throw .malformed(
                path: pool.paths[Int(location.stack)], place: .byte(0),
                found: "images of \(image.boxSize)² pixels",
                expected: "\(boxSize)² as before",
                advice: "the stack changed while it was in use; start again")
        }
        image.pixelSize = pixelSize
        return image
    }
}
