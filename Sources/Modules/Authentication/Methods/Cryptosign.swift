// WAMP-cryptosign: who can sign the router's challenge with an Ed25519 key is whom the key belongs to.
//
// Spec: WAMP-04 "Cryptosign-based Authentication", "Client Authentication", "Router Authentication".

import Crypto
import Foundation
package import WAMP

/// What a HELLO says for cryptosign.
package struct CryptosignRequest: Sendable, Hashable {
    /// The key that the client says it has: 32 bytes.
    package var publicKey: [UInt8]
    /// What the router is asked to sign; nil when it is not asked.
    package var challenge: [UInt8]?

    /// Why a HELLO cannot begin an exchange; each is for the client to mend, and says nothing about the key.
    package enum Refusal: Error, Sendable, Hashable {
        case publicKey
        case challenge
        case channelBinding(String)
    }

    package init(authextra: [String: Value]) throws(Refusal) {
        switch authextra["channel_binding"] {
        case nil, .null: break
        case .string(let name): throw .channelBinding(name)
        default: throw .channelBinding("(not a text)")
        }
        guard let key = authextra["pubkey"]?.string.flatMap({ Hexadecimal.decode($0, byteCount: 32) }) else {
            throw .publicKey
        }
        publicKey = key
        guard let text = authextra["challenge"], text != .null else { return }
        guard let bytes = text.string.flatMap({ Hexadecimal.decode($0, byteCount: 32) }) else { throw .challenge }
        challenge = bytes
    }

    package init(publicKey: [UInt8], challenge: [UInt8]? = nil) {
        self.publicKey = publicKey
        self.challenge = challenge
    }
}

/// One exchange, between CHALLENGE and WELCOME.
package struct CryptosignExchange: Sendable, Hashable {
    private let request: CryptosignRequest
    /// What the client is to sign: 32 random bytes.
    private let challenge: [UInt8]
    /// What both ends of the TLS connection know of it; nil without channel binding.
    private let channelID: [UInt8]?

    package init(_ request: CryptosignRequest, challenge: [UInt8], channelID: [UInt8]? = nil) {
        self.request = request
        self.challenge = challenge
        self.channelID = channelID
    }

    /// `CHALLENGE.Extra`.
    ///
    /// - Parameter routerKey: proves the router, where the client asks for it.
    package func extra(_ routerKey: RouterKey) -> [String: Value] {
        var extra: [String: Value] = [
            "challenge": .string(Hexadecimal.encode(challenge)), "channel_binding": .null,
        ]
        if let asked = request.challenge, let signature = routerKey.signature(of: asked) {
            extra["pubkey"] = .string(routerKey.publicKey)
            extra["signature"] = .string(signature)
        }
        return extra
    }

    /// Whether an AUTHENTICATE proves that the client has the key: hexadecimal digits of the signature, and behind it
    /// of the message that was signed. "Computing the Signature"
    package func isSigned(_ signature: String) -> Bool {
        guard let bytes = Hexadecimal.decode(signature, byteCount: 96),
            let key = try? Curve25519.Signing.PublicKey(rawRepresentation: request.publicKey)
        else { return false }
        let message = Self.bound(challenge, channelID)
        return Array(bytes[64...]) == message && key.isValidSignature(bytes[..<64], for: message)
    }

    private static func bound(_ challenge: [UInt8], _ channelID: [UInt8]?) -> [UInt8] {
        guard let channelID else { return challenge }
        return zip(challenge, channelID).map { $0 ^ $1 }
    }
}

/// The router's own key pair, by which clients can know it again.
package struct RouterKey: Sendable {
    private let key: Curve25519.Signing.PrivateKey

    /// - Parameter seed: 32 bytes, secret. Nil when they are not 32.
    package init?(seed: [UInt8]) {
        guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: seed) else { return nil }
        self.key = key
    }

    /// Hexadecimal, for clients to compare with.
    package var publicKey: String { Hexadecimal.encode(key.publicKey.rawRepresentation) }

    /// Hexadecimal digits of the signature, and behind it of the message.
    package func signature(of message: [UInt8]) -> String? {
        guard let signature = try? key.signature(for: message) else { return nil }
        return Hexadecimal.encode(signature) + Hexadecimal.encode(message)
    }
}
