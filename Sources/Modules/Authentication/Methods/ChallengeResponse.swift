// WAMP-CRA: a challenge that is signed with a secret that both sides have, or, with a salt, with a key that both can
// derive from a password.
//
// Nothing in the challenge depends on whether the authid exists, so there is nothing to fake for one that does not.
//
// Spec: WAMP-04 "Challenge Response Authentication".

import Crypto
import Foundation
package import WAMP

/// One WAMP-CRA challenge and what answers it.
package struct ChallengeResponse: Sendable, Hashable {
    /// The JSON text that is signed.
    package let challenge: String
    private let salting: Salting?

    /// How a client makes the key from its password. Spec: "Password Salting".
    package struct Salting: Sendable, Hashable {
        package var salt: String
        package var iterations: Int
        package var keyLength: Int

        package init(salt: String, iterations: Int = 1000, keyLength: Int = 32) {
            self.salt = salt
            self.iterations = iterations
            self.keyLength = keyLength
        }

        package static let iterationsRange = 1...10_000_000
        package static let keyLengthRange = 16...64
    }

    /// - Parameters:
    ///   - salting: nil when the client signs with the secret itself.
    ///   - nonce: fresh random bytes; at least 16.
    ///   - timestamp: seconds since 1970, UTC.
    package init(
        authid: String, authrole: String, authprovider: String, session: SessionID, salting: Salting? = nil,
        nonce: [UInt8], timestamp: Int64
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
        self.salting = salting
    }

    /// For a challenge that somebody else has made.
    init(challenge: String) {
        self.challenge = challenge
        salting = nil
    }

    /// `CHALLENGE.Extra`.
    package var extra: [String: Value] {
        var extra: [String: Value] = ["challenge": .string(challenge)]
        if let salting {
            extra["salt"] = .string(salting.salt)
            extra["iterations"] = .integer(Int64(salting.iterations))
            extra["keylen"] = .integer(Int64(salting.keyLength))
        }
        return extra
    }

    /// `AUTHENTICATE.Signature` as a client computes it: base64 of HMAC-SHA256 over the challenge.
    package func signature(secret: String) -> String {
        Data(HMAC<SHA256>.authenticationCode(for: Data(challenge.utf8), using: SymmetricKey(data: Data(secret.utf8))))
            .base64EncodedString()
    }

    /// Compares in constant time; what is not base64 is wrong.
    ///
    /// - Parameter secret: with a salt, the derived key as `Salting.key(of:)` writes it.
    package func isSigned(by secret: String, signature: String) -> Bool {
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

extension ChallengeResponse.Salting {
    /// The key that stands in for the secret: the base64 text of PBKDF2-SHA256, as every client in the field has it.
    ///
    /// - Returns: nil when the parameters are out of range.
    package func key(of password: String) -> String? {
        guard Self.iterationsRange.contains(iterations), Self.keyLengthRange.contains(keyLength) else { return nil }
        return PasswordKey.pbkdf2(
            Array(password.utf8), salt: Array(salt.utf8), iterations: iterations, byteCount: keyLength
        ).map { Data($0).base64EncodedString() }
    }
}
