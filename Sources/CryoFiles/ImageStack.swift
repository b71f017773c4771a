import CryoCore

/// A stack of square images in an MRC file, opened without reading a pixel.
///
/// Opening reads 1024 bytes however large the file is. Copies share one descriptor and may be used by any
/// number of threads at once.
public struct ImageStack: Sendable {
    /// The file's path.
    public var path: String { file.path }
    /// The file's header.
    public let header: MRCHeader
    /// The number of images.
    public var imageCount: Int { header.size.z }
    /// Pixels along an edge of each image.
    public var boxSize: Int { header.size.x }
    /// The distance of two pixels, in Å; nil if the header does not know it.
    public var pixelSize: Double? { header.pixelSize }
    /// What is odd about the file but does not prevent reading.
    public let warnings: [String]

    private let file: InputFile
    private let imageByteCount: Int

    /// Opens a stack; every section of the file is an image, whatever its space group says.
    ///
    /// - Throws: ``FileError`` if the file is missing, damaged, cut short or has images that are not square.
    public init(path: String) throws(FileError) {
        let file = try InputFile(path: path)
        let header = try MRCHeader(
            parsing: try file.bytes(from: 0, count: min(file.byteCount, MRCHeader.byteCount)), path: path)
        var warnings = header.warnings
        guard header.size.x == header.size.y, let imageByteCount = header.sectionByteCount else {
            throw .unsupported(
                path: path, place: .byte(0), found: "images of \(header.size.x)×\(header.size.y) pixels",
                expected: "square images", advice: "extract the particles again in square boxes")
        }
        if let warning = try header.checkLength(file.byteCount, path: path) { warnings.append(warning) }
        if header.axes != [0, 1, 2] { warnings.append("the axis order of the header is ignored for images") }
        self.file = file
        self.header = header
        self.imageByteCount = imageByteCount
        self.warnings = warnings
    }

    /// Reads one image; its pixel size is the header's, or 1 Å where the header does not know it.
    ///
    /// - Parameter index: From 0.
    /// - Throws: ``FileError`` if there is no such image or it cannot be read.
    public func readImage(_ index: Int) throws(FileError) -> Image {
        guard index >= 0, index < imageCount else {
            throw .malformed(
                path: path, place: .whole, found: "a request for the image of index \(index)",
                expected: "0 to \(imageCount - 1)", advice: "the list of images does not belong to this stack"
            )
        }
        // The length was checked on opening, so neither product can overflow.
        let pixels = try SampleDecoder(mode: header.mode, byteOrder: header.byteOrder)
            .read(boxSize * boxSize, from: file, at: header.dataOffset + index * imageByteCount)
        return Image(boxSize: boxSize, pixelSize: pixelSize ?? 1, pixels: pixels)
    }
}
