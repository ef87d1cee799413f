// WAMP-CRA needs secrets that can be read again, so they are stored sealed: AES-256-GCM under a key that is not in
// the database. A copy of the database alone opens nothing.

import Crypto
import Foundation

/// The key that encrypts secrets at rest, `<data>/keys/credentials.key`.
struct SealingKey: Sendable {
    private let key: SymmetricKey

    init(_ bytes: [UInt8]) { key = SymmetricKey(data: Data(bytes)) }

    /// - Parameter purpose: what the secret is and whose; a sealed secret opens only under the same purpose, so that
    ///   nobody who can write to the database can hand one device's secret to another.
    /// - Returns: nonce, ciphertext and tag.
    func seal(_ secret: String, purpose: String) throws -> Data {
        let box = try AES.GCM.seal(Data(secret.utf8), using: key, authenticating: Data(purpose.utf8))
        // Only a box with a nonce of an unusual size has no combined form.
        guard let combined = box.combined else { throw CryptoKitError.incorrectParameterSize }
        return combined
    }

    /// Nil when the bytes were not sealed by this key for this purpose.
    func open(_ sealed: Data, purpose: String) -> String? {
        guard let box = try? AES.GCM.SealedBox(combined: sealed),
            let bytes = try? AES.GCM.open(box, using: key, authenticating: Data(purpose.utf8))
        else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Tells this key from any other without saying anything about it.
    var fingerprint: Data {
        Data(HMAC<SHA256>.authenticationCode(for: Data("gantry/sealing-key/v1".utf8), using: key).prefix(16))
    }
}
