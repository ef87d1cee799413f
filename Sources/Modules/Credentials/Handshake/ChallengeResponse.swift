// WAMP-CRA without a salt, as the vendor's SDKs need it: they sign with the secret as it is and ignore salting.
// Nothing in the challenge depends on whether the authid exists, so there is nothing to fake for one that does not.
//
// Spec: WAMP-04 "Challenge Response Authentication".

import Crypto
import Foundation
import WAMP

/// One WAMP-CRA challenge and what answers it.
struct ChallengeResponse: Sendable, Hashable {
    /// The JSON text that is signed.
    let challenge: String

    /// - Parameters:
    ///   - nonce: fresh random bytes; at least 16.
    ///   - timestamp: seconds since 1970, UTC.
    init(
        authid: String, authrole: String, authprovider: String, session: SessionID, nonce: [UInt8], timestamp: Int64
    ) {
        let members = [
            ("authid", Self.quoted(authid)),
            ("authrole", Self.quoted(authrole)),
            ("authmethod", Self.quoted("wampcra")),
            ("authprovider", Self.quoted(authprovider)),
            ("nonce", Self.quoted(Data(nonce).base64EncodedString())),
            ("timestamp", Self.quoted(Self.iso8601(timestamp))),
            ("session", "\(session.rawValue)"),
        ]
        challenge = "{" + members.map { "\"\($0)\": \($1)" }.joined(separator: ", ") + "}"
    }

    /// `AUTHENTICATE.Signature` as a client computes it: base64 of HMAC-SHA256 over the challenge.
    func signature(secret: String) -> String {
        Data(HMAC<SHA256>.authenticationCode(for: Data(challenge.utf8), using: SymmetricKey(data: Data(secret.utf8))))
            .base64EncodedString()
    }

    /// Compares in constant time; what is not base64 is wrong.
    func isSigned(by secret: String, signature: String) -> Bool {
        guard signature.utf8.count <= 64, let code = Data(base64Encoded: signature),
            // Base64 has spare bits: one value could be spelled in several ways.
            code.base64EncodedString() == signature
        else { return false }
        return HMAC<SHA256>.isValidAuthenticationCode(
            code, authenticating: Data(challenge.utf8), using: SymmetricKey(data: Data(secret.utf8)))
    }

    /// A JSON string. The authid comes from outside: a quote in it must not end the string.
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    private static func iso8601(_ seconds: Int64) -> String {
        Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601)
    }
}

/// Compares two secrets without saying by its duration how much of them agrees, nor how long the right one is.
func isSameSecret(_ one: String, _ other: String) -> Bool {
    let key = SymmetricKey(size: .bits256)
    let left = HMAC<SHA256>.authenticationCode(for: Data(one.utf8), using: key)
    return HMAC<SHA256>.isValidAuthenticationCode(left, authenticating: Data(other.utf8), using: key)
}
