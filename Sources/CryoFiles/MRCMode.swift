/// How an MRC file stores one value.
public enum MRCMode: Int, Sendable, CaseIterable {
    /// Signed bytes.
    case int8 = 0
    /// Signed 16-bit integers.
    case int16 = 1
    /// 32-bit floating point.
    case float32 = 2
    /// Unsigned 16-bit integers.
    case uint16 = 6
    /// 16-bit floating point.
    case float16 = 12

    /// The bytes of one value.
    public var bytesPerValue: Int {
        switch self {
        case .int8: 1
        case .int16, .uint16, .float16: 2
        case .float32: 4
        }
    }

    /// The numbers of the MRC standard that exist but hold no density.
    static let refused: [Int: String] = [
        3: "complex 16-bit integers", 4: "complex 32-bit floats", 101: "4-bit integers",
    ]
}

/// The order of the bytes of a number in a file.
public enum ByteOrder: Sendable {
    /// The least significant byte first.
    case little
    /// The most significant byte first.
    case big

    /// The other order.
    public var swapped: ByteOrder { self == .little ? .big : .little }

    /// The order of this machine.
    static var native: ByteOrder { Int(1).littleEndian == 1 ? .little : .big }
}
