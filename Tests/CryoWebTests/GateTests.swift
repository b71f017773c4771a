import Testing

@testable import CryoWeb

/// Who is let in.
struct GateTests {
    private let gate = Gate(token: "0123456789abcdef0123456789abcdef", port: 4000)

    private func verdict(
        _ path: String, method: String = "GET", host: String? = "127.0.0.1:4000", origin: String? = nil
    ) -> Gate.Verdict {
        gate.verdict(method: method, path: path, host: host, origin: origin)
    }

    private var root: String { "/" + gate.token }

    @Test func tokensAreLongAndDiffer() {
        let tokens = (0..<50).map { _ in Gate.randomToken() }
        #expect(Set(tokens).count == 50)
        #expect(tokens.allSatisfy { $0.utf8.count == 32 })
    }

    @Test func whoKnowsTheAddressIsAdmitted() {
        #expect(verdict(root + "/") == .admitted([""]))
        #expect(verdict(root + "/run/0/files/map.mrc") == .admitted(["run", "0", "files", "map.mrc"]))
        #expect(verdict(root + "/style.css", host: "localhost:4000") == .admitted(["style.css"]))
        #expect(verdict(root + "/run/0/stop", method: "POST") == .admitted(["run", "0", "stop"]))
        #expect(
            verdict(root + "/run/0/stop", method: "POST", origin: "http://localhost:4000")
                == .admitted(["run", "0", "stop"]))
    }

    @Test(arguments: [
        nil, "", "127.0.0.1", "127.0.0.1:4001", "evil.example:4000", "127.0.0.1:4000.evil.example",
        "0.0.0.0:4000",
        "[::1]:4000", "127.0.0.1:4000, evil.example",
    ]) func otherHostsAreRefused(host: String?) {
        #expect(verdict(root + "/", host: host) == .refused(403))
    }

    @Test(arguments: [
        "", "/", "//", "/0123456789abcdef0123456789abcdee/", "/0123456789abcdef/",
        "/0123456789ABCDEF0123456789ABCDEF/",
        "0123456789abcdef0123456789abcdef/", "/./0123456789abcdef0123456789abcdef/", "/style.css",
    ]) func otherTokensAreRefused(path: String) {
        #expect(verdict(path) == .refused(404))
    }

    @Test(arguments: [
        "/run/0/files/../../../etc/passwd", "/run/0/files/..", "/run/0/files/%2e%2e/plan.json",
        "/run/0/files/..%2fplan",
        "/run/../run/0/", "/run//0/", "/run/0/files/.lock/..", "/run/0/files/a\\b", "/run/0/files/a b",
        "/.../",
        "/run/0/files/\u{e9}",
    ]) func pathsThatLeadElsewhereAreRefused(path: String) {
        #expect(verdict(root + path) == .refused(404))
    }

    @Test func onlyStoppingChangesAnything() {
        for method in ["POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "get"] {
            #expect(verdict(root + "/run/0/", method: method) == .refused(405), "\(method)")
        }
        #expect(verdict(root + "/run/0/stop", method: "POST", origin: "http://evil.example") == .refused(403))
        #expect(verdict(root + "/run/0/stop", method: "POST", origin: "null") == .refused(403))
    }
}
