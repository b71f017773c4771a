import Foundation

/// A plain value that is stored as its bytes, exactly and quickly.
///
/// For checkpoints, which belong to the version of the program that wrote them; not for files that others read.
public protocol RawCodable: BitwiseCopyable, Codable {}

extension RawCodable {
    /// Writes the bytes.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode([self].rawData)
    }

    /// Reads the bytes.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let values = try [Self](rawData: container.decode(Data.self))
        guard let value = values.first, values.count == 1 else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "a value of another size")
        }
        self = value
    }
}

extension Array where Element: BitwiseCopyable {
    // Safe: the bytes are copied while the array lends them.

    /// The elements' bytes, in this machine's order.
    public var rawData: Data { unsafe withUnsafeBytes { unsafe Data($0) } }

    /// The elements of ``rawData``.
    ///
    /// - Throws: `DecodingError` if the bytes are no whole number of elements.
    public init(rawData: Data) throws {
        let stride = MemoryLayout<Element>.stride
        guard rawData.count % stride == 0 else {
            throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "a broken element"))
        }
        // Safe: `rawData` fills the elements to the last byte, and every pattern of bits is a value of theirs.
        unsafe self.init(unsafeUninitializedCapacity: rawData.count / stride) { buffer, count in
            _ = unsafe rawData.copyBytes(to: UnsafeMutableRawBufferPointer(buffer))
            count = rawData.count / stride
        }
    }
}
