import Foundation

extension Volume: Codable {
    private enum Key: CodingKey { case boxSize, pixelSize, voxels }

    /// Writes the box, the pixel size and the voxels' bytes.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(boxSize, forKey: .boxSize)
        try container.encode(pixelSize, forKey: .pixelSize)
        try container.encode(voxels.rawData, forKey: .voxels)
    }

    /// Reads what was written.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        let boxSize = try container.decode(Int.self, forKey: .boxSize)
        let voxels = try [Float](rawData: container.decode(Data.self, forKey: .voxels))
        guard boxSize >= 0, boxSize < 1 << 20, voxels.count == boxSize * boxSize * boxSize else {
            throw DecodingError.dataCorruptedError(
                forKey: .voxels, in: container, debugDescription: "another number of voxels")
        }
        self.init(
            boxSize: boxSize, pixelSize: try container.decode(Double.self, forKey: .pixelSize), voxels: voxels
        )
    }
}
