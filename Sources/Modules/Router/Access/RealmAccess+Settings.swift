// `auth` of a realm in gantry.yml, in the words of Crossbar's users: a method is static and lists its principals, or
// dynamic and names a procedure.

import Authentication
import ModuleKit
import WAMP

/// Reads how peers authenticate for one realm.
struct RealmAccessReader {
    let realm: String
    let roles: Set<String>

    private enum Kind: String, CaseIterable { case `static`, dynamic }
    private enum Admitted: String, CaseIterable { case loopback, lan }

    /// - Parameter auth: the scope `auth` of the realm.
    func access(from auth: Settings) -> RealmAccess {
        var access = RealmAccess()
        access.ticket = source("ticket", of: auth) { secret("ticket", of: $0) }
        access.wampcra = source("wampcra", of: auth, sharedSecret)
        access.scram = source("scram", of: auth, scramCredential)
        if case .principals(let principals) = access.scram { access.scram = .principals(prepared(principals, auth)) }
        access.cryptosign = source("cryptosign", of: auth, authorizedKeys)
        access.tls = source("tls", of: auth, certificate)
        if auth.isSet("cookie") {
            access.cookieLifetime = auth.scope("cookie").duration(
                "max_age", default: .seconds(12 * 3600), in: .seconds(60)...(.seconds(30 * 86_400)))
        }
        let anonymous = auth.scope("anonymous")
        if anonymous.enumeration("type", default: Kind.static) == .dynamic {
            access.anonymous = authenticator(from: anonymous)
        }
        return access
    }

    /// Anonymous sessions: `anonymous` of the realm, or of its `auth`.
    func anonymous(from settings: Settings, isDynamic: Bool) -> (role: String?, isFromNetwork: Bool) {
        let auth = settings.scope("auth")
        if settings.isSet("anonymous"), auth.isSet("anonymous") {
            auth.refuse("anonymous", "the realm has anonymous as well", suggestion: "say it once")
        }
        guard !isDynamic else { return (nil, false) }
        let scope = auth.isSet("anonymous") ? auth.scope("anonymous") : settings.scope("anonymous")
        let from = scope.enumeration("from", default: Admitted.loopback)
        let isSet = auth.isSet("anonymous") || settings.isSet("anonymous")
        return (isSet ? role("role", of: scope) : nil, from == .lan)
    }

    // MARK: Sources

    private func source<Credential: Sendable>(
        _ method: String, of auth: Settings, _ read: (Settings) -> Credential?
    ) -> PrincipalSource<Credential>? {
        guard auth.isSet(method) else { return nil }
        let scope = auth.scope(method)
        guard scope.enumeration("type", default: Kind.static) == .static else {
            return authenticator(from: scope).map { .procedure($0) }
        }
        // Crossbar says users for WAMP-CRA, and principals for the others.
        var principals: [String: ConfiguredPrincipal<Credential>] = [:]
        for settings in scope.map("principals") + scope.map("users") {
            let trustlevel = settings.trustlevel()
            let role = role("role", of: settings)
            let credential = read(settings)
            guard !settings.name.isEmpty, principals[settings.name] == nil else {
                settings.refuse(nil, "a principal of this name is there already, or the name is empty")
                continue
            }
            guard let credential, let role else { continue }
            principals[settings.name] = ConfiguredPrincipal(
                role: role, trustlevel: trustlevel, credential: credential)
        }
        return .principals(principals)
    }

    private func authenticator(from settings: Settings) -> AuthenticatorProcedure? {
        let home = settings.string("authenticator_realm", default: realm)
        let timeout = settings.duration(
            "timeout", default: .seconds(5), in: .milliseconds(100)...(.seconds(60)))
        let defaultRole = settings.isSet("default_role") ? role("default_role", of: settings) : nil
        if !URIRules.isValid(Array(home.utf8).span) { settings.refuse("authenticator_realm", "not a realm's URI") }
        guard let procedure = try? settings.string(required: "authenticator") else { return nil }
        guard URIRules.isValid(Array(procedure.utf8).span), !URIRules.isReserved(Array(procedure.utf8).span) else {
            settings.refuse("authenticator", "not a procedure's URI")
            return nil
        }
        return AuthenticatorProcedure(procedure: procedure, realm: home, timeout: timeout, defaultRole: defaultRole)
    }

    private func role(_ key: String, of settings: Settings) -> String? {
        guard let role = try? settings.string(required: key) else { return nil }
        guard roles.contains(role) else {
            let names = roles.sorted().joined(separator: ", ")
            settings.refuse(key, "the realm has no role \"\(role)\"", suggestion: "its roles: \(names)")
            return nil
        }
        return role
    }

    // MARK: Credentials

    /// `secret`, or `secret_file`.
    private func secret(_ key: String, of settings: Settings) -> Secret? {
        let file = key + "_file"
        let text = settings.string(key)
        let path = settings.string(file)
        switch (text, path) {
        case (let text?, nil) where !text.isEmpty: return Secret(text)
        case (nil, let path?) where path.hasPrefix("/"): return Secret(file: path)
        case (nil, _?): settings.refuse(file, "expected an absolute path")
        case (nil, nil): settings.refuse(nil, "expected \(key), or \(file)")
        case (_?, nil): settings.refuse(key, "empty")
        case (_?, _?): settings.refuse(file, "\(key) is there as well", suggestion: "say one of them")
        }
        return nil
    }

    private func sharedSecret(_ settings: Settings) -> SharedSecret? {
        let secret = secret("secret", of: settings)
        let salt = settings.string("salt")
        let iterations = settings.integer(
            "iterations", default: 1000, in: ChallengeResponse.Salting.iterationsRange)
        let keyLength = settings.integer("keylen", default: 32, in: ChallengeResponse.Salting.keyLengthRange)
        if salt == nil {
            for key in ["iterations", "keylen"] where settings.isSet(key) {
                settings.refuse(key, "of no use without salt")
            }
        }
        if let salt, !(1...64).contains(salt.utf8.count) { settings.refuse("salt", "expected 1…64 bytes") }
        return secret.map { secret in
            SharedSecret(
                secret: secret,
                salting: salt.map { .init(salt: $0, iterations: iterations, keyLength: keyLength) })
        }
    }

    private func scramCredential(_ settings: Settings) -> SCRAMCredential? {
        let function = try? settings.enumeration(required: "kdf", of: SCRAMDerivation.Function.self)
        let iterations = try? settings.integer(
            required: "iterations", in: SCRAMDerivation.iterationsRange(of: function ?? .argon2id))
        let needsMemory = function != nil && function != .pbkdf2
        let memory =
            needsMemory
            ? try? settings.integer(required: "memory", in: SCRAMDerivation.memoryRange)
            : settings.integer("memory", in: SCRAMDerivation.memoryRange)
        if memory != nil, function == .pbkdf2 { settings.refuse("memory", "pbkdf2 has no memory") }
        let salts = SCRAMCredential.saltByteCounts
        let salt = bytes("salt", of: settings, salts)
        let keyByteCount = SCRAMCredential.keyByteCount...SCRAMCredential.keyByteCount
        let storedKey = bytes("stored_key", of: settings, keyByteCount)
        let serverKey = bytes("server_key", of: settings, keyByteCount)
        guard let function, let iterations, let salt, let storedKey, let serverKey, !needsMemory || memory != nil else {
            return nil
        }
        return SCRAMCredential(
            derivation: SCRAMDerivation(function: function, iterations: iterations, memory: memory), salt: salt,
            storedKey: storedKey, serverKey: serverKey)
    }

    /// The principals by the prepared form of their names, in which they are looked up.
    private func prepared(
        _ principals: [String: ConfiguredPrincipal<SCRAMCredential>], _ auth: Settings
    ) -> [String: ConfiguredPrincipal<SCRAMCredential>] {
        var prepared: [String: ConfiguredPrincipal<SCRAMCredential>] = [:]
        for name in principals.keys.sorted() {
            guard let form = SASLprep.prepare(name, as: .stored), prepared[form] == nil else {
                auth.refuse(
                    "scram", "the name \"\(name)\" is none that SCRAM allows, or the same as another one's to it")
                continue
            }
            prepared[form] = principals[name]
        }
        return prepared
    }

    private func authorizedKeys(_ settings: Settings) -> AuthorizedKeys? {
        let texts = settings.strings("authorized_keys")
        var keys: Set<[UInt8]> = []
        for (index, text) in texts.enumerated() {
            guard let key = Hexadecimal.decode(text, byteCount: 32) else {
                settings.refuse(
                    "authorized_keys", "[\(index)]: expected a public key, 32 bytes as 64 hexadecimal digits")
                continue
            }
            keys.insert(key)
        }
        if texts.isEmpty { settings.refuse(nil, "expected authorized_keys, a list of public keys") }
        return keys.isEmpty ? nil : AuthorizedKeys(keys: keys)
    }

    private func certificate(_ settings: Settings) -> CertificateMatch? {
        let name = settings.string("common_name")
        let fingerprint = settings.string("fingerprint")
        switch (name, fingerprint) {
        case (let name?, nil) where !name.isEmpty: return .commonName(name)
        case (nil, let text?):
            let digits = text.filter { $0 != ":" }
            if let bytes = Hexadecimal.decode(digits, byteCount: 32) { return .fingerprint(Hexadecimal.encode(bytes)) }
            settings.refuse("fingerprint", "expected SHA-256 of a certificate, 64 hexadecimal digits")
        default: settings.refuse(nil, "expected common_name, or fingerprint")
        }
        return nil
    }

    private func bytes(_ key: String, of settings: Settings, _ counts: ClosedRange<Int>) -> [UInt8]? {
        guard let text = try? settings.string(required: key) else { return nil }
        guard let bytes = Hexadecimal.decode(text), counts.contains(bytes.count) else {
            let expected = counts.count == 1 ? "\(counts.lowerBound)" : "\(counts.lowerBound)…\(counts.upperBound)"
            settings.refuse(key, "expected \(expected) bytes as hexadecimal digits")
            return nil
        }
        return bytes
    }
}
