extension MRCHeader {
    /// Reads a header.
    ///
    /// The byte order is the one of the machine stamp unless sizes or mode are absurd in it; many files carry
    /// a wrong stamp or none.
    /// - Parameters:
    ///   - bytes: The first 1024 bytes of the file, or more.
    ///   - path: The file's name for messages.
    /// - Throws: ``FileError`` if the header cannot be one of a readable MRC file.
    public init(parsing bytes: [UInt8], path: String) throws(FileError) {
        guard bytes.count >= Self.byteCount else {
            throw .truncated(
                path: path, found: bytes.count, expected: Self.byteCount,
                advice: "this is not an MRC file, or it was cut short")
        }
        let stamped: ByteOrder = bytes[212] == 0x11 ? .big : .little
        var words = HeaderWords(bytes: bytes, order: stamped)
        var warnings: [String] = []
        if !words.isPlausible, words.swapped.isPlausible {
            words = words.swapped
            if bytes[212] != 0 {
                warnings.append("the machine stamp contradicts the byte order of the header")
            }
        }
        size = try words.size(path: path)
        mode = try words.mode(path: path)
        byteOrder = words.order
        sampling = [words.integer(28), words.integer(32), words.integer(36)]
        cell = [Double(words.float(40)), Double(words.float(44)), Double(words.float(48))]
        minimum = words.float(76)
        maximum = words.float(80)
        mean = words.float(84)
        deviation = words.float(216)
        spaceGroup = words.integer(88)
        axes = try words.axes(path: path, warnings: &warnings)
        extendedByteCount = words.integer(92)
        guard extendedByteCount >= 0 else {
            throw .malformed(
                path: path, place: .byte(92), found: "an extended header of \(extendedByteCount) bytes",
                expected: "0 or more", advice: "the header is damaged; copy or export the file again")
        }
        labels = words.labels
        if mode == .int8 { warnings.append("mode 0 is read as signed bytes, as RELION and mrcfile do") }
        self.warnings = warnings
    }
}

/// The numbers of a header in one byte order.
private struct HeaderWords {
    let bytes: [UInt8]
    let order: ByteOrder

    static let edgeLimit = 1 << 20

    var swapped: HeaderWords { HeaderWords(bytes: bytes, order: order.swapped) }

    func word(_ offset: Int) -> UInt32 {
        var value: UInt32 = 0
        for index in 0..<4 { value |= UInt32(bytes[offset + index]) << (8 * index) }
        return order == .little ? value : value.byteSwapped
    }

    func integer(_ offset: Int) -> Int { Int(Int32(bitPattern: word(offset))) }

    func float(_ offset: Int) -> Float { Float(bitPattern: word(offset)) }

    var isPlausible: Bool {
        let mode = integer(12)
        return (MRCMode(rawValue: mode) != nil || MRCMode.refused[mode] != nil)
            && [0, 4].allSatisfy { (1...Self.edgeLimit).contains(integer($0)) } && integer(8) > 0
    }

    func size(path: String) throws(FileError) -> SIMD3<Int> {
        for (offset, name, limit) in [
            (0, "nx", Self.edgeLimit), (4, "ny", Self.edgeLimit), (8, "nz", Int(Int32.max)),
        ] where !(1...limit).contains(integer(offset)) {
            throw .malformed(
                path: path, place: .byte(offset), found: "\(name) = \(integer(offset))",
                expected: "1 to \(limit)",
                advice: "this is not an MRC file, or its header is damaged")
        }
        return [integer(0), integer(4), integer(8)]
    }

    func mode(path: String) throws(FileError) -> MRCMode {
        let number = integer(12)
        if let mode = MRCMode(rawValue: number) { return mode }
        let name = MRCMode.refused[number].map { "mode \(number) (\($0))" } ?? "mode \(number)"
        throw .unsupported(
            path: path, place: .byte(12), found: name, expected: "mode 0, 1, 2, 6 or 12",
            advice: "convert the file to mode 2 (32-bit floats)")
    }

    func axes(path: String, warnings: inout [String]) throws(FileError) -> SIMD3<Int> {
        let order: SIMD3<Int> = [integer(64), integer(68), integer(72)]
        if order == [0, 0, 0] {
            warnings.append("the header has no axis order; x, y, z is assumed")
            return [0, 1, 2]
        }
        let isPermutation = (1...3).allSatisfy { axis in order.x == axis || order.y == axis || order.z == axis
        }
        guard isPermutation else {
            throw .malformed(
                path: path, place: .byte(64), found: "axis order \(order.x), \(order.y), \(order.z)",
                expected: "a permutation of 1, 2, 3", advice: "the header is damaged; export the file again")
        }
        return order &- 1
    }

    var labels: [String] {
        (0..<min(10, max(0, integer(220)))).map { index in
            let text = bytes[(224 + 80 * index)..<(304 + 80 * index)].filter { (32..<127).contains($0) }
            let end = text.lastIndex { $0 != 32 }.map { $0 + 1 } ?? 0
            return String(decoding: text[..<end], as: UTF8.self)
        }
    }
}
