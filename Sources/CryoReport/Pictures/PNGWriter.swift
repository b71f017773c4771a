import CPNG
import Foundation

/// Why a picture could not become a PNG file.
public enum PNGError: Error, Equatable, CustomStringConvertible {
    /// libpng refused, with its message.
    case encoder(String)

    /// One line for the user.
    public var description: String {
        switch self {
        case .encoder(let message): "the picture cannot be written as PNG: \(message)"
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
        var image = png_image()
        image.version = png_uint_32(PNG_IMAGE_VERSION)
        image.width = png_uint_32(width)
        image.height = png_uint_32(height)
        image.format = png_uint_32(channels == .rgb ? PNG_FORMAT_FLAG_COLOR : 0)
        defer { png_image_free(&image) }
        let stride = png_int_32(width * channels.rawValue)
        // Without memory the call only tells how much it takes.
        var size = png_alloc_size_t(0)
        guard png_image_write_to_memory(&image, nil, &size, 0, bytes, stride, nil) != 0 else {
            throw .encoder(Self.message(of: image))
        }
        var output = [UInt8](repeating: 0, count: Int(size))
        guard png_image_write_to_memory(&image, &output, &size, 0, bytes, stride, nil) != 0 else {
            throw .encoder(Self.message(of: image))
        }
        return Data(output.prefix(Int(size)))
    }

    /// Writes the picture as a PNG file, replacing a file in one step.
    ///
    /// - Throws: ``PNGError`` if libpng refuses, or the error of the file system.
    public func writePNG(to url: URL) throws {
        try png().write(to: url, options: .atomic)
    }

    private static func message(of image: png_image) -> String {
        withUnsafeBytes(of: image.message) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}
