import Foundation

/// Plain values as their bytes, exactly and quickly: for checkpoints, which belong to the version of the program that wrote
/// them; not for files that others read.
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
        // Safe: `rawData` fills the elements to the last byte, and no pattern of bits makes them point anywhere.
        unsafe self.init(unsafeUninitializedCapacity: rawData.count / stride) { buffer, count in
            _ = unsafe rawData.copyBytes(to: UnsafeMutableRawBufferPointer(buffer))
            count = rawData.count / stride
        }
    }
}
