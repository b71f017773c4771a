import FlyingFox
import Foundation

/// Answers with the headers that keep a page to itself.
enum WebHeaders {
    /// Nothing runs, is shown or asked for but what this server gave.
    static let policy = """
        default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
        base-uri 'none'; form-action 'none'; frame-ancestors 'none'
        """

    /// The headers of an answer of a type.
    static func headers(_ type: String) -> HTTPHeaders {
        [
            .contentType: type, .cacheControl: "no-store",
            HTTPHeader("Content-Security-Policy"): policy,
            HTTPHeader("X-Content-Type-Options"): "nosniff",
            HTTPHeader("Referrer-Policy"): "no-referrer",
            HTTPHeader("Cross-Origin-Resource-Policy"): "same-origin",
            HTTPHeader("Cross-Origin-Opener-Policy"): "same-origin",
        ]
    }

    /// A text.
    static func answer(_ text: String, _ type: String, status: HTTPStatusCode = .ok) -> HTTPResponse {
        HTTPResponse(statusCode: status, headers: headers("\(type); charset=utf-8"), body: Data(text.utf8))
    }

    /// A refusal: a status and a plain line.
    static func refusal(_ status: Int) -> HTTPResponse {
        let phrases = [
            403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 503: "Service Unavailable",
        ]
        let phrase = phrases[status] ?? "Error"
        return answer("\(phrase)\n", "text/plain", status: HTTPStatusCode(status, phrase: phrase))
    }
}
