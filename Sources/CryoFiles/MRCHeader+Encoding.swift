extension MRCHeader {
    /// The header's 1024 bytes, MRC2014 version 20140, in ``byteOrder``.
    public var encoded: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Self.byteCount)
        func put(_ value: UInt32, at offset: Int) {
            for index in 0..<4 {
                let shift = byteOrder == .little ? 8 * index : 24 - 8 * index
                bytes[offset + index] = UInt8(truncatingIfNeeded: value >> shift)
            }
        }
        func put(_ value: Int, at offset: Int) {
            put(UInt32(bitPattern: Int32(clamping: value)), at: offset)
        }
        func put(_ value: Float, at offset: Int) { put(value.bitPattern, at: offset) }

        for axis in 0..<3 {
            put(size[axis], at: 4 * axis)
            put(sampling[axis], at: 28 + 4 * axis)
            put(Float(cell[axis]), at: 40 + 4 * axis)
            put(Float(90), at: 52 + 4 * axis)
            put(axes[axis] + 1, at: 64 + 4 * axis)
        }
        put(mode.rawValue, at: 12)
        put(minimum, at: 76)
        put(maximum, at: 80)
        put(mean, at: 84)
        put(spaceGroup, at: 88)
        put(extendedByteCount, at: 92)
        put(20140, at: 108)
        bytes.replaceSubrange(208..<212, with: Array("MAP ".utf8))
        bytes.replaceSubrange(212..<214, with: byteOrder == .little ? [0x44, 0x44] : [0x11, 0x11])
        put(deviation, at: 216)
        put(min(10, labels.count), at: 220)
        for (index, label) in labels.prefix(10).enumerated() {
            // The standard pads labels with blanks and allows ASCII only.
            let text = label.utf8.map { (32..<127).contains($0) ? $0 : 63 }.prefix(80)
            let padding = [UInt8](repeating: 32, count: 80 - text.count)
            bytes.replaceSubrange((224 + 80 * index)..<(304 + 80 * index), with: text + padding)
        }
        return bytes
    }

    /// Takes over the range and moments of the values.
    mutating func setStatistics(_ statistics: SampleStatistics) {
        minimum = statistics.minimum
        maximum = statistics.maximum
        mean = Float(statistics.mean)
        deviation = Float(statistics.deviation)
    }
}
