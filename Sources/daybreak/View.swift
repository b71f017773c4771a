import ArgumentParser
import CryoWeb
import Foundation

/// `daybreak view`.
struct View: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Shows finished or running runs in the browser, and compares them.",
        discussion: """
            Serves pages on 127.0.0.1 until Ctrl-C: the report of a finished run, the latest checkpoint of one that works or was \
            interrupted; of several runs a list, and any two maps laid upon each other. Nobody else can open them: the address holds \
            a secret, and nothing but this machine is listened to.

            Example: daybreak view run1 run2
            """)

    @Argument(help: "Run folders.", completion: .directory)
    var folders: [String]

    @Option(parsing: .unconditional, help: "The port. (default: any that is free)")
    var port: UInt16?

    func run() throws {
        let server = try PageServer(folders: folders, version: Version.current, port: port ?? 0)
        Interruption.listen()
        // Written at once, whoever reads it.
        StandardStreams.show(Data("open \(server.address)  (Ctrl-C ends it)\n".utf8))
        while Interruption.signal == nil { usleep(100_000) }
    }
}
