import CryoCore

/// Where particles come from: metadata in memory, pixels on demand.
public protocol ParticleSource: Sendable {
    /// The particles' metadata.
    var particles: [Particle] { get }
    /// Pixels along an edge of every image.
    var boxSize: Int { get }
    /// The pixel size, in Å.
    var pixelSize: Double { get }
    /// About the bytes that the metadata of one particle take, besides ``particles``.
    var metadataByteCount: Int { get }
    /// Reads one image; called from several threads.
    func image(_ index: Int) throws -> Image
    /// Everything else that is known of a particle, to tell apart two of one image and one CTF.
    func metadataText(_ index: Int) -> [String]
}

extension ParticleSource {
    /// Nothing.
    public func metadataText(_ index: Int) -> [String] { [] }
    /// Nothing.
    public var metadataByteCount: Int { 0 }

    /// The indices of at most `limit` particles, spread evenly over the set.
    func sample(atMost limit: Int) -> [Int] {
        Array(stride(from: 0, to: particles.count, by: max(1, (particles.count + limit - 1) / limit)))
    }

    /// The edge of the box, in Å.
    public var boxLength: Double { Double(boxSize) * pixelSize }
}
