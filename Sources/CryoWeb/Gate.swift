/// Who may ask for what: whoever knows the page's address, from this machine, and nobody else.
///
/// A page of another site cannot guess the token, and one that makes a name of its own point to this machine (DNS
/// rebinding) sends that name as host.
struct Gate: Sendable {
    let token: String
    let port: UInt16

    /// What becomes of a request.
    enum Verdict: Equatable {
        /// The parts of the path below the token.
        case admitted([String])
        /// An HTTP status.
        case refused(Int)
    }

    /// A token that cannot be guessed: 128 random bits of the system.
    static func randomToken() -> String {
        var generator = SystemRandomNumberGenerator()
        let bits = (0..<2).map { _ in String(generator.next(), radix: 16) }
        return bits.map { String(repeating: "0", count: 16 - $0.count) + $0 }.joined()
    }

    /// Judges a request by its method, its path as it was sent, and two headers.
    func verdict(method: String, path: String, host: String?, origin: String?) -> Verdict {
        let hosts = ["127.0.0.1:\(port)", "localhost:\(port)"]
        guard let host, hosts.contains(host.lowercased()) else { return .refused(403) }
        guard path.utf8.count < 1000 else { return .refused(404) }
        // The first part is the emptiness before the leading slash.
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count >= 2, parts[0].isEmpty, isToken(parts[1]) else { return .refused(404) }
        let below = Array(parts[2...])
        guard below.dropLast().allSatisfy(Self.isName),
            below.last.map({ $0.isEmpty || Self.isName($0) }) ?? true
        else { return .refused(404) }
        switch method {
        case "GET": return .admitted(below)
        case "POST":
            guard below.last == "stop" else { return .refused(405) }
            if let origin, !hosts.map({ "http://" + $0 }).contains(origin.lowercased()) {
                return .refused(403)
            }
            return .admitted(below)
        default: return .refused(405)
        }
    }

    /// Looks at every byte, so that the time tells nothing.
    private func isToken(_ candidate: String) -> Bool {
        let (given, own) = (Array(candidate.utf8), Array(token.utf8))
        guard given.count == own.count else { return false }
        return zip(given, own).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    /// Letters, digits, `-`, `_` and dots that are not all of it: no path can be told with these.
    private static func isName(_ part: String) -> Bool {
        let allowed = part.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || [45, 46, 95].contains(byte)
        }
        return allowed && !part.isEmpty && !part.utf8.allSatisfy { $0 == 46 }
    }
}
