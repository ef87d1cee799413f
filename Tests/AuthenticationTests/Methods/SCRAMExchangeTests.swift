import Crypto
import Foundation
import Testing
import WAMP

@testable import Authentication

/// Spec: WAMP-04 "Salted Challenge Response Authentication".
@Suite struct SCRAMExchangeTests {
    /// RFC 7677 section 3: user, pencil.
    private static let request = SCRAMRequest(authid: "user", nonce: "rOprNGfwEbeRWgbNEkqO")
    private static let nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    private static let proof = "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
    private static let verifier = "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="

    private let credential: SCRAMCredential

    init() throws {
        let salt = try #require(Data(base64Encoded: "W22ZaJ0SNY7soEsUEjb6gQ=="))
        credential = try #require(
            SCRAMCredential(
                password: "pencil", derivation: SCRAMDerivation(function: .pbkdf2, iterations: 4096), salt: Array(salt))
        )
    }

    private var exchange: SCRAMExchange {
        SCRAMExchange(Self.request, credential, .specification, wholeNonce: Self.nonce)
    }

    @Test func `the exchange of RFC 7677 ends as it does there`() {
        #expect(
            exchange.verifier(signature: Self.proof, extra: ["nonce": .string(Self.nonce)])
                == ["verifier": .string(Self.verifier)])
    }

    @Test func `CHALLENGE has the whole nonce, the salt and the costs`() {
        #expect(
            exchange.challenge == [
                "nonce": .string(Self.nonce), "salt": "W22ZaJ0SNY7soEsUEjb6gQ==", "kdf": "pbkdf2", "iterations": 4096,
                "memory": nil,
            ])
        let fresh = SCRAMExchange(Self.request, credential, .specification, nonce: Array(repeating: 1, count: 16))
        #expect(fresh.challenge["nonce"] == .string(Self.request.nonce + "AQEBAQEBAQEBAQEBAQEBAQ=="))
    }

    @Test(
        arguments: [
            ["nonce": "rOprNGfwEbeRWgbNEkqO"], [:], ["nonce": nil],
            ["nonce": .string(nonce), "channel_binding": "tls-unique"],
            ["nonce": .string(nonce), "cbind_data": "AAAA"],
            ["nonce": .string(nonce), "channel_binding": 1],
        ] as [[String: Value]])
    func `another nonce, or a channel binding that HELLO did not have, proves nothing`(extra: [String: Value]) {
        #expect(exchange.verifier(signature: Self.proof, extra: extra) == nil)
    }

    @Test func `every bit of the proof counts`() throws {
        let bytes = try #require(Data(base64Encoded: Self.proof))
        for index in bytes.indices {
            var other = bytes
            other[index] ^= 1 << (index % 8)
            let extra: [String: Value] = ["nonce": .string(Self.nonce)]
            #expect(exchange.verifier(signature: other.base64EncodedString(), extra: extra) == nil)
        }
    }

    @Test(arguments: [
        "", "=", "dHzb", "not base64 at all", "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVR=",
        String(repeating: "A", count: 4096), Data(repeating: 0, count: 33).base64EncodedString(),
    ])
    func `what is no proof proves nothing`(signature: String) {
        #expect(exchange.verifier(signature: signature, extra: ["nonce": .string(Self.nonce)]) == nil)
    }

    @Test(arguments: [
        ("user", "user"), ("a=b,c", "a=3Db=2Cc"), ("=2C", "=3D2C"), ("ü", "ü"), (",,==", "=2C=2C=3D=3D"),
        ("=\u{301},\u{301}", "=3D\u{301}=2C\u{301}"),
    ])
    func `a name is escaped, so that it cannot pretend to be another attribute`(
        authid: String, escaped: String
    ) throws {
        let request = SCRAMRequest(authid: authid, nonce: "AAAA")
        let exchange = SCRAMExchange(request, credential, .specification, wholeNonce: "AAAABBBB")
        let message = "n=\(escaped),r=AAAA,r=AAAABBBB,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=AAAABBBB"
        let proof = try Self.proof(message, password: "pencil", salt: credential.salt)
        #expect(exchange.verifier(signature: proof, extra: ["nonce": "AAAABBBB"]) != nil)
    }

    @Test func `Autobahn's dialect repeats no nonce, has no c, and another name for the verifier`() throws {
        let exchange = SCRAMExchange(
            SCRAMRequest(authid: "user", nonce: "AAAA"), credential, .autobahn, wholeNonce: "AAAABBBB")
        #expect(exchange.challenge["memory"] == nil)
        let message = "n=user,r=AAAA,r=AAAABBBB,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=,r=AAAABBBB"
        let proof = try Self.proof(message, password: "pencil", salt: credential.salt)
        let extra = try #require(exchange.verifier(signature: proof, extra: [:]))
        #expect(extra["scram_server_signature"] == extra["verifier"])
        #expect(exchange.verifier(signature: proof, extra: ["nonce": "CCCC"]) == nil)
    }

    /// `ClientProof` as a client computes it.
    private static func proof(_ message: String, password: String, salt: [UInt8]) throws -> String {
        let salted = try #require(
            PasswordKey.pbkdf2(Array(password.utf8), salt: salt, iterations: 4096, byteCount: 32))
        let clientKey = HMAC<SHA256>.authenticationCode(for: Data("Client Key".utf8), using: SymmetricKey(data: salted))
        let storedKey = SHA256.hash(data: Data(clientKey))
        let signature = HMAC<SHA256>.authenticationCode(for: Data(message.utf8), using: SymmetricKey(data: storedKey))
        return Data(zip(clientKey, signature).map { $0 ^ $1 }).base64EncodedString()
    }
}

@Suite struct SCRAMRequestTests {
    @Test func `a nonce is canonical base64`() throws {
        #expect(
            try SCRAMRequest(authid: "a", authextra: ["nonce": "egVDf3DMJh0=", "channel_binding": nil]).nonce
                == "egVDf3DMJh0=")
    }

    @Test(
        arguments: [
            [:], ["nonce": ""], ["nonce": "a b="], ["nonce": "AAB"], ["nonce": "AAB="], ["nonce": 5],
            ["nonce": .string(String(repeating: "A", count: 260))],
        ] as [[String: Value]])
    func `anything else is none`(authextra: [String: Value]) {
        #expect(throws: SCRAMRequest.Refusal.nonce) { try SCRAMRequest(authid: "a", authextra: authextra) }
    }

    @Test(arguments: ["tls-unique", "tls-server-end-point", "tls-exporter"])
    func `a channel binding is refused by its name`(name: String) {
        #expect(throws: SCRAMRequest.Refusal.channelBinding(name)) {
            try SCRAMRequest(authid: "a", authextra: ["nonce": "AAAA", "channel_binding": .string(name)])
        }
    }
}
