// How peers authenticate for a plain realm, method by method: what `auth` of gantry.yml says, read.

import Authentication
import ModuleKit

/// The methods of one realm; nil where the realm does not have the method.
package struct RealmAccess: Sendable {
    var anonymous: AuthenticatorProcedure?
    var ticket: PrincipalSource<Secret>?
    var wampcra: PrincipalSource<SharedSecret>?
    var scram: PrincipalSource<SCRAMCredential>?
    var cryptosign: PrincipalSource<AuthorizedKeys>?
    var tls: PrincipalSource<CertificateMatch>?
    /// How long a browser that has authenticated is known by its cookie.
    var cookieLifetime: Duration?

    init() {}
}

/// Where a method finds its principals.
enum PrincipalSource<Credential: Sendable>: Sendable {
    /// In gantry.yml, by authid.
    case principals([String: ConfiguredPrincipal<Credential>])
    /// By calling a procedure.
    case procedure(AuthenticatorProcedure)
}

/// A principal of gantry.yml.
struct ConfiguredPrincipal<Credential: Sendable>: Sendable {
    var role: String
    /// Nil leaves it to the role.
    var trustlevel: Int64?
    var credential: Credential
}

/// A dynamic authenticator. Its contract is Crossbar's: `procedure(realm, authid, details)` answers with a role, or with
/// a dictionary of `role`, `authid`, `extra` and what the method compares with.
struct AuthenticatorProcedure: Sendable, Hashable {
    var procedure: String
    /// Where it is registered.
    var realm: String
    var timeout: Duration
    /// For answers that name none.
    var defaultRole: String?
}

/// A secret of gantry.yml: written there, or in a file of its own.
struct Secret: Sendable, Hashable {
    private enum Place: Sendable, Hashable {
        case text(String)
        case file(String)
    }

    private var place: Place

    init(_ text: String) { place = .text(text) }
    init(file: String) { place = .file(file) }

    /// The secret; one whose file has not been read is nobody's.
    var text: String? { if case .text(let text) = place { text } else { nil } }

    /// Reads the file, if it is one.
    mutating func read() throws(SecretFileError) {
        if case .file(let path) = place { place = .text(try SecretFile.read(path)) }
    }
}

/// What WAMP-CRA compares with.
struct SharedSecret: Sendable, Hashable {
    /// With a salt, the derived key.
    var secret: Secret
    var salting: ChallengeResponse.Salting?
}

/// The keys of a cryptosign principal, 32 bytes each.
struct AuthorizedKeys: Sendable, Hashable {
    var keys: Set<[UInt8]>
}

/// Which client certificate is a principal's.
enum CertificateMatch: Sendable, Hashable {
    case commonName(String)
    case fingerprint(String)

    func isOf(_ certificate: ClientCertificate) -> Bool {
        switch self {
        case .commonName(let name): certificate.commonName == name
        case .fingerprint(let digits): certificate.fingerprintSHA256 == digits
        }
    }
}

extension RealmAccess {
    /// Reads the files that secrets are in.
    mutating func readSecrets() throws(SecretFileError) {
        if case .principals(var principals) = ticket {
            for name in principals.keys { try principals[name]?.credential.read() }
            ticket = .principals(principals)
        }
        if case .principals(var principals) = wampcra {
            for name in principals.keys { try principals[name]?.credential.secret.read() }
            wampcra = .principals(principals)
        }
    }

    /// Whether something here needs the router's own key.
    var needsRouterKey: Bool { wampcra != nil || scram != nil || cryptosign != nil }
}
