import CryoCore
import Foundation

@testable import CryoFiles

/// A folder for the files of one test, removed afterwards.
final class TemporaryFolder {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "daybreak-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The names in the folder.
    var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
    }

    /// Writes a file, making its folders, and returns its path.
    @discardableResult
    func write(_ bytes: [UInt8], _ name: String) throws -> String {
        let url = URL(fileURLWithPath: path + "/" + name)
        try FileManager.default.createDirectory(
            at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: url)
        return url.path
    }

    @discardableResult
    func write(_ text: String, _ name: String) throws -> String { try write(Array(text.utf8), name) }

    /// Writes a stack of images whose pixels are 100 × image + pixel, and returns its path.
    @discardableResult
    func writeStack(_ name: String, count: Int, boxSize: Int = 4, pixelSize: Double = 2) throws -> String {
        let path = try write([], name)
        let writer = try MRCStackWriter(path: path, boxSize: boxSize, pixelSize: pixelSize)
        for index in 0..<count {
            let pixels = (0..<(boxSize * boxSize)).map { Float(100 * index + $0) }
            try writer.append(Image(boxSize: boxSize, pixelSize: pixelSize, pixels: pixels))
        }
        try writer.finish()
        return path
    }
}

/// The error that `body` ends in; nil if it ends well.
func fileError(_ body: () throws -> Void) -> FileError? {
    do { try body() } catch { return error as? FileError }
    return nil
}

/// Whether a message is one line that says all of `parts`.
func says(_ error: FileError?, _ parts: String...) -> Bool {
    guard let text = error?.description else { return false }
    return !text.contains("\n") && text.contains("found ") && text.contains(", expected ")
        && parts.allSatisfy { text.contains($0) }
}

/// Real data, if this machine has them.
enum RealData {
    static let root: String? = {
        let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let candidates = [
            ProcessInfo.processInfo.environment["DAYBREAK_SHARED"].map { URL(fileURLWithPath: $0) },
            package.deletingLastPathComponent().appendingPathComponent("shared"),
        ]
        return candidates.compactMap { $0?.appendingPathComponent("data").path }.first {
            FileManager.default.fileExists(atPath: $0)
        }
    }()

    static let isPresent = root != nil

    static func path(_ name: String) -> String { (root ?? "") + "/" + name }
}

/// Writes MRC files of any mode and byte order, independently of the code under test.
struct MRCBuilder {
    var size = [4, 4, 3]
    var mode = 2
    var isBig = false
    var stamp: [UInt8]?
    var cell: Float = 6
    var axes = [1, 2, 3]
    var extended: [UInt8] = []
    var claimedExtended: Int?
    var values: [UInt8] = []

    func word(_ value: Int) -> [UInt8] { word(bits: UInt32(truncatingIfNeeded: value)) }

    func word(bits: UInt32) -> [UInt8] {
        let little = (0..<4).map { UInt8(truncatingIfNeeded: bits >> (8 * UInt32($0))) }
        return isBig ? little.reversed() : little
    }

    func half(_ bits: UInt16) -> [UInt8] {
        let little = [UInt8(truncatingIfNeeded: bits), UInt8(truncatingIfNeeded: bits >> 8)]
        return isBig ? little.reversed() : little
    }

    /// One value in the mode of the file.
    func encoded(_ value: Float) -> [UInt8] {
        switch mode {
        case 0: [UInt8(bitPattern: Int8(value))]
        case 1: half(UInt16(bitPattern: Int16(value)))
        case 6: half(UInt16(value))
        case 12: half(Float16(value).bitPattern)
        default: word(bits: value.bitPattern)
        }
    }

    var bytes: [UInt8] {
        var header = [UInt8](repeating: 0, count: 1024)
        func put(_ bytes: [UInt8], _ offset: Int) {
            header.replaceSubrange(offset..<(offset + bytes.count), with: bytes)
        }
        for axis in 0..<3 {
            put(word(size[axis]), 4 * axis)
            put(word(size[axis]), 28 + 4 * axis)
            put(word(bits: (cell * Float(axis + 1)).bitPattern), 40 + 4 * axis)
            put(word(axes[axis]), 64 + 4 * axis)
        }
        put(word(bits: cell.bitPattern), 40)
        put(word(mode), 12)
        put(word(1), 88)
        put(word(claimedExtended ?? extended.count), 92)
        put(Array("MAP ".utf8), 208)
        put(stamp ?? (isBig ? [0x11, 0x11, 0, 0] : [0x44, 0x44, 0, 0]), 212)
        return header + extended + values
    }
}
