import CryoCore
import CryoFiles

extension ParticleSet: ParticleSource {
    /// Reads one image.
    public func image(_ index: Int) throws -> Image { try readImage(index) }

    /// The values of a particle's row.
    public func metadataText(_ index: Int) -> [String] { row(index) }
}
