import FlyingFox
import FlyingSocks
import Foundation

/// The files of a run folder that a page gives away, and no others.
enum RunFile {
    static let names = [
        "map.mrc", "half1.mrc", "half2.mrc", "mask.mrc", "map_unfiltered.mrc", "map.png", "particles.star",
        "set-aside.star", "fsc.star", "fsc.xml", "run.json", "plan.json", "log.txt",
    ]

    /// Links to those that are there.
    static func links(_ folder: String) -> String {
        let there = names.filter {
            FileManager.default.fileExists(atPath: (folder as NSString).appendingPathComponent($0))
        }
        return there.map { "<a href=\"files/\($0)\" download>\($0)</a>" }.joined(separator: " ")
    }

    /// A file's bytes; nil if it is not one of these, or no plain file: a link could lead out of the folder.
    static func response(_ name: String, in folder: String) -> HTTPResponse? {
        guard names.contains(name) else { return nil }
        let descriptor = unsafe open(
            (folder as NSString).appendingPathComponent(name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        let size = Int(status.st_size)
        var headers = WebHeaders.headers("application/octet-stream")
        headers[.contentDisposition] = "attachment; filename=\"\(name)\""
        let body = HTTPBodySequence(
            from: Bytes(handle: handle, size: size), count: size, suggestedBufferSize: 1 << 18)
        return HTTPResponse(statusCode: .ok, headers: headers, body: body)
    }

    /// A file part by part.
    private struct Bytes: AsyncBufferedSequence, @unchecked Sendable {
        typealias Element = UInt8
        let handle: FileHandle
        let size: Int

        func makeAsyncIterator() -> Iterator { Iterator(handle: handle, left: size) }

        struct Iterator: AsyncBufferedIteratorProtocol {
            let handle: FileHandle
            var left: Int

            mutating func next() async throws -> UInt8? { try await nextBuffer(suggested: 1)?.first }

            mutating func nextBuffer(suggested count: Int) async throws -> Data? {
                guard left > 0, let data = try handle.read(upToCount: Swift.min(count, left)), !data.isEmpty
                else {
                    return nil
                }
                left -= data.count
                return data
            }
        }
    }
}
