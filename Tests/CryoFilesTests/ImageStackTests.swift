import CryoCore
import Foundation
import Testing

@testable import CryoFiles

@Suite struct ImageStackTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func builder(mode: Int, isBig: Bool, extended: Int = 0) -> (MRCBuilder, [Float]) {
        var random = RandomStream(seed: 7, stream: UInt32(mode))
        let range: ClosedRange<Int> = mode == 0 ? -128...127 : mode == 6 ? 0...65_535 : -2048...2047
        let values = (0..<48).map { _ in Float(Int.random(in: range, using: &random)) }
        var builder = MRCBuilder(mode: mode, isBig: isBig)
        builder.extended = [UInt8](repeating: 0xEE, count: extended)
        builder.values = values.flatMap { builder.encoded($0) }
        return (builder, values)
    }

    @Test(arguments: [0, 1, 2, 6, 12], [false, true])
    func everyModeAndByteOrderIsDecoded(mode: Int, isBig: Bool) throws {
        for extended in [0, 7, 1024] {
            let (builder, values) = builder(mode: mode, isBig: isBig, extended: extended)
            let stack = try ImageStack(path: try folder.write(builder.bytes, "stack.mrcs"))
            #expect(stack.imageCount == 3 && stack.boxSize == 4)
            #expect(stack.pixelSize == 1.5)
            #expect(stack.warnings.isEmpty == (mode != 0))
            for index in 0..<3 {
                #expect(try stack.readImage(index).pixels == Array(values[(16 * index)..<(16 * index + 16)]))
            }
        }
    }

    @Test func halfFloatsAreExactForEveryBitPattern() {
        for bits in UInt16.min...UInt16.max {
            let expected = Float(Float16(bitPattern: bits))
            let value = SampleDecoder.float(half: bits)
            #expect(value == expected || (value.isNaN && expected.isNaN), "\(bits)")
            #expect(value.sign == expected.sign)
        }
    }

    @Test func wrongMachineStampIsOverruled() throws {
        var (builder, values) = builder(mode: 2, isBig: true)
        builder.stamp = [0x44, 0x44, 0, 0]
        let stack = try ImageStack(path: try folder.write(builder.bytes, "stack.mrcs"))
        #expect(try stack.readImage(0).pixels == Array(values[..<16]))
        #expect(stack.warnings == ["the machine stamp contradicts the byte order of the header"])
        builder.stamp = [0, 0, 0, 0]
        #expect(try ImageStack(path: try folder.write(builder.bytes, "stack.mrcs")).warnings.isEmpty)
    }

    @Test func unknownPixelSizeIsNil() throws {
        for cell: Float in [0, -3, .nan, .infinity, 1e-30] {
            var (builder, _) = builder(mode: 2, isBig: false)
            builder.cell = cell
            let stack = try ImageStack(path: try folder.write(builder.bytes, "stack.mrcs"))
            #expect(stack.pixelSize == nil)
            #expect(try stack.readImage(0).pixelSize == 1)
        }
    }

    @Test func truncatedFileIsRefusedWithByteCounts() throws {
        let bytes = builder(mode: 2, isBig: false).0.bytes
        for count in [0, 1, 1023, 1024, bytes.count - 1] {
            let path = try folder.write(Array(bytes[..<count]), "short.mrcs")
            let error = fileError { _ = try ImageStack(path: path) }
            #expect(
                says(
                    error, "short.mrcs", "byte \(count)", count < 1024 ? "1024 bytes" : "\(bytes.count) bytes"
                ))
        }
    }

    @Test func extraBytesAreAcceptedWithAWarning() throws {
        let path = try folder.write(builder(mode: 2, isBig: false).0.bytes + [1, 2, 3], "long.mrcs")
        #expect(try ImageStack(path: path).warnings == ["3 bytes follow the last value and are ignored"])
    }

    @Test(arguments: [
        ([-4, 4, 3], "nx = -4"), ([0, 4, 3], "nx = 0"), ([4, 4, 0], "nz = 0"), ([4, -1, 3], "ny = -1"),
        ([Int(Int32.max), Int(Int32.max), Int(Int32.max)], "nx = 2147483647"), ([4, 4, -3], "nz = -3"),
    ])
    func absurdSizesAreRefused(size: [Int], found: String) throws {
        var (builder, _) = builder(mode: 2, isBig: false)
        builder.size = size
        let path = try folder.write(builder.bytes, "stack.mrcs")
        #expect(says(fileError { _ = try ImageStack(path: path) }, "stack.mrcs, byte", found))
    }

    @Test func hugeSizesDoNotOverflow() throws {
        var (builder, _) = builder(mode: 2, isBig: false)
        builder.size = [1 << 20, 1 << 20, Int(Int32.max)]
        let path = try folder.write(builder.bytes, "stack.mrcs")
        #expect(says(fileError { _ = try ImageStack(path: path) }, "1048576×1048576×2147483647"))
        builder.size = [1 << 20, 1 << 20, 4]
        try folder.write(builder.bytes, "stack.mrcs")
        #expect(says(fileError { _ = try ImageStack(path: path) }, "byte 1216", "17592186045440 bytes"))
    }

    @Test func absurdExtendedHeadersAreRefused() throws {
        var (builder, _) = builder(mode: 2, isBig: false)
        builder.claimedExtended = -5
        let path = try folder.write(builder.bytes, "stack.mrcs")
        #expect(says(fileError { _ = try ImageStack(path: path) }, "byte 92", "-5 bytes"))
        builder.claimedExtended = Int(Int32.max)
        try folder.write(builder.bytes, "stack.mrcs")
        #expect(says(fileError { _ = try ImageStack(path: path) }, "2147484863 bytes"))
    }

    @Test(arguments: [
        (3, "complex 16-bit"), (4, "complex 32-bit"), (101, "4-bit"), (7, "mode 7"), (-1, "mode -1"),
    ])
    func otherModesAreRefused(mode: Int, name: String) throws {
        var (builder, _) = builder(mode: 2, isBig: false)
        builder.mode = mode
        let path = try folder.write(builder.bytes, "stack.mrcs")
        let error = fileError { _ = try ImageStack(path: path) }
        #expect(says(error, "stack.mrcs, byte 12", name, "mode 0, 1, 2, 6 or 12", "convert"))
    }

    @Test func imagesThatAreNotSquareAreRefused() throws {
        var (builder, _) = builder(mode: 2, isBig: false)
        builder.size = [4, 2, 6]
        let path = try folder.write(builder.bytes, "stack.mrcs")
        #expect(says(fileError { _ = try ImageStack(path: path) }, "4×2 pixels", "square"))
    }

    @Test func missingFilesAndFoldersAreRefused() {
        #expect(
            says(fileError { _ = try ImageStack(path: "/nowhere/x.mrcs") }, "/nowhere/x.mrcs", "no such file")
        )
        #expect(says(fileError { _ = try ImageStack(path: folder.path) }, "not a regular file"))
    }

    @Test func imagesBeyondTheStackAreRefused() throws {
        let stack = try ImageStack(path: try folder.writeStack("stack.mrcs", count: 3))
        for index in [-1, 3, Int.max, Int.min] {
            #expect(says(fileError { _ = try stack.readImage(index) }, "stack.mrcs", "0 to 2"))
        }
    }

    @Test func aStackThatIsCutAfterOpeningIsAnErrorAndNotACrash() throws {
        let path = try folder.writeStack("stack.mrcs", count: 3)
        let stack = try ImageStack(path: path)
        #expect(truncate(path, 1030) == 0)
        #expect(says(fileError { _ = try stack.readImage(2) }, "stack.mrcs"))
    }

    @Test func randomHeadersNeverTrap() throws {
        var random = RandomStream(seed: 20_251_122)
        let valid = builder(mode: 2, isBig: false).0.bytes
        for _ in 0..<2000 {
            var bytes = valid
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                let offset = Int.random(in: 0..<256, using: &random)
                bytes[offset] = UInt8(truncatingIfNeeded: random.next())
            }
            let path = try folder.write(bytes, "random.mrcs")
            _ = fileError {
                let stack = try ImageStack(path: path)
                _ = try stack.readImage(stack.imageCount - 1)
            }
            _ = fileError { _ = try MRCFile.readVolume(path) }
        }
    }

    @Test func manyThreadsReadOneStack() throws {
        let stack = try ImageStack(path: try folder.writeStack("stack.mrcs", count: 50))
        let sums = Parallel(threads: 8).map(400) { index in
            (try? stack.readImage(index % 50))?.pixels.reduce(0, +) ?? -1
        }
        for (index, sum) in sums.enumerated() { #expect(sum == Float(16 * 100 * (index % 50) + 120)) }
    }
}
