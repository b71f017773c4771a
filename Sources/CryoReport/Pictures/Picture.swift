/// A raster of 8-bit values, gray or red, green and blue; the first row is the top.
public struct Picture: Sendable, Equatable {
    /// How many values a pixel has.
    public enum Channels: Int, Sendable {
        /// One value: its brightness.
        case gray = 1
        /// Three values: red, green and blue.
        case rgb = 3
    }

    /// Pixels in a row.
    public let width: Int
    /// Rows.
    public let height: Int
    /// How many values a pixel has.
    public let channels: Channels
    /// The values; shape `[row][column][channel]`.
    public private(set) var bytes: [UInt8]

    /// Makes a picture of one value.
    public init(width: Int, height: Int, channels: Channels = .gray, fill: UInt8 = 0) {
        self.init(
            width: width, height: height, channels: channels,
            bytes: [UInt8](repeating: fill, count: width * height * channels.rawValue))
    }

    /// Makes a picture; `bytes` must hold `width · height · channels` values.
    public init(width: Int, height: Int, channels: Channels, bytes: [UInt8]) {
        precondition(width > 0 && height > 0, "a picture has at least one pixel")
        precondition(bytes.count == width * height * channels.rawValue, "a picture holds all its values")
        self.width = width
        self.height = height
        self.channels = channels
        self.bytes = bytes
    }

    /// The values of a pixel; writing replaces as many as the picture has channels.
    public subscript(x: Int, y: Int) -> [UInt8] {
        get {
            let start = (y * width + x) * channels.rawValue
            return Array(bytes[start..<start + channels.rawValue])
        }
        set {
            let start = (y * width + x) * channels.rawValue
            for (channel, value) in newValue.prefix(channels.rawValue).enumerated() {
                bytes[start + channel] = value
            }
        }
    }

    /// Copies a picture of the same channels into this one; what does not fit is cut off.
    public mutating func place(_ tile: Picture, x left: Int, y top: Int) {
        precondition(tile.channels == channels, "pictures of different channels do not mix")
        let (first, last) = (max(0, -left), min(tile.width, width - left))
        guard first < last else { return }
        for row in max(0, -top)..<max(max(0, -top), min(tile.height, height - top)) {
            let target = ((top + row) * width + left + first) * channels.rawValue
            let source = (row * tile.width + first) * channels.rawValue
            for offset in 0..<(last - first) * channels.rawValue {
                bytes[target + offset] = tile.bytes[source + offset]
            }
        }
    }
}
