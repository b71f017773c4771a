import CryoCore
import FlyingFox
import FlyingSocks
import Foundation

/// Serves the pages of runs to this machine, on threads of its own.
public final class PageServer: Sendable {
    /// The address of the page, with the token that opens it.
    public let address: String
    private let site: Site
    private let live: LiveRun?
    private let task: Task<Void, Never>

    /// Follows the run of this process.
    ///
    /// - Throws: ``ViewError/port(_:_:)``.
    public convenience init(live: LiveRun, port: UInt16) throws(ViewError) {
        try self.init([live], live: live, port: port)
    }

    /// Shows run folders.
    ///
    /// - Parameters:
    ///   - folders: The run folders.
    ///   - version: The program's version, of which checkpoints have to be.
    ///   - port: The port, or 0 for any that is free.
    /// - Throws: ``ViewError``.
    public convenience init(folders: [String], version: String, port: UInt16) throws(ViewError) {
        var runs = [FolderRun]()
        for folder in folders { runs.append(try FolderRun(folder, version: version)) }
        try self.init(runs, live: nil, port: port)
    }

    private init(_ runs: [any RunSource], live: LiveRun?, port: UInt16) throws(ViewError) {
        let site = Site(runs)
        let start: (task: Task<Void, Never>, port: UInt16)
        do { start = try Self.start(site, port) } catch { throw Self.problem(port, error) }
        let gate = Gate(token: Gate.randomToken(), port: start.port)
        site.open(gate)
        address = "http://127.0.0.1:\(start.port)/\(gate.token)/"
        self.site = site
        self.live = live
        task = start.task
    }

    /// Refuses a port that cannot be had, for who has yet to write what the page is to show.
    ///
    /// - Throws: ``ViewError/port(_:_:)``.
    public static func refuseBusy(port: UInt16) throws(ViewError) {
        do {
            let socket = try Socket(domain: AF_INET)
            defer { try? socket.close() }
            try socket.setValue(true, for: .localAddressReuse)
            try socket.bind(to: try place(port))
        } catch { throw problem(port, error) }
    }

    private static func problem(_ port: UInt16, _ error: any Error) -> ViewError {
        if case SocketError.failed(_, _, let message) = error { return .port(port, message) }
        return .port(port, "\(error)")
    }

    /// On 127.0.0.1 and nowhere else.
    private static func place(_ port: UInt16) throws -> sockaddr_in {
        try sockaddr_in.inet(ip4: "127.0.0.1", port: port)
    }

    private static func start(_ site: Site, _ port: UInt16) throws -> (Task<Void, Never>, UInt16) {
        let configuration = HTTPServer.Configuration(
            address: try place(port), timeout: 600, logger: .disabled)
        let server = HTTPServer(config: configuration, handler: site)
        let outcome = Outcome()
        let task = Task.detached {
            do { try await server.run() } catch { outcome.settle(.failure(error)) }
        }
        Task.detached {
            do {
                try await server.waitUntilListening(timeout: 10)
                guard case .ip4(_, let port)? = await server.listeningAddress else {
                    return outcome.settle(.failure(SocketError.unsupportedAddress))
                }
                outcome.settle(.success(port))
            } catch { outcome.settle(.failure(error)) }
        }
        return (task, try outcome.port())
    }

    /// Whether listening began, for who waits for it.
    private final class Outcome: Sendable {
        private let began = DispatchSemaphore(value: 0)
        private let result = Mutex<Result<UInt16, any Error>?>(nil)

        func settle(_ first: Result<UInt16, any Error>) {
            result.withLock { if $0 == nil { $0 = first } }
            began.signal()
        }

        func port() throws -> UInt16 {
            began.wait()
            guard let result = result.withLock({ $0 }) else { throw SocketError.disconnected }
            return try result.get()
        }
    }

    /// How many pages are open.
    public var listeners: Int { site.listeners }

    /// Gives open pages a moment to hear how it ended, then closes.
    public func finish() {
        let end = ContinuousClock.now + .seconds(2)
        while site.listeners > 0, ContinuousClock.now < end { usleep(50_000) }
        task.cancel()
    }
}
