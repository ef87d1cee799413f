/// The cookies by which a browser is known again. The router implements it; the listener asks at the opening handshake of
/// a WebSocket, puts the value into `PeerIdentity.cookie`, and sends what a new cookie's `header` says.
///
/// A cookie says nothing by itself. Once a session on its connection has authenticated, it stands for that principal.
/// Spec: WAMP-04 "Cookie-based Authentication".
package protocol CookieJar: Sendable {
    /// The value of our cookie in a request's `Cookie` header; nil when it has none, or one that was not issued here, or
    /// for the other side of TLS.
    ///
    /// - Parameter isEncrypted: the request came by TLS.
    func cookie(in header: String, isEncrypted: Bool) -> String?

    /// A cookie for a browser that brought none; nil when no realm takes cookies, so that none is to be set.
    ///
    /// - Parameter isEncrypted: the request came by TLS.
    func issue(isEncrypted: Bool) -> IssuedCookie?
}

/// A new cookie.
package struct IssuedCookie: Sendable, Hashable {
    /// For `PeerIdentity.cookie`.
    package var value: String
    /// The whole text of the response's `Set-Cookie` header.
    package var header: String

    package init(value: String, header: String) {
        self.value = value
        self.header = header
    }
}
