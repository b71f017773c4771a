import CZlib

/// Reads a text file that may be compressed with gzip.
enum GzipReader {
    /// More than any atomic model needs.
    static let byteLimit = 4 << 30
    /// Text of atoms shrinks about fivefold; far more is a file made to fill the memory.
    static let ratioLimit = 50

    /// The file's bytes, decompressed.
    static func contents(of path: String) throws(FileError) -> [UInt8] {
        let file = try InputFile(path: path)
        let bytes = try file.bytes(from: 0, count: try limited(file.byteCount, path))
        return bytes.starts(with: [0x1F, 0x8B]) ? try decompress(bytes, path: path) : bytes
    }

    private static func limited(_ count: Int, _ path: String) throws(FileError) -> Int {
        guard count <= byteLimit else {
            throw .unsupported(
                path: path, place: .whole, found: "\(count) bytes of text", expected: "at most \(byteLimit)",
                advice: "give a file of one atomic model")
        }
        return count
    }

    /// Decompresses one or more gzip members.
    static func decompress(_ compressed: [UInt8], path: String) throws(FileError) -> [UInt8] {
        let limit = min(byteLimit, compressed.count * ratioLimit + 65_536)
        var stream = z_stream()
        // 15 bits of window; 16 asks for the gzip format.
        guard inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw damaged(path, at: 0, found: "no memory to decompress", expected: "a few kilobytes")
        }
        defer { inflateEnd(&stream) }
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        var consumed = 0
        while true {
            let step = inflateStep(&stream, compressed, from: consumed, into: &buffer)
            consumed += step.consumed
            output += buffer[..<step.produced]
            guard output.count <= limit else {
                throw .unsupported(
                    path: path, place: .byte(consumed), found: "more than \(limit) bytes after decompression",
                    expected: "the text of an atomic model",
                    advice: "decompress the file yourself if you trust it")
            }
            if step.status == Z_STREAM_END {
                // Another member may follow; anything else after the end is padding.
                guard consumed + 2 < compressed.count, compressed[consumed] == 0x1F,
                    compressed[consumed + 1] == 0x8B,
                    inflateReset(&stream) == Z_OK
                else { return output }
            } else if step.status != Z_OK || (step.consumed == 0 && step.produced == 0) {
                let isShort = consumed >= compressed.count
                throw damaged(
                    path, at: consumed, found: isShort ? "the end of the file" : "damaged gzip data",
                    expected: "the end of the compressed text")
            }
        }
    }

    private static func inflateStep(
        _ stream: inout z_stream, _ compressed: [UInt8], from start: Int, into buffer: inout [UInt8]
    ) -> (status: Int32, consumed: Int, produced: Int) {
        let available = min(compressed.count - start, 1 << 30)
        let capacity = buffer.count
        return compressed.withUnsafeBufferPointer { input in
            buffer.withUnsafeMutableBufferPointer { output in
                // zlib never writes through `next_in`; its C declaration only lacks the `const`.
                stream.next_in = input.baseAddress.map { UnsafeMutablePointer(mutating: $0 + start) }
                stream.avail_in = UInt32(available)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(capacity)
                let status = inflate(&stream, Z_NO_FLUSH)
                return (status, available - Int(stream.avail_in), capacity - Int(stream.avail_out))
            }
        }
    }

    private static func damaged(_ path: String, at offset: Int, found: String, expected: String) -> FileError
    {
        .malformed(
            path: path, place: .byte(offset), found: found, expected: expected,
            advice: "download the file again")
    }
}
