/// Turns stored values of an MRC file into numbers.
///
/// Goals, in order: right for every mode and byte order; whole blocks at a time; loops that vectorise (no
/// closure and no branch per value).
struct SampleDecoder: Sendable {
    let mode: MRCMode
    let byteOrder: ByteOrder

    /// Reads `count` values that start at byte `offset` of `file`.
    func read(_ count: Int, from file: InputFile, at offset: Int) throws(FileError) -> [Float] {
        if mode == .float32 { return try readFloats(count, from: file, at: offset) }
        let bytes = try file.bytes(from: offset, count: count * mode.bytesPerValue)
        // Safe: `bytes` has `count` values, and `decode` writes all of them.
        return unsafe [Float](unsafeUninitializedCapacity: count) { output, initialized in
            unsafe bytes.withUnsafeBytes { unsafe decode($0, into: output) }
            initialized = count
        }
    }

    /// Floats need no second buffer: they are read where they stay.
    private func readFloats(_ count: Int, from file: InputFile, at offset: Int) throws(FileError) -> [Float] {
        var failure: FileError?
        // Safe: `fill` writes the `count` floats or fails, and then none counts.
        let values = unsafe [Float](unsafeUninitializedCapacity: count) { output, initialized in
            failure = unsafe file.fill(
                UnsafeMutableRawBufferPointer(start: output.baseAddress, count: count * 4), from: offset)
            guard failure == nil else { return }
            initialized = count
            guard byteOrder != .native else { return }
            for index in 0..<count {
                unsafe output[index] = Float(bitPattern: output[index].bitPattern.byteSwapped)
            }
        }
        if let failure { throw failure }
        return values
    }

    /// Decodes every mode but 32-bit floats; `bytes` holds a value for each element of `output`.
    private func decode(_ bytes: UnsafeRawBufferPointer, into output: UnsafeMutableBufferPointer<Float>) {
        let count = bytes.count / mode.bytesPerValue
        // Safe: `[UInt8]` storage is aligned for any of the types bound here, and both sides hold `count` values.
        if mode == .int8 {
            let source = unsafe bytes.bindMemory(to: Int8.self)
            for index in 0..<count { unsafe output[index] = Float(source[index]) }
            return
        }
        let source = unsafe bytes.bindMemory(to: UInt16.self)
        let isSwapped = byteOrder != .native
        switch (mode, isSwapped) {
        case (.int16, false):
            for index in 0..<count { unsafe output[index] = Float(Int16(bitPattern: source[index])) }
        case (.int16, true):
            for index in 0..<count {
                unsafe output[index] = Float(Int16(bitPattern: source[index].byteSwapped))
            }
        case (.uint16, false):
            for index in 0..<count { unsafe output[index] = Float(source[index]) }
        case (.uint16, true):
            for index in 0..<count { unsafe output[index] = Float(source[index].byteSwapped) }
        case (_, false):
            for index in 0..<count { unsafe output[index] = Self.float(half: source[index]) }
        case (_, true):
            for index in 0..<count { unsafe output[index] = Self.float(half: source[index].byteSwapped) }
        }
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
