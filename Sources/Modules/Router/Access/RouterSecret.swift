// What the router alone knows: its key pair, by which clients can know it again, and what makes the salts of names that
// do not exist. Both come from `<data>/keys/router.key`, and stay the same while that file does.

import Authentication
import Crypto
import Foundation
import ModuleKit

struct RouterSecret: Sendable {
    let key: RouterKey
    private let imitation: SymmetricKey

    /// - Parameter bytes: 32 random ones. Nil when the library takes them for no key.
    init?(_ bytes: [UInt8]) {
        func derived(_ purpose: String) -> SymmetricKey {
            HKDF<SHA256>.deriveKey(
                inputKeyMaterial: SymmetricKey(data: bytes), info: Data(purpose.utf8), outputByteCount: 32)
        }
        let seed = derived("gantry/router-key/cryptosign/v1").withUnsafeBytes { Array($0) }
        guard let key = RouterKey(seed: seed) else { return nil }
        self.key = key
        imitation = derived("gantry/router-key/imitation/v1")
    }

    /// Reads the key file, and makes it when it is not there.
    static func open(keysDirectory: String, _ time: TimeAndChance) throws(KeyFileError) -> RouterSecret {
        let path = keysDirectory + "/router.key"
        let bytes: [UInt8]
        if let known = try KeyFile.read(path) {
            bytes = known
        } else {
            bytes = time.randomBytes(KeyFile.byteCount)
            try KeyFile.create(path, bytes)
        }
        guard let secret = RouterSecret(bytes) else { throw KeyFileError(path, .wrongSize) }
        return secret
    }

    /// 64 bytes that look random, and are always the same for the same name. "This mock `CHALLENGE` SHOULD contain a
    /// generated `salt` value that is always the same for a given `authid`"
    func imitation(_ realm: String, _ method: String, _ authid: String) -> [UInt8] {
        Array(HMAC<SHA512>.authenticationCode(for: Data("\(method)\n\(realm)\n\(authid)".utf8), using: imitation))
    }
}
