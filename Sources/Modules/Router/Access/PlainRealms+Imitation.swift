// What somebody unknown is answered: a challenge like anybody's, that nobody can answer.

import Authentication
import Foundation
import ModuleKit

extension PlainRealms {
    /// Always the same bytes for the same name, which nobody can tell from random ones.
    func noise(_ request: AuthenticationRequest, _ method: AuthenticationMethod, of name: String) -> [UInt8] {
        secret?.imitation(request.realm, method.rawValue, name) ?? time.randomBytes(64)
    }
}

extension Dictionary {
    /// One of the values by chance, which `noise` decides.
    func example<Credential>(_ noise: [UInt8]) -> Value?
    where Key == String, Value == ConfiguredPrincipal<Credential> {
        guard !isEmpty else { return nil }
        let number = noise.suffix(8).reduce(UInt64(0)) { $0 &<< 8 | UInt64($1) }
        let names = keys.sorted()
        return self[names[Int(number % UInt64(names.count))]]
    }
}

extension ChallengeResponse.Salting {
    /// The same with another salt, of the same length.
    func imitated(_ noise: [UInt8]) -> ChallengeResponse.Salting {
        var other = self
        other.salt = String(Data(noise).base64EncodedString().prefix(salt.utf8.count))
        return other
    }
}

extension SCRAMCredential {
    /// A credential for a name that does not exist: always the same salt, and keys that no password has.
    static func imitated(_ example: SCRAMCredential?, _ noise: [UInt8]) -> SCRAMCredential {
        let keys = Array(noise.suffix(keyByteCount))
        return SCRAMCredential(
            derivation: example?.derivation ?? SCRAMDerivation(function: .pbkdf2, iterations: 4096),
            salt: Array(noise.prefix(example?.salt.count ?? 16)), storedKey: keys, serverKey: keys)
    }
}
