// The router's side of one WAMP-SCRAM authentication: HELLO has a nonce, CHALLENGE answers with salt and costs,
// AUTHENTICATE proves the password, WELCOME proves that the router knows it too.
//
// Spec: WAMP-04 "Salted Challenge Response Authentication"; RFC 5802, RFC 7677.

import Crypto
import Foundation
package import WAMP

/// What a HELLO says for WAMP-SCRAM.
package struct SCRAMRequest: Sendable, Hashable {
    /// As the client wrote it.
    package var authid: String
    package var nonce: String

    /// Why a HELLO cannot begin an exchange; each is for the client to mend, and says nothing about the name.
    package enum Refusal: Error, Sendable, Hashable {
        case nonce
        case channelBinding(String)
    }

    package init(authid: String, authextra: [String: Value]) throws(Refusal) {
        switch authextra["channel_binding"] {
        case nil, .null: break
        case .string(let name): throw .channelBinding(name)
        default: throw .channelBinding("(not a text)")
        }
        guard let nonce = authextra["nonce"]?.string, Self.isNonce(nonce) else { throw .nonce }
        self.init(authid: authid, nonce: nonce)
    }

    init(authid: String, nonce: String) {
        self.authid = authid
        self.nonce = nonce
    }

    /// Canonical base64 of something. "Nonces", "Base64 encoding"
    private static func isNonce(_ text: String) -> Bool {
        guard (1...256).contains(text.utf8.count), let bytes = Data(base64Encoded: text) else { return false }
        return bytes.base64EncodedString() == text
    }
}

/// One exchange, between CHALLENGE and WELCOME.
package struct SCRAMExchange: Sendable, Hashable {
    /// Two spellings of the method are in the field.
    package enum Dialect: String, Sendable, Hashable, CaseIterable {
        case specification = "wamp-scram"
        /// Autobahn's and Crossbar's, from before the specification settled: the name of the method, an empty
        /// `c=` attribute, and the name of the verifier differ.
        case autobahn = "scram"
    }

    private let request: SCRAMRequest
    private let credential: SCRAMCredential
    private let dialect: Dialect
    /// The client's nonce with the router's behind it.
    private let nonce: String

    /// - Parameter nonce: fresh random bytes; 16.
    package init(_ request: SCRAMRequest, _ credential: SCRAMCredential, _ dialect: Dialect, nonce: [UInt8]) {
        self.init(request, credential, dialect, wholeNonce: request.nonce + Data(nonce).base64EncodedString())
    }

    init(_ request: SCRAMRequest, _ credential: SCRAMCredential, _ dialect: Dialect, wholeNonce: String) {
        self.request = request
        self.credential = credential
        self.dialect = dialect
        nonce = wholeNonce
    }

    /// `CHALLENGE.Extra`.
    package var challenge: [String: Value] {
        let derivation = credential.derivation
        var extra: [String: Value] = [
            "nonce": .string(nonce), "salt": .string(salt), "kdf": .string(derivation.function.rawValue),
            "iterations": .integer(Int64(derivation.iterations)),
        ]
        switch (derivation.memory, dialect) {
        case (let memory?, _): extra["memory"] = .integer(Int64(memory))
        case (nil, .specification): extra["memory"] = .null
        // Autobahn takes the key for a number whenever it is there.
        case (nil, .autobahn): break
        }
        return extra
    }

    /// Checks an AUTHENTICATE.
    ///
    /// - Parameters:
    ///   - signature: the base64 of `ClientProof`.
    ///   - extra: `AUTHENTICATE.Extra`.
    /// - Returns: what WELCOME's `authextra` proves with; nil when the client has proved nothing.
    package func verifier(signature: String, extra: [String: Value]) -> [String: Value]? {
        guard isUnbound(extra), let proof = Self.proof(signature) else { return nil }
        let message = Data(authMessage.utf8)
        let clientSignature = HMAC<SHA256>.authenticationCode(
            for: message, using: SymmetricKey(data: credential.storedKey))
        let clientKey = zip(proof, clientSignature).map { $0 ^ $1 }
        // Comparing a digest with bytes takes the same time wherever they differ.
        guard SHA256.hash(data: clientKey) == credential.storedKey else { return nil }
        let serverSignature = HMAC<SHA256>.authenticationCode(
            for: message, using: SymmetricKey(data: credential.serverKey))
        let text = Data(serverSignature).base64EncodedString()
        switch dialect {
        case .specification: return ["verifier": .string(text)]
        case .autobahn: return ["verifier": .string(text), "scram_server_signature": .string(text)]
        }
    }

    private var salt: String { Data(credential.salt).base64EncodedString() }

    /// "AuthMessage"
    private var authMessage: String {
        let name: String
        let binding: String
        switch dialect {
        case .specification:
            name = Self.escaped(request.authid)
            // Base64 of "n,,": no channel binding.
            binding = "biws"
        case .autobahn:
            name = SASLprep.prepare(request.authid, as: .query) ?? request.authid
            binding = ""
        }
        let first = "n=\(name),r=\(request.nonce)"
        let second = "r=\(nonce),s=\(salt),i=\(credential.derivation.iterations)"
        return "\(first),\(second),c=\(binding),r=\(nonce)"
    }

    /// A name that cannot pretend to be another attribute. RFC 5802, section 5.1: `saslname`
    private static func escaped(_ name: String) -> String {
        // By scalars: as a character, "=" with an accent behind it is no "=".
        name.unicodeScalars.map { $0 == "=" ? "=3D" : $0 == "," ? "=2C" : String($0) }.joined()
    }

    /// The nonce and the channel binding of the end are those of the beginning. Autobahn sends neither.
    private func isUnbound(_ extra: [String: Value]) -> Bool {
        guard extra["channel_binding"] ?? .null == .null, extra["cbind_data"] ?? .null == .null else { return false }
        guard let repeated = extra["nonce"] else { return dialect == .autobahn }
        return repeated == .string(nonce)
    }

    private static func proof(_ text: String) -> Data? {
        guard text.utf8.count <= 64, let proof = Data(base64Encoded: text),
            proof.count == SCRAMCredential.keyByteCount, proof.base64EncodedString() == text
        else { return nil }
        return proof
    }
}
