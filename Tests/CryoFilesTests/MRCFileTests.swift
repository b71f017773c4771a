import CryoCore
import Foundation
import Testing

@testable import CryoFiles

@Suite struct MRCFileTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func randomVolume(edge: Int) -> Volume {
        var random = RandomStream(seed: 3)
        let voxels = (0..<(edge * edge * edge)).map { _ in Float(random.normal()) }
        return Volume(boxSize: edge, pixelSize: 3.54, voxels: voxels)
    }

    @Test func volumesSurviveARoundTrip() throws {
        let volume = randomVolume(edge: 5)
        let path = folder.path + "/map.mrc"
        try MRCFile.write(volume, to: path)
        var warnings: [String] = []
        #expect(try MRCFile.readVolume(path) { warnings.append($0) } == volume)
        #expect(warnings.isEmpty)
        #expect(try folder.names == ["map.mrc"], "no temporary file is left")
    }

    @Test func headersOfWrittenVolumesAreComplete() throws {
        let volume = randomVolume(edge: 5)
        let path = folder.path + "/map.mrc"
        try MRCFile.write(volume, to: path)
        let bytes = try InputFile.contents(of: path)
        let header = try MRCHeader(parsing: bytes, path: path)
        let mean = volume.voxels.reduce(0.0) { $0 + Double($1) } / 125
        let variance = volume.voxels.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / 125
        #expect(bytes.count == 1024 + 500)
        #expect(header.spaceGroup == 1 && header.mode == .float32 && header.labels == ["Daybreak"])
        #expect(header.minimum == volume.voxels.min() && header.maximum == volume.voxels.max())
        #expect(
            abs(Double(header.mean) - mean) < 1e-7
                && abs(Double(header.deviation) - variance.squareRoot()) < 1e-6)
        #expect(header.sampling == [5, 5, 5] && header.pixelSize == 3.54)
        #expect(Array(bytes[104..<112]) == [0, 0, 0, 0, 0xAC, 0x4E, 0, 0], "version 20140")
    }

    @Test func headersSurviveARoundTripInBothByteOrders() throws {
        for order in [ByteOrder.little, .big] {
            var header = MRCHeader(size: [6, 5, 4], pixelSize: 1.25, isStack: false)
            header.byteOrder = order
            header.axes = [2, 0, 1]
            header.deviation = 2
            #expect(try MRCHeader(parsing: header.encoded, path: "x") == header)
        }
    }

    @Test(arguments: [[1, 2, 3], [1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]])
    func axesArePermuted(axes: [Int]) throws {
        var builder = MRCBuilder(size: [3, 3, 3], axes: axes)
        // Each value tells where it belongs: x + 10 y + 100 z.
        var values: [Float] = []
        for section in 0..<3 {
            for row in 0..<3 {
                for column in 0..<3 {
                    var place = [0, 0, 0]
                    for (axis, index) in zip(axes, [column, row, section]) { place[axis - 1] = index }
                    values.append(Float(place[0] + 10 * place[1] + 100 * place[2]))
                }
            }
        }
        builder.values = values.flatMap { builder.encoded($0) }
        let volume = try MRCFile.readVolume(try folder.write(builder.bytes, "map.mrc"))
        for z in 0..<3 {
            for y in 0..<3 { for x in 0..<3 { #expect(volume[x, y, z] == Float(x + 10 * y + 100 * z)) } }
        }
    }

    @Test func badAxesAreRefused() throws {
        var builder = MRCBuilder(size: [2, 2, 2], axes: [1, 1, 3], values: [UInt8](repeating: 0, count: 32))
        let path = try folder.write(builder.bytes, "map.mrc")
        #expect(says(fileError { _ = try MRCFile.readVolume(path) }, "byte 64", "1, 1, 3", "permutation"))
        builder.axes = [0, 0, 0]
        try folder.write(builder.bytes, "map.mrc")
        var warnings: [String] = []
        _ = try MRCFile.readVolume(path) { warnings.append($0) }
        #expect(warnings.contains { $0.contains("axis order") })
    }

    @Test func oddVolumesAreReported() throws {
        var builder = MRCBuilder(size: [2, 2, 2], cell: 0, values: [UInt8](repeating: 0, count: 32))
        let path = try folder.write(builder.bytes, "map.mrc")
        var warnings: [String] = []
        #expect(try MRCFile.readVolume(path) { warnings.append($0) }.pixelSize == 1)
        #expect(warnings == ["the header has no pixel size; 1 Å is assumed"])
        builder.size = [2, 2, 1]
        try folder.write(builder.bytes, "map.mrc")
        #expect(says(fileError { _ = try MRCFile.readVolume(path) }, "2×2×1", "cubic"))
    }

    @Test func truncatedVolumesAreRefused() throws {
        let builder = MRCBuilder(size: [4, 4, 4], values: [UInt8](repeating: 0, count: 255))
        let path = try folder.write(builder.bytes, "map.mrc")
        #expect(says(fileError { _ = try MRCFile.readVolume(path) }, "byte 1279", "1280 bytes"))
    }

    @Test func writtenStacksAreComplete() throws {
        let path = try folder.writeStack("stack.mrcs", count: 3)
        let stack = try ImageStack(path: path)
        #expect(stack.header.spaceGroup == 0 && stack.header.mode == .float32 && stack.pixelSize == 2)
        #expect(stack.header.sampling == [4, 4, 1])
        #expect(stack.header.minimum == 0 && stack.header.maximum == 215 && stack.header.mean == 107.5)
        #expect(abs(stack.header.deviation - 81.7797) < 1e-3)
        #expect(try stack.readImage(2)[3, 1] == 207)
    }

    @Test func unfinishedStacksLeaveNothing() throws {
        let path = folder.path + "/stack.mrcs"
        do {
            let writer = try MRCStackWriter(path: path, boxSize: 2, pixelSize: 1)
            try writer.append(Image(boxSize: 2, pixelSize: 1))
            #expect(!FileManager.default.fileExists(atPath: path))
        }
        #expect(try folder.names.isEmpty)
        let empty = try MRCStackWriter(path: path, boxSize: 2, pixelSize: 1)
        #expect(says(fileError { try empty.finish() }, "no images"))
    }

    @Test func unwritablePlacesAreRefused() {
        let volume = Volume(boxSize: 2, pixelSize: 1)
        #expect(
            says(
                fileError { try MRCFile.write(volume, to: "/nowhere/map.mrc") }, "/nowhere/map.mrc",
                "writable"))
        #expect(says(fileError { try MRCFile.write(volume, to: folder.path) }, folder.path))
    }

    @Test func statisticsDoNotDependOnTheBlocks() {
        var random = RandomStream(seed: 11)
        let values = (0..<1000).map { _ in Float(1e4 + random.normal()) } + [.nan, .infinity]
        var (whole, parts) = (SampleStatistics(), SampleStatistics())
        whole.add(values)
        for start in stride(from: 0, to: values.count, by: 37) {
            parts.add(Array(values[start..<min(start + 37, values.count)]))
        }
        parts.add([])
        #expect(whole.count == 1000 && parts.count == 1000 && parts.nonFiniteCount == 2)
        #expect(parts.minimum == whole.minimum && parts.maximum == whole.maximum)
        #expect(abs(parts.mean - whole.mean) < 1e-9 && abs(parts.deviation - whole.deviation) < 1e-9)
    }
}

@Suite struct GoldenMRCTests {
    private func fixture(_ name: String) throws -> String {
        let folder = try #require(Bundle.module.resourceURL)
        return folder.appendingPathComponent("Fixtures/\(name)").path
    }

    @Test(arguments: [
        ("int8", 1, 0), ("int16", 1, 0), ("float32", 4, 0), ("uint16", 1, 20), ("float16", 4, 0),
        ("float32_big", 4, 0), ("float16_big", 4, 0), ("int16_big_extended", 1, 0),
    ])
    func stacksOfMrcfileAreRead(name: String, divisor: Int, offset: Int) throws {
        let stack = try ImageStack(path: try fixture("\(name).mrcs"))
        #expect(stack.imageCount == 3 && stack.boxSize == 4 && stack.pixelSize == 1.5)
        #expect(stack.header.labels == ["fixture"])
        for image in 0..<3 {
            let expected = (0..<16).map { Float(16 * image + $0 - 20 + offset) / Float(divisor) }
            #expect(try stack.readImage(image).pixels == expected)
        }
    }

    @Test func volumesOfMrcfileAreRead() throws {
        let volume = try MRCFile.readVolume(try fixture("volume.mrc"))
        #expect(volume == Volume(boxSize: 3, pixelSize: 2.25, voxels: (0..<27).map { Float($0) / 2 }))
    }
}
