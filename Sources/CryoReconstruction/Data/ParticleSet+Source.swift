import CryoCore
import CryoFiles

extension ParticleSet: ParticleSource {
    /// Reads one image.
    public func image(_ index: Int) throws -> Image { try readImage(index) }
}
