import CryoCore

extension ParticleSet {
    /// What a STAR file says of its particles, without their images.
    public struct Listing: Sendable {
        /// The particles, in the order of the file.
        public var particles: [Particle]
        /// The pixel size, in Å.
        public var pixelSize: Double
    }

    /// Reads a STAR file alone; the stacks that it names need not be there.
    ///
    /// - Throws: ``FileError`` if the file is missing, damaged or contradictory.
    public static func listing(starFile: String) throws(FileError) -> Listing {
        let metadata = try ParticleMetadata(document: try StarDocument(path: starFile), path: starFile)
        var warnings: [String] = []
        let pixelSize = try PixelSizeReader.pixelSize(of: metadata, warnings: &warnings)
        let reader = ParticleReader(metadata, pixelSize: pixelSize)
        return Listing(particles: try reader.particles(warnings: &warnings), pixelSize: pixelSize)
    }
}
