import CryoCore

/// Reads and writes densities as MRC2014 files.
public enum MRCFile {
    /// Reads a cubic density.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - pixelSize: The pixel size in Å, if not the header's.
    ///   - warn: Called with each thing that is odd but does not prevent reading, such as a missing pixel
    ///     size, for which 1 Å is taken.
    /// - Returns: The density with its axes in the order x, y, z.
    /// - Throws: ``FileError`` if the file is missing, damaged, cut short or not cubic.
    public static func readVolume(
        _ path: String, pixelSize: Double? = nil, warn: (_ warning: String) -> Void = { _ in }
    ) throws(FileError) -> Volume {
        let file = try InputFile(path: path)
        let header = try MRCHeader(
            parsing: try file.bytes(from: 0, count: min(file.byteCount, MRCHeader.byteCount)), path: path)
        header.warnings.forEach(warn)
        if let warning = try header.checkLength(file.byteCount, path: path) { warn(warning) }
        let edge = header.size.x
        guard header.size == [edge, edge, edge] else {
            throw .unsupported(
                path: path, place: .byte(0),
                found: "\(header.size.x)×\(header.size.y)×\(header.size.z) values",
                expected: "a cubic volume", advice: "pad or crop the map to a cube")
        }
        // A sparse file costs its maker nothing; the values are held once, and twice while axes are exchanged.
        let values = Double(edge) * Double(edge) * Double(edge)
        let available = AvailableMemory().now
        guard 8 * values <= Double(available) else {
            throw .unsupported(
                path: path, place: .byte(0), found: "\(edge)³ values",
                expected: "8 bytes for each in the memory of \(available >> 20) MB that is free",
                advice: "bin the map, or use a larger machine")
        }
        let stored = try SampleDecoder(mode: header.mode, byteOrder: header.byteOrder)
            .read(edge * edge * edge, from: file, at: header.dataOffset)
        return Volume(
            boxSize: edge, pixelSize: pixelSize ?? Self.pixelSize(of: header, warn: warn),
            voxels: header.axes == [0, 1, 2] ? stored : permuted(stored, edge: edge, axes: header.axes))
    }

    /// Writes a density; the file appears when it is complete.
    ///
    /// - Throws: ``FileError/unwritable(path:found:advice:)``.
    public static func write(_ volume: Volume, to path: String) throws(FileError) {
        let edge = volume.boxSize
        var header = MRCHeader(size: [edge, edge, edge], pixelSize: volume.pixelSize, isStack: false)
        var statistics = SampleStatistics()
        statistics.add(volume.voxels)
        header.setStatistics(statistics)
        let file = try OutputFile(path: path)
        try file.write(header.encoded)
        try file.write(volume.voxels)
        try file.commit()
    }

    private static func pixelSize(of header: MRCHeader, warn: (String) -> Void) -> Double {
        let sizes = header.pixelSizes
        guard let x = sizes.x else {
            warn("the header has no pixel size; 1 Å is assumed")
            return 1
        }
        for other in [sizes.y, sizes.z] {
            if let other, abs(other - x) > 0.01 * x {
                warn("the pixel sizes of the axes differ (\(x) and \(other) Å); \(x) Å is taken")
                break
            }
        }
        return x
    }

    /// Values whose columns, rows and sections run along other axes, brought into the order x, y, z.
    private static func permuted(_ stored: [Float], edge: Int, axes: SIMD3<Int>) -> [Float] {
        let strides = [1, edge, edge * edge]
        let step = (column: strides[axes.x], row: strides[axes.y], section: strides[axes.z])
        var voxels = [Float](repeating: 0, count: stored.count)
        var source = 0
        for section in 0..<edge {
            for row in 0..<edge {
                var target = section * step.section + row * step.row
                for _ in 0..<edge {
                    voxels[target] = stored[source]
                    source += 1
                    target += step.column
                }
            }
        }
        return voxels
    }
}
