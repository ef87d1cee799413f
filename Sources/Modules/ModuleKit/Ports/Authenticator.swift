package import WAMP

/// What the router knows of a peer before it has said who it is.
package struct PeerIdentity: Sendable, Hashable {
    /// The address without the port, `unix` for the unix socket, `local` inside this process.
    package var address: String
    package var isLoopback: Bool
    package var isEncrypted: Bool
    /// The HTTP path of a WebSocket (`/ws-ua-usr`), nil for RawSocket.
    package var path: String?
    /// SO_PEERCRED of the unix socket.
    package var unixUser: UInt32?
    package var unixGroup: UInt32?

    package init(
        address: String, isLoopback: Bool, isEncrypted: Bool, path: String? = nil, unixUser: UInt32? = nil,
        unixGroup: UInt32? = nil
    ) {
        self.address = address
        self.isLoopback = isLoopback
        self.isEncrypted = isEncrypted
        self.path = path
        self.unixUser = unixUser
        self.unixGroup = unixGroup
    }
}

/// A HELLO, as far as authentication is concerned.
package struct AuthenticationRequest: Sendable {
    package var realm: String
    package var session: SessionID
    package var authmethods: [String]
    package var authid: String?
    package var authrole: String?
    package var authextra: [String: Value]
    package var peer: PeerIdentity

    package init(
        realm: String, session: SessionID, authmethods: [String], authid: String?, authrole: String?,
        authextra: [String: Value], peer: PeerIdentity
    ) {
        self.realm = realm
        self.session = session
        self.authmethods = authmethods
        self.authid = authid
        self.authrole = authrole
        self.authextra = authextra
        self.peer = peer
    }
}

/// What follows a HELLO or an AUTHENTICATE.
package enum AuthenticationStep: Sendable {
    case welcome(Principal)
    /// Send CHALLENGE and hand the AUTHENTICATE's signature and extra to `answer`.
    case challenge(
        method: String, extra: [String: Value],
        answer: @Sendable (_ signature: String, _ extra: [String: Value]) async -> AuthenticationStep)
    /// Send ABORT with the reason and the sentence as `message`.
    case deny(ErrorURI, message: String)
}

/// Decides who may join which realm. Credentials implements it; the router asks it.
package protocol Authenticator: Sendable {
    func authenticate(_ request: AuthenticationRequest) async -> AuthenticationStep
}
