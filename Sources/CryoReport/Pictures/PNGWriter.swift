import CPNG
import CryoFiles
import Foundation

/// Why a picture could not become a PNG file.
public enum PNGError: Error, Equatable, CustomStringConvertible {
    /// libpng refused, with its message.
    case encoder(String)
    /// The file system refused.
    case unwritable(path: String, reason: String)

    /// One line for the user.
    public var description: String {
        switch self {
        case .encoder(let message): "the picture cannot be written as PNG: \(message)"
        case .unwritable(let path, let reason): "\(path): cannot be written (\(reason)); choose another place"
        }
    }
}

extension Picture {
    /// The picture as the bytes of a PNG file.
    ///
    /// Through libpng's simplified interface, which reports errors by value: the classic one jumps out of the
    /// caller's frames, which Swift does not survive.
    ///
    /// - Throws: ``PNGError`` if libpng refuses.
    public func png() throws(PNGError) -> Data {
        // Safe: libpng reads `height` rows of `stride` bytes, which a picture has, and writes as many bytes as it asked for.
        var image = unsafe png_image()
        unsafe image.version = png_uint_32(PNG_IMAGE_VERSION)
        unsafe image.width = png_uint_32(width)
        unsafe image.height = png_uint_32(height)
        unsafe image.format = png_uint_32(channels == .rgb ? PNG_FORMAT_FLAG_COLOR : 0)
        defer { unsafe png_image_free(&image) }
        let stride = png_int_32(width * channels.rawValue)
        // Without memory the call only tells how much it takes.
        var size = png_alloc_size_t(0)
        guard unsafe png_image_write_to_memory(&image, nil, &size, 0, bytes, stride, nil) != 0 else {
            throw unsafe .encoder(Self.message(of: image))
        }
        var output = [UInt8](repeating: 0, count: Int(size))
        guard unsafe png_image_write_to_memory(&image, &output, &size, 0, bytes, stride, nil) != 0 else {
            throw unsafe .encoder(Self.message(of: image))
        }
        return Data(output.prefix(Int(size)))
    }

    /// Writes the picture as a PNG file, replacing a file in one step.
    ///
    /// - Throws: ``PNGError`` if libpng or the file system refuses.
    public func writePNG(to url: URL) throws(PNGError) {
        let data = try png()
        do throws(FileError) { try DurableFile.write(data, to: url.path) } catch {
            throw .unwritable(path: url.path, reason: error.reasonAgainstWriting ?? "\(error)")
        }
    }

    private static func message(of image: png_image) -> String {
        unsafe withUnsafeBytes(of: image.message) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}
