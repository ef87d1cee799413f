import Testing

@testable import Authentication

/// Spec: WAMP-04 "Data Stored on the Server", "Key Derivation Functions".
@Suite struct SCRAMCredentialTests {
    private static func salt(_ digits: String) throws -> [UInt8] { try #require(Hexadecimal.decode(digits)) }

    @Test(
        "the keys are those that others compute",
        arguments: [
            // Python's hashlib, with the salt of RFC 7677
            (
                "pencil", SCRAMDerivation(function: .pbkdf2, iterations: 4096), "5b6d99689d12358eeca04b141236fa81",
                "586e5df283e6dceb5c3e791d8b8528ec191e664045ce971792e2e6b5bb13e2a6",
                "c1f3cbc1c13a9d35a14c0990eed97629ea225863e566a4314ab99f3f00e5d9d5"
            ),
            // argon2-cffi
            (
                "pencil", SCRAMDerivation(function: .argon2id, iterations: 3, memory: 64),
                "000102030405060708090a0b0c0d0e0f",
                "fe7cefa29051d4507f69b9d95feccb4398476a99c2c55d6f2df349f17e0cb598",
                "01e31f584cbc3c1879c595ea660f98f4d3145a8d22103d485f3f54196b22f6c2"
            ),
            // What Autobahn's own test expects
            (
                "secret123", SCRAMDerivation(function: .argon2idAutobahn, iterations: 4096, memory: 512),
                "ae1f0d2f422757809077785e660b62c6",
                "5f19358ff6f38e267b6ef1ea1d862514ec4e8745a84682259fd3894be09febb5",
                "0d8e7e9222a7c0e54c9e979aa342115699ff5696c45dc379b5ee241338a5861d"
            ),
            (
                "secret123", SCRAMDerivation(function: .argon2idAutobahn, iterations: 4096, memory: 512),
                "3bc3ca01dd1d501ca1c22e1c5d7d16fe",
                "e796c2f0a51770303ee4616bc630a66774d51a55003154aff2a54ec7c4ac0e38",
                "8de7864c316f3c2356fd76cfdab696db55bc70e680fe5180e2f731e2345acca2"
            ),
        ])
    func keys(
        password: String, derivation: SCRAMDerivation, salt: String, storedKey: String, serverKey: String
    ) throws {
        let credential = try #require(
            SCRAMCredential(password: password, derivation: derivation, salt: try Self.salt(salt)))
        #expect(Hexadecimal.encode(credential.storedKey) == storedKey)
        #expect(Hexadecimal.encode(credential.serverKey) == serverKey)
    }

    @Test(arguments: [
        SCRAMDerivation(function: .pbkdf2, iterations: 4095), SCRAMDerivation(function: .pbkdf2, iterations: -1),
        SCRAMDerivation(function: .argon2id, iterations: 0, memory: 64),
        SCRAMDerivation(function: .argon2id, iterations: 1),
        SCRAMDerivation(function: .argon2id, iterations: 1, memory: 7),
        SCRAMDerivation(function: .argon2id, iterations: 1, memory: .max),
        SCRAMDerivation(function: .argon2id, iterations: .max, memory: 64),
    ])
    func `costs out of range make no credential`(derivation: SCRAMDerivation) {
        #expect(SCRAMCredential(password: "a", derivation: derivation, salt: Array(0..<16)) == nil)
    }

    @Test func `neither does a short salt, nor a password that SASLprep forbids`() {
        let derivation = SCRAMDerivation(function: .pbkdf2, iterations: 4096)
        #expect(SCRAMCredential(password: "a", derivation: derivation, salt: Array(0..<7)) == nil)
        #expect(SCRAMCredential(password: "", derivation: derivation, salt: Array(0..<16)) == nil)
        #expect(SCRAMCredential(password: "\u{7}", derivation: derivation, salt: Array(0..<16)) == nil)
    }

    @Test func `a password typed in another form is the same`() throws {
        let derivation = SCRAMDerivation(function: .pbkdf2, iterations: 4096)
        let one = SCRAMCredential(password: "I\u{AD}X", derivation: derivation, salt: Array(0..<16))
        #expect(one == SCRAMCredential(password: "\u{2168}", derivation: derivation, salt: Array(0..<16)))
    }
}

@Suite struct PasswordKeyTests {
    @Test func `Argon2id is that of the reference implementation's test`() {
        #expect(
            PasswordKey.argon2id(
                Array("password".utf8), salt: Array("somesalt".utf8), iterations: 2, memory: 65_536, byteCount: 32
            ).map(Hexadecimal.encode) == "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7")
    }

    @Test func `what Argon2 refuses is no key`() {
        #expect(PasswordKey.argon2id([], salt: [], iterations: 1, memory: 8, byteCount: 32) == nil)
        #expect(PasswordKey.argon2id([], salt: Array(0..<8), iterations: -1, memory: 8, byteCount: 32) == nil)
        #expect(PasswordKey.argon2id([], salt: Array(0..<8), iterations: 1, memory: 8, byteCount: 0) == nil)
    }

    @Test func `PBKDF2 without rounds is no key`() {
        #expect(PasswordKey.pbkdf2([], salt: [], iterations: 0, byteCount: 32) == nil)
        #expect(PasswordKey.pbkdf2([], salt: [], iterations: 1, byteCount: -1) == nil)
    }
}
