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
        // Safe: zlib's memory is freed at the end, and `inflateStep` lends it buffers with their sizes.
        var stream = unsafe z_stream()
        // 15 bits of window; 16 asks for the gzip format.
        guard unsafe inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
        else {
            throw damaged(path, at: 0, found: "no memory to decompress", expected: "a few kilobytes")
        }
        defer { unsafe inflateEnd(&stream) }
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        var consumed = 0
        while true {
            let step = unsafe inflateStep(&stream, compressed, from: consumed, into: &buffer)
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
                    unsafe inflateReset(&stream) == Z_OK
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
        // Safe: zlib keeps within `available` and `capacity`, and forgets both buffers before the next step.
        return unsafe compressed.withUnsafeBufferPointer { input in
            unsafe buffer.withUnsafeMutableBufferPointer { output in
                // zlib never writes through `next_in`; its C declaration only lacks the `const`.
                unsafe stream.next_in = input.baseAddress.map {
                    unsafe UnsafeMutablePointer(mutating: $0 + start)
                }
                unsafe stream.avail_in = UInt32(available)
                unsafe stream.next_out = output.baseAddress
                unsafe stream.avail_out = UInt32(capacity)
                let status = unsafe inflate(&stream, Z_NO_FLUSH)
                return unsafe (status, available - Int(stream.avail_in), capacity - Int(stream.avail_out))
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
