/// Turns stored values of an MRC file into numbers.
struct SampleDecoder: Sendable {
    let mode: MRCMode
    let byteOrder: ByteOrder

    /// Reads `count` values that start at byte `offset` of `file`.
    func read(_ count: Int, from file: InputFile, at offset: Int) throws(FileError) -> [Float] {
        switch mode {
        case .float32: try floats(count, from: file, at: offset)
        case .int8: try file.bytes(from: offset, count: count).map { Float(Int8(bitPattern: $0)) }
        case .int16: try words(count, from: file, at: offset).map { Float(Int16(bitPattern: $0)) }
        case .uint16: try words(count, from: file, at: offset).map { Float($0) }
        case .float16: try words(count, from: file, at: offset).map { Self.float(half: $0) }
        }
    }

    /// Floats need no second buffer: they are read where they stay.
    private func floats(_ count: Int, from file: InputFile, at offset: Int) throws(FileError) -> [Float] {
        var failure: FileError?
        // Safe: `fill` writes the `count` floats or fails, and then none counts.
        var values = unsafe [Float](unsafeUninitializedCapacity: count) { output, initialized in
            failure = unsafe file.fill(
                UnsafeMutableRawBufferPointer(start: output.baseAddress, count: count * 4), from: offset)
            initialized = failure == nil ? count : 0
        }
        if let failure { throw failure }
        guard byteOrder != .native else { return values }
        var span = values.mutableSpan
        for index in span.indices { span[index] = Float(bitPattern: span[index].bitPattern.byteSwapped) }
        return values
    }

    /// Numbers of two bytes.
    private func words(_ count: Int, from file: InputFile, at offset: Int) throws(FileError) -> [UInt16] {
        let bytes = try file.bytes(from: offset, count: count * 2)
        let (low, high) = byteOrder == .little ? (0, 1) : (1, 0)
        return (0..<count).map { UInt16(bytes[2 * $0 + high]) << 8 | UInt16(bytes[2 * $0 + low]) }
    }

    /// The value of a 16-bit float.
    ///
    /// Exponent and fraction move to their 32-bit places and a product with 2¹¹² mends the exponent's bias,
    /// which is right for subnormal numbers too. Infinities and NaN get the full exponent back.
    /// `Float(Float16)` is a library call a value on machines before F16C.
    @inline(__always)
    static func float(half: UInt16) -> Float {
        let bits = UInt32(half)
        let scaled = Float(bitPattern: (bits & 0x7FFF) << 13) * 0x1p112
        let special: UInt32 = bits & 0x7C00 == 0x7C00 ? 0x7F80_0000 : 0
        return Float(bitPattern: scaled.bitPattern | special | (bits & 0x8000) << 16)
    }
}
