import ModuleKit
import NIOHTTP1

extension HTTPResponse {
    /// On every answer, unless its route has set them itself.
    static let securityHeaders: [(String, String)] = [
        (
            "Content-Security-Policy",
            "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
        ),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("X-Frame-Options", "DENY"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cache-Control", "no-store"),
    ]

    /// The head as it is sent. A header that would break the message apart is left out.
    ///
    /// - Parameters:
    ///   - isKeptAlive: false adds `Connection: close`.
    ///   - isStreamed: the body follows, nobody knows how long.
    ///   - date: the `Date` header.
    func head(isKeptAlive: Bool, isStreamed: Bool = false, date: String) -> HTTPResponseHead {
        var fields = HTTPHeaders()
        fields.reserveCapacity(headers.count + Self.securityHeaders.count + 3)
        for (name, value) in headers where Self.isField(name, value) && !Self.isOurs(name) {
            fields.add(name: name, value: value)
        }
        for (name, value) in Self.securityHeaders where !fields.contains(name: name) {
            fields.add(name: name, value: value)
        }
        let status = HTTPResponseStatus(statusCode: status)
        if status.mayHaveResponseBody, !isStreamed { fields.add(name: "Content-Length", value: "\(body.count)") }
        fields.add(name: "Date", value: date)
        if !isKeptAlive { fields.add(name: "Connection", value: "close") }
        return HTTPResponseHead(version: .http1_1, status: status, headers: fields)
    }

    /// RFC 9110 "Fields": a token, and a value without line breaks.
    private static func isField(_ name: String, _ value: String) -> Bool {
        let isToken = !name.isEmpty && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ":") }
        return isToken && value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
    }

    private static func isOurs(_ name: String) -> Bool {
        ["content-length", "transfer-encoding", "connection", "date"].contains(name.lowercased())
    }
}
