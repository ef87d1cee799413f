// What a person gets for a name and a password, and shows from then on: as a ticket to WAMP, as a bearer to HTTP.
// Signed, not stored: `g1.<name>.<generation>.<expires>.<id>.<mac>`. It names an account's generation, so that
// changing the password, the role or the lock ends all tokens of that account at once.

import Authentication
import Crypto
import Foundation

/// What a token claims, once its signature has been found right.
struct TokenClaims: Sendable, Hashable {
    var name: String
    var generation: Int64
    /// Seconds since 1970.
    var expires: Int64
    /// 16 random bytes: signing out ends this one token.
    var id: [UInt8]

    init(name: String, generation: Int64, expires: Int64, id: [UInt8]) {
        self.name = name
        self.generation = generation
        self.expires = expires
        self.id = id
    }
}

/// Signs tokens and reads them, with `<data>/keys/token.key`.
struct TokenSigner: Sendable {
    private let key: SymmetricKey
    private static let version = "g1"
    /// Longer than any token that `sign` writes.
    private static let bytesMax = 512

    init(_ key: [UInt8]) { self.key = SymmetricKey(data: Data(key)) }

    func sign(_ claims: TokenClaims) -> String {
        let body = [
            Self.version, Base64URL.encode(claims.name.utf8), String(claims.generation), String(claims.expires),
            Base64URL.encode(claims.id),
        ].joined(separator: ".")
        let code = HMAC<SHA256>.authenticationCode(for: Data(body.utf8), using: key)
        return body + "." + Base64URL.encode(code)
    }

    /// The claims of a token that this key has signed; nil of anything else. Whether it has expired, or its account
    /// has moved on, is for the caller to judge.
    func read(_ token: String) -> TokenClaims? {
        guard token.utf8.count <= Self.bytesMax, let dot = token.lastIndex(of: ".") else { return nil }
        let body = token[..<dot]
        guard let code = Base64URL.decode(token[token.index(after: dot)...]),
            HMAC<SHA256>.isValidAuthenticationCode(Data(code), authenticating: Data(body.utf8), using: key)
        else { return nil }
        let parts = body.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0] == Self.version, let name = Base64URL.decode(parts[1]),
            let generation = Int64(parts[2]), let expires = Int64(parts[3]), let id = Base64URL.decode(parts[4])
        else { return nil }
        return TokenClaims(
            name: String(decoding: name, as: UTF8.self), generation: generation, expires: expires, id: id)
    }
}
