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
    /// The certificate that the peer has proved to have, checked against the authorities that the listener trusts.
    package var clientCertificate: ClientCertificate?
    /// The value of the cookie that a browser's WebSocket brought, or was given when it brought none.
    package var cookie: String?

    package init(
        address: String, isLoopback: Bool, isEncrypted: Bool, path: String? = nil, unixUser: UInt32? = nil,
        unixGroup: UInt32? = nil, clientCertificate: ClientCertificate? = nil, cookie: String? = nil
    ) {
        self.address = address
        self.isLoopback = isLoopback
        self.isEncrypted = isEncrypted
        self.path = path
        self.unixUser = unixUser
        self.unixGroup = unixGroup
        self.clientCertificate = clientCertificate
        self.cookie = cookie
    }
}

/// What a TLS client certificate says, once its chain has been verified.
package struct ClientCertificate: Sendable, Hashable {
    /// The subject's common name; empty when it has none.
    package var commonName: String
    /// SHA-256 over the certificate's DER, 64 lower-case hexadecimal digits.
    package var fingerprintSHA256: String
    /// The issuer's distinguished name, for people to read.
    package var issuer: String

    package init(commonName: String, fingerprintSHA256: String, issuer: String) {
        self.commonName = commonName
        self.fingerprintSHA256 = fingerprintSHA256
        self.issuer = issuer
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
