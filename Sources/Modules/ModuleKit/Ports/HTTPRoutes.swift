/// Where modules add HTTP routes to the one port. The listener implements it; no module sees the HTTP library.
package protocol HTTPRoutes: Sendable {
    /// Answers `method` at exactly `path` (`/api/sign-in`). The last route for a path wins; before `prepare` has ended.
    func on(_ method: String, _ path: String, _ answer: @escaping @Sendable (HTTPRequest) async -> HTTPResponse)
}

/// A request whose body has been read whole, at most `bodyBytesMax` of the listener.
package struct HTTPRequest: Sendable {
    package var method: String
    /// Percent-decoded and without the query.
    package var path: String
    package var query: [String: String]
    /// By lower-case name.
    package var headers: [String: String]
    package var body: [UInt8]
    package var peer: PeerIdentity

    package init(
        method: String, path: String, query: [String: String] = [:], headers: [String: String] = [:],
        body: [UInt8] = [], peer: PeerIdentity
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        self.peer = peer
    }
}

/// An answer; the listener adds the security headers and `Content-Length`.
package struct HTTPResponse: Sendable {
    package var status: Int
    package var headers: [(String, String)]
    package var body: [UInt8]

    package init(status: Int, headers: [(String, String)] = [], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}
