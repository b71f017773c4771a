import CryoCore

/// Writes a stack of images one at a time, as 32-bit floats.
///
/// The file appears under its name when ``finish()`` is called; a writer that goes away before leaves
/// nothing.
public final class MRCStackWriter {
    /// The number of images so far.
    public private(set) var imageCount = 0

    private let file: OutputFile
    private let boxSize: Int
    private let pixelSize: Double
    private var statistics = SampleStatistics()

    /// Starts a stack of images of `boxSize`² pixels; `pixelSize` is in Å.
    ///
    /// - Throws: ``FileError/unwritable(path:found:advice:)``.
    public init(path: String, boxSize: Int, pixelSize: Double) throws(FileError) {
        self.boxSize = boxSize
        self.pixelSize = pixelSize
        file = try OutputFile(path: path)
        try file.write([UInt8](repeating: 0, count: MRCHeader.byteCount))
    }

    /// Adds an image, whose box must be the stack's.
    ///
    /// - Throws: ``FileError/unwritable(path:found:advice:)``.
    public func append(_ image: Image) throws(FileError) {
        precondition(image.boxSize == boxSize, "the images of a stack have one size")
        try file.write(image.pixels)
        statistics.add(image.pixels)
        imageCount += 1
    }

    /// Completes the stack; nothing may be added afterwards.
    ///
    /// - Throws: ``FileError/unwritable(path:found:advice:)``, also for a stack without images.
    public func finish() throws(FileError) {
        guard imageCount > 0 else {
            throw .unwritable(path: file.path, found: "no images", advice: "add an image before finishing")
        }
        var header = MRCHeader(size: [boxSize, boxSize, imageCount], pixelSize: pixelSize, isStack: true)
        header.setStatistics(statistics)
        try file.overwriteStart(with: header.encoded)
        try file.commit()
    }
}
