// What the router keeps of a WAMP-SCRAM password: nothing that opens a session by itself.
//
// Spec: WAMP-04 "Salted Challenge Response Authentication", "Data Stored on the Server", "Key Derivation Functions".

import Crypto
import Foundation

/// One principal's SCRAM credential.
package struct SCRAMCredential: Sendable, Hashable {
    package var derivation: SCRAMDerivation
    package var salt: [UInt8]
    /// 32 bytes each.
    package var storedKey: [UInt8]
    package var serverKey: [UInt8]

    package static let keyByteCount = 32
    package static let saltByteCounts = 8...64

    package init(derivation: SCRAMDerivation, salt: [UInt8], storedKey: [UInt8], serverKey: [UInt8]) {
        self.derivation = derivation
        self.salt = salt
        self.storedKey = storedKey
        self.serverKey = serverKey
    }

    /// Makes the credential of a password. Takes as long as `derivation` says.
    ///
    /// - Parameter salt: random bytes, this principal's alone.
    /// - Returns: nil when the password is not one that SASLprep allows, or the parameters are out of range.
    package init?(password: String, derivation: SCRAMDerivation, salt: [UInt8]) {
        guard let prepared = SASLprep.prepare(password, as: .stored), !prepared.isEmpty,
            let salted = derivation.saltedPassword(Array(prepared.utf8), salt: salt)
        else { return nil }
        let key = SymmetricKey(data: salted)
        let clientKey = HMAC<SHA256>.authenticationCode(for: Data("Client Key".utf8), using: key)
        self.init(
            derivation: derivation, salt: salt, storedKey: Array(SHA256.hash(data: Data(clientKey))),
            serverKey: Array(HMAC<SHA256>.authenticationCode(for: Data("Server Key".utf8), using: key)))
    }
}

/// How a client turns a password into a key.
package struct SCRAMDerivation: Sendable, Hashable {
    /// By the word in `CHALLENGE.Extra.kdf`.
    package enum Function: String, Sendable, Hashable, CaseIterable {
        case pbkdf2
        case argon2id = "argon2id13"
        /// As Autobahn and Crossbar have it, from before the specification settled: another word, and the base64 text
        /// of the hash where the specification has the hash.
        case argon2idAutobahn = "argon2id-13"
    }

    package var function: Function
    package var iterations: Int
    /// In KiB; of Argon2 only.
    package var memory: Int?

    package init(function: Function, iterations: Int, memory: Int? = nil) {
        self.function = function
        self.iterations = iterations
        self.memory = memory
    }

    /// RFC 7677 wants 4096 iterations of PBKDF2 at the least. The upper bounds keep a client from working for minutes.
    package static func iterationsRange(of function: Function) -> ClosedRange<Int> {
        function == .pbkdf2 ? 4096...10_000_000 : 1...100_000
    }

    package static let memoryRange = 8...(4 << 20)

    /// `SaltedPassword` of the specification; nil when the parameters are out of range.
    func saltedPassword(_ password: [UInt8], salt: [UInt8]) -> [UInt8]? {
        guard Self.iterationsRange(of: function).contains(iterations),
            SCRAMCredential.saltByteCounts.contains(salt.count)
        else { return nil }
        if function == .pbkdf2 {
            return PasswordKey.pbkdf2(
                password, salt: salt, iterations: iterations, byteCount: SCRAMCredential.keyByteCount)
        }
        guard let memory, Self.memoryRange.contains(memory),
            let hash = PasswordKey.argon2id(
                password, salt: salt, iterations: iterations, memory: memory, byteCount: SCRAMCredential.keyByteCount)
        else { return nil }
        guard function == .argon2idAutobahn else { return hash }
        return Data(hash).base64EncodedString().utf8.filter { $0 != UInt8(ascii: "=") }
    }
}
