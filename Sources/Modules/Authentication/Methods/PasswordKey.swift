// Keys that are made from passwords: slowly, so that whoever steals the key cannot guess the password.

import CArgon2
import Crypto
import Foundation
import _CryptoExtras

package enum PasswordKey {
    /// PBKDF2 with HMAC-SHA256, RFC 8018.
    ///
    /// - Returns: nil when the parameters are none.
    package static func pbkdf2(_ password: [UInt8], salt: [UInt8], iterations: Int, byteCount: Int) -> [UInt8]? {
        guard (1...Int(UInt32.max)).contains(iterations), byteCount > 0 else { return nil }
        // "Unchecked" is a number of rounds below what the library recommends today: old credentials have less.
        let key = try? KDF.Insecure.PBKDF2.deriveKey(
            from: password, salt: salt, using: .sha256, outputByteCount: byteCount, unsafeUncheckedRounds: iterations)
        return key?.withUnsafeBytes { Array($0) }
    }

    /// Argon2id version 1.3 with parallelism 1, RFC 9106.
    ///
    /// - Parameter memory: in KiB.
    /// - Returns: nil when the parameters are none, or when there is not so much memory.
    package static func argon2id(
        _ password: [UInt8], salt: [UInt8], iterations: Int, memory: Int, byteCount: Int
    ) -> [UInt8]? {
        guard let rounds = UInt32(exactly: iterations), let memory = UInt32(exactly: memory), byteCount > 0 else {
            return nil
        }
        var key = [UInt8](repeating: 0, count: byteCount)
        let result = argon2id_hash_raw(
            rounds, memory, 1, password, password.count, salt, salt.count, &key, key.count)
        return result == ARGON2_OK.rawValue ? key : nil
    }
}
