/// A cubic real-space density.
///
/// Voxel (x, y, z) is `voxels[(z · boxSize + y) · boxSize + x]`; the origin is the voxel ⌊n/2⌋ of each axis.
public struct Volume: Sendable, Equatable {
    /// Voxels along an edge.
    public let boxSize: Int
    /// The distance of two voxels, in Å.
    public var pixelSize: Double
    /// The values; shape `[z][y][x]`.
    public var voxels: [Float]

    /// Makes a density; `voxels` must hold `boxSize³` values.
    public init(boxSize: Int, pixelSize: Double, voxels: [Float]) {
        precondition(voxels.count == boxSize * boxSize * boxSize, "a volume holds boxSize³ voxels")
        self.boxSize = boxSize
        self.pixelSize = pixelSize
        self.voxels = voxels
    }

    /// Makes a density of zeros.
    public init(boxSize: Int, pixelSize: Double) {
        self.init(
            boxSize: boxSize, pixelSize: pixelSize,
            voxels: [Float](repeating: 0, count: boxSize * boxSize * boxSize))
    }

    /// The value at a voxel.
    public subscript(x: Int, y: Int, z: Int) -> Float {
        get { voxels[(z * boxSize + y) * boxSize + x] }
        set { voxels[(z * boxSize + y) * boxSize + x] = newValue }
    }

    /// The density cut to, or surrounded by zeros in, a box of `size` voxels; the origin stays the origin.
    public func framed(in size: Int) -> Volume {
        var result = Volume(boxSize: size, pixelSize: pixelSize)
        let offset = size / 2 - boxSize / 2
        let inside = max(0, offset)..<min(size, boxSize + offset)
        for z in inside {
            for y in inside {
                for x in inside { result[x, y, z] = self[x - offset, y - offset, z - offset] }
            }
        }
        return result
    }
}
