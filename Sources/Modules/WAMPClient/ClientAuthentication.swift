import Crypto
import FoundationEssentials
package import WAMP

/// How a client proves who it is. Spec: WAMP-04 "Authentication".
package enum ClientAuthentication: Sendable {
    case anonymous
    /// The kernel tells the router who is at the other end of a unix socket; nothing has to be said.
    case unixPeer
    case ticket(authid: String, ticket: String)
    case wampcra(authid: String, secret: String)

    package var authmethods: [String] {
        switch self {
        case .anonymous: ["anonymous"]
        case .unixPeer: ["unix"]
        case .ticket: ["ticket"]
        case .wampcra: ["wampcra"]
        }
    }

    package var authid: String? {
        switch self {
        case .anonymous, .unixPeer: nil
        case .ticket(let authid, _), .wampcra(let authid, _): authid
        }
    }

    /// The signature that answers a challenge; nil when the router asks for what this client has not.
    package func signature(for method: String, _ extra: [String: Value]) -> String? {
        switch (self, method) {
        case (.ticket(_, let ticket), "ticket"): return ticket
        case (.wampcra(_, let secret), "wampcra"):
            guard let challenge = extra["challenge"]?.string, extra["salt"] == nil else { return nil }
            let key = SymmetricKey(data: Array(secret.utf8))
            let code = HMAC<SHA256>.authenticationCode(for: Array(challenge.utf8), using: key)
            return Data(code).base64EncodedString()
        default: return nil
        }
    }
}
