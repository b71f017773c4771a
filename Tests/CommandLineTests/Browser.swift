import Foundation
import Testing

/// Debian's Chromium, without a window.
enum Browser {
    /// Where it is; nil if it is not installed.
    static let path = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    /// A page when it has come, and what the browser said; `patience` is the option that says how long it waits.
    static func page(_ address: String, patience: String, in folder: WorkingFolder) throws -> (
        dom: String, log: String
    ) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(path))
        process.arguments = [
            "--headless", "--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader",
            "--enable-unsafe-swiftshader", "--enable-logging=stderr", patience,
            "--user-data-dir=\(folder.path)/browser", "--dump-dom", address,
        ]
        for name in ["dom", "log"] {
            _ = FileManager.default.createFile(atPath: "\(folder.path)/\(name)", contents: nil)
        }
        process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(folder.path)/dom"))
        process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(folder.path)/log"))
        try process.run()
        process.waitUntilExit()
        return (try folder.text("dom"), try folder.text("log"))
    }
}
