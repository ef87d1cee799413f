import Authentication
import WAMP

/// What a dynamic authenticator has answered: a role, or a dictionary in the words of Crossbar's contract.
struct AuthenticatorAnswer: Sendable {
    private let members: [String: Value]

    /// Nil when it is neither.
    init?(_ value: Value) {
        switch value {
        case .string(let role): members = ["role": .string(role)]
        case .dictionary(let members): self.members = members
        default: return nil
        }
    }

    /// Who it is; nil when the answer means another realm, has no role, or a challenge that is none.
    ///
    /// - Parameters:
    ///   - authid: what the client calls itself.
    ///   - realm: the one that the client asked for. Crossbar's authenticators may name another; here, each realm
    ///     decides who is in it.
    ///   - authenticator: whose answer it is.
    func identity(authid: String, in realm: String, by authenticator: AuthenticatorProcedure) -> GrantedIdentity? {
        if let named = members["realm"], named != .null, named != .string(realm) { return nil }
        guard let role = members["role"]?.string ?? authenticator.defaultRole else { return nil }
        let assigned = members["authid"]?.string ?? authid
        guard !assigned.isEmpty else { return nil }
        var identity = GrantedIdentity(
            authid: assigned, role: role, trustlevel: members["trustlevel"]?.integer, provider: .dynamic,
            extra: members["extra"]?.dictionary ?? [:])
        if let challenge = members["challenge"], challenge != .null {
            // One that cannot be read must not pass for none.
            guard let further = FurtherChallenge(challenge, by: authenticator, of: authid) else { return nil }
            identity.further = further
        }
        return identity
    }

    /// For WAMP-CRA: `secret`, and with `salt`, `iterations` and `keylen` the derived key instead.
    var sharedSecret: (secret: String, salting: ChallengeResponse.Salting?)? {
        guard let secret = members["secret"]?.string, !secret.isEmpty else { return nil }
        guard let salt = members["salt"]?.string else { return (secret, nil) }
        let salting = ChallengeResponse.Salting(
            salt: salt, iterations: number("iterations") ?? 1000, keyLength: number("keylen") ?? 32)
        return (secret, salting)
    }

    /// For WAMP-SCRAM: `kdf`, `iterations`, `memory`, and `salt`, `stored-key`, `server-key` in hexadecimal digits.
    var scramCredential: SCRAMCredential? {
        guard let function = members["kdf"]?.string.flatMap(SCRAMDerivation.Function.init(rawValue:)),
            let iterations = number("iterations"),
            let salt = bytes("salt"), SCRAMCredential.saltByteCounts.contains(salt.count),
            let storedKey = bytes("stored-key") ?? bytes("stored_key"),
            let serverKey = bytes("server-key") ?? bytes("server_key"),
            storedKey.count == SCRAMCredential.keyByteCount, serverKey.count == SCRAMCredential.keyByteCount
        else { return nil }
        let memory = function == .pbkdf2 ? nil : number("memory")
        guard function == .pbkdf2 || memory != nil else { return nil }
        return SCRAMCredential(
            derivation: SCRAMDerivation(function: function, iterations: iterations, memory: memory), salt: salt,
            storedKey: storedKey, serverKey: serverKey)
    }

    /// For cryptosign: `pubkey`, or `authorized_keys`.
    var authorizedKeys: Set<[UInt8]> {
        let list = members["authorized_keys"] ?? members["authorized-keys"]
        let texts = [members["pubkey"]?.string].compactMap { $0 } + (list?.list ?? []).compactMap(\.string)
        return Set(texts.compactMap { Hexadecimal.decode($0, byteCount: 32) })
    }

    private func number(_ key: String) -> Int? { members[key]?.integer.flatMap(Int.init(exactly:)) }
    private func bytes(_ key: String) -> [UInt8]? { members[key]?.string.flatMap { Hexadecimal.decode($0) } }
}
