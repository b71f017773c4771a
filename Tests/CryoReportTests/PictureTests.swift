import CPNG
import CryoCore
import CryoFourier
import CryoReport
import CryoTestSupport
import Foundation
import Testing

@Suite struct PictureTests {
    /// Reads a PNG file back by libpng.
    private func decoded(_ data: Data, _ channels: Picture.Channels) throws -> Picture {
        var image = png_image()
        image.version = png_uint_32(PNG_IMAGE_VERSION)
        defer { png_image_free(&image) }
        // libpng keeps the pointer between the two calls.
        return try [UInt8](data).withUnsafeBytes { bytes in
            try #require(png_image_begin_read_from_memory(&image, bytes.baseAddress, bytes.count) != 0)
            image.format = png_uint_32(channels == .rgb ? PNG_FORMAT_FLAG_COLOR : 0)
            let (width, height) = (Int(image.width), Int(image.height))
            var values = [UInt8](repeating: 0, count: width * height * channels.rawValue)
            let stride = png_int_32(width * channels.rawValue)
            try #require(png_image_finish_read(&image, nil, &values, stride, nil) != 0)
            return Picture(width: width, height: height, channels: channels, bytes: values)
        }
    }

    @Test(arguments: [Picture.Channels.gray, .rgb])
    func pictureComesBackFromItsFile(channels: Picture.Channels) throws {
        var random = RandomStream(seed: 1)
        let bytes = (0..<37 * 23 * channels.rawValue).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        let picture = Picture(width: 37, height: 23, channels: channels, bytes: bytes)
        let data = try picture.png()
        #expect(Array(data.prefix(8)) == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
        #expect(try decoded(data, channels) == picture)
    }

    @Test func unwritableFileIsAnError() {
        #expect(throws: (any Error).self) {
            try Picture(width: 2, height: 2).writePNG(to: URL(fileURLWithPath: "/no/such/folder/a.png"))
        }
    }

    @Test func tilesAreCutAtTheBorder() {
        var picture = Picture(width: 4, height: 3)
        picture.place(Picture(width: 2, height: 2, fill: 9), x: 3, y: -1)
        #expect(picture.bytes == [0, 0, 0, 9] + [UInt8](repeating: 0, count: 8))
        picture.place(Picture(width: 2, height: 2, fill: 9), x: 40, y: 50)
        #expect(picture.bytes.reduce(0) { $0 + Int($1) } == 9)
    }

    @Test func yRunsUpwards() {
        var image = Image(boxSize: 8, pixelSize: 1)
        image[1, 6] = 1
        let picture = Picture(image, size: 8)
        #expect(picture[1, 1] == [255] && picture[1, 6] == [0])
    }

    @Test func montageHasARowForEachMap() throws {
        let map = Volume(scatterers: Phantom(diameter: 100).scatterers, boxSize: 24, pixelSize: 5)
        let picture = Picture(montageOf: [map, map], tileSize: 50)
        #expect(picture.width == 6 * 54 + 4 && picture.height == 2 * 54 + 4)
        #expect(Set(picture.bytes).count > 100)
        let wild = Volume(boxSize: 4, pixelSize: 1, voxels: [Float](repeating: .nan, count: 64))
        #expect(Picture(montageOf: [wild], tileSize: 10).width == 6 * 14 + 4)
    }
}
