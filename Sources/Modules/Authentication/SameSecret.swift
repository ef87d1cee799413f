import Crypto
import Foundation

/// Compares two secrets without saying by its duration how much of them agrees, nor how long the right one is.
package func isSameSecret(_ one: String, _ other: String) -> Bool {
    let key = SymmetricKey(size: .bits256)
    let left = HMAC<SHA256>.authenticationCode(for: Data(one.utf8), using: key)
    return HMAC<SHA256>.isValidAuthenticationCode(left, authenticating: Data(other.utf8), using: key)
}
