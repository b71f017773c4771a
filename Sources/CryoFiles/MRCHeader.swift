import Glibc

/// The header of an MRC2014 file: the first 1024 bytes.
///
///     byte   0 nx ny nz      12 mode        16 start       28 mx my mz   40 cell (Å)
///     byte  64 axis order    76 min max mean               88 ISPG       92 extended header bytes
///     byte 108 version      208 "MAP "     212 machine stamp             216 rms   220 labels
///
/// Parsing checks what the rest relies on: sizes in a sane range, a mode that can be decoded, an axis order
/// that is a permutation.
/// - SeeAlso: Cheng et al., MRC2014, J. Struct. Biol. 192 (2015).
public struct MRCHeader: Sendable, Equatable {
    /// Columns, rows and sections.
    public var size: SIMD3<Int>
    /// How values are stored.
    public var mode: MRCMode
    /// The order of the bytes of a number.
    public var byteOrder: ByteOrder
    /// Intervals of the cell along x, y and z.
    public var sampling: SIMD3<Int>
    /// The cell's edges along x, y and z, in Å; zero if unknown.
    public var cell: SIMD3<Double>
    /// Which of x = 0, y = 1, z = 2 runs along columns, rows and sections.
    public var axes: SIMD3<Int> = [0, 1, 2]
    /// The smallest value, as the file says.
    public var minimum: Float = 0
    /// The largest value, as the file says.
    public var maximum: Float = 0
    /// The mean value, as the file says.
    public var mean: Float = 0
    /// The standard deviation, as the file says.
    public var deviation: Float = -1
    /// The space group: 0 says a stack and 1 a volume, but real files are often wrong.
    public var spaceGroup: Int
    /// The bytes between the header and the values.
    public var extendedByteCount = 0
    /// The texts of the header.
    public var labels: [String] = []
    /// What is odd about the header but does not prevent reading.
    public var warnings: [String] = []

    /// The bytes of the header itself.
    public static let byteCount = 1024

    /// Makes the header of new data with cubic pixels.
    ///
    /// - Parameters:
    ///   - size: Columns, rows and sections.
    ///   - pixelSize: In Å; a value that is not positive means unknown.
    ///   - isStack: Whether the sections are separate images.
    public init(size: SIMD3<Int>, pixelSize: Double, isStack: Bool) {
        self.size = size
        mode = .float32
        byteOrder = .native
        sampling = [size.x, size.y, isStack ? 1 : size.z]
        let edge = pixelSize.isFinite && pixelSize > 0 ? pixelSize : 0
        cell = [Double(sampling.x) * edge, Double(sampling.y) * edge, Double(sampling.z) * edge]
        spaceGroup = isStack ? 0 : 1
        labels = ["Daybreak"]
    }

    /// The first byte of the values.
    public var dataOffset: Int { Self.byteCount + extendedByteCount }

    /// The bytes of one section; nil if the number is too large.
    public var sectionByteCount: Int? {
        let (area, overflow) = size.x.multipliedReportingOverflow(by: size.y)
        let (bytes, more) = area.multipliedReportingOverflow(by: mode.bytesPerValue)
        return overflow || more ? nil : bytes
    }

    /// The length that the file should have, in bytes; nil if the number is too large.
    public var fileByteCount: Int? {
        guard let section = sectionByteCount else { return nil }
        let (bytes, overflow) = section.multipliedReportingOverflow(by: size.z)
        let (total, more) = bytes.addingReportingOverflow(dataOffset)
        return overflow || more ? nil : total
    }

    /// The distance of two pixels along each of x, y and z, in Å; nil where the header does not know it.
    public var pixelSizes: (x: Double?, y: Double?, z: Double?) {
        func edge(_ axis: Int) -> Double? {
            guard sampling[axis] > 0 else { return nil }
            let value = cell[axis] / Double(sampling[axis])
            // Outside this range the number is an artefact of some writer.
            guard value.isFinite, value > 1e-3, value < 1e4 else { return nil }
            // Of the header's 32-bit floats six digits are sure: 3.54 Å must not become 3.5399999619 Å.
            let scale = pow(10, 5 - log10(value).rounded(.down))
            return (value * scale).rounded() / scale
        }
        return (edge(0), edge(1), edge(2))
    }

    /// The distance of two pixels, in Å; nil where the header does not know it.
    public var pixelSize: Double? { pixelSizes.x }

    /// Checks the file's length against the header and returns a warning if there is more than needed.
    ///
    /// - Throws: ``FileError/truncated(path:found:expected:advice:)`` if values are missing.
    func checkLength(_ byteCount: Int, path: String) throws(FileError) -> String? {
        guard let expected = fileByteCount else {
            throw .malformed(
                path: path, place: .byte(0), found: "\(size.x)×\(size.y)×\(size.z) values",
                expected: "a size that fits a file",
                advice: "the header is damaged; copy or export the file again")
        }
        guard byteCount >= expected else {
            throw .truncated(
                path: path, found: byteCount, expected: expected,
                advice: "the file is cut short; copy or export it again")
        }
        return byteCount > expected
            ? "\(byteCount - expected) bytes follow the last value and are ignored" : nil
    }
}
