// The handshake of `gantry.admin` and of every app realm. The rules are elsewhere (AuthMethodChoice, DeviceAdmission,
// SessionTokens, RolePermissions) and pure; here the questions are asked in the right order:
//
//   HELLO → which realm, which method → CHALLENGE → AUTHENTICATE → what is known of this name → verdict → WELCOME
//
// Nothing is looked up before the answer is there: the challenge of somebody unknown is made exactly as anybody's.

import Authentication
import Logging
import ModuleKit
import WAMP

/// Finds out what the provisioner knows of a serial number. Nil: no such device, or nobody to ask.
typealias DeviceDirectory = @Sendable (_ serial: String) async -> DeviceFacts?

struct CredentialAuthenticator: RealmAuthenticator {
    /// What may be configured about handshakes.
    struct Policy: Sendable, Hashable {
        /// (serial, serial) is a credential.
        var allowsLegacyDevices: Bool
        /// The role of sessions that do not say who they are; nil refuses them.
        var anonymousRole: Role?

        init(allowsLegacyDevices: Bool = false, anonymousRole: Role? = nil) {
            self.allowsLegacyDevices = allowsLegacyDevices
            self.anonymousRole = anonymousRole
        }
    }

    private let policy: Policy
    private let store: CredentialStore
    private let tokens: SessionTokens
    private let expiry: TokenExpiry
    private let judge: any AttemptJudging
    private let time: TimeAndChance
    private let devices: DeviceDirectory
    private let isLocalAdministrator: @Sendable (PeerIdentity) -> Bool
    private let logger: Logger

    private static let provider = "gantry"

    init(
        policy: Policy, store: CredentialStore, tokens: SessionTokens, expiry: TokenExpiry, judge: any AttemptJudging,
        time: TimeAndChance,
        devices: @escaping DeviceDirectory, isLocalAdministrator: @escaping @Sendable (PeerIdentity) -> Bool,
        logger: Logger
    ) {
        self.policy = policy
        self.store = store
        self.tokens = tokens
        self.expiry = expiry
        self.judge = judge
        self.time = time
        self.devices = devices
        self.isLocalAdministrator = isLocalAdministrator
        self.logger = logger
    }

    func answers(for realm: String) -> Bool { AdmittedRealm(uri: realm) != nil }

    func authenticate(_ request: AuthenticationRequest) async -> AuthenticationStep {
        guard let realm = AdmittedRealm(uri: request.realm) else {
            return .deny(.noSuchRealm, message: "There is no realm \(request.realm).")
        }
        let offered = AuthMethod.offered(
            in: realm, isLocalAdministrator: isLocalAdministrator(request.peer),
            allowsAnonymous: policy.anonymousRole != nil)
        switch AuthMethod.choose(request.authmethods, among: offered) {
        case .wampcra: return challengeResponse(request, realm)
        case .ticket: return ticket(request, realm)
        case .unix: return .welcome(localAdministrator(request))
        case .anonymous: return anonymous(request, realm)
        case nil:
            let words = offered.map(\.rawValue).sorted().joined(separator: ", ")
            return .deny(.noMatchingAuthMethod, message: "This realm takes: \(words).")
        }
    }
}

// MARK: Methods

extension CredentialAuthenticator {
    private func challengeResponse(_ request: AuthenticationRequest, _ realm: AdmittedRealm) -> AuthenticationStep {
        guard case .app(let appRealm) = realm else { return Self.refused }
        let authid = request.authid ?? ""
        let challenge = ChallengeResponse(
            authid: authid, authrole: DeviceRole.app, authprovider: Self.provider, session: request.session,
            nonce: time.randomBytes(24), timestamp: time.wallSeconds())
        return .challenge(method: AuthMethod.wampcra.rawValue, extra: challenge.extra) {
            signature, _ in
            await self.device(request, appRealm, method: .wampcra) {
                challenge.isSigned(by: $0, signature: signature)
            }
        }
    }

    /// A ticket is a person's session token, or a device's secret as it is.
    private func ticket(_ request: AuthenticationRequest, _ realm: AdmittedRealm) -> AuthenticationStep {
        .challenge(method: AuthMethod.ticket.rawValue, extra: [:]) { ticket, _ in
            if let claims = self.tokens.signer.read(ticket) {
                return await self.person(request, realm, claims)
            }
            guard case .app(let appRealm) = realm else {
                let start = self.judge.begin()
                _ = await self.verdict(false, request, since: start)
                return Self.refused
            }
            return await self.device(request, appRealm, method: .ticket) { isSameSecret($0, ticket) }
        }
    }

    private func localAdministrator(_ request: AuthenticationRequest) -> Principal {
        // A colon is in nobody's name.
        Principal(
            authid: "unix:\(request.peer.unixUser ?? 0)", authrole: Role.admin.rawValue,
            authmethod: AuthMethod.unix.rawValue, authprovider: Self.provider,
            permissions: RolePermissions.administration(.admin))
    }

    private func anonymous(_ request: AuthenticationRequest, _ realm: AdmittedRealm) -> AuthenticationStep {
        guard case .app(let appRealm) = realm, let role = policy.anonymousRole else { return Self.refused }
        return .welcome(
            Principal(
                authid: "anonymous:\(Base64URL.encode(time.randomBytes(9)))", authrole: role.rawValue,
                authmethod: AuthMethod.anonymous.rawValue, authprovider: Self.provider,
                permissions: RolePermissions.person(role, in: appRealm)))
    }

    private static let refused = AuthenticationStep.deny(.authenticationFailed, message: AttemptJudge.refusal)

    private func verdict(
        _ isRight: Bool, _ request: AuthenticationRequest, since start: Duration
    ) async -> Bool {
        let subject = Identity(authid: request.authid ?? "").subject
        return await judge.verdict(isRight, from: request.peer.address, on: subject, since: start)
    }
}

// MARK: Verdicts

extension CredentialAuthenticator {
    /// - Parameter isShown: whether the peer has shown that it knows a secret.
    private func device(
        _ request: AuthenticationRequest, _ realm: AppRealm, method: AuthMethod, isShown: (String) -> Bool
    ) async -> AuthenticationStep {
        let start = judge.begin()
        let identity = Identity(authid: request.authid ?? "")
        let facts = await devices(identity.serial)
        let secrets = await secrets(of: identity.serial)
        let acceptable = DeviceAdmission.acceptable(
            identity, in: realm, facts: facts, secrets: secrets, allowsLegacy: policy.allowsLegacyDevices,
            now: time.wallSeconds())
        // Without a secret to compare with, one that nobody knows: the comparison takes its time all the same.
        let compared = acceptable.isEmpty ? [AcceptableSecret(.device, time.secret())] : acceptable
        // All of them are compared, whichever fits: how many there are must not show.
        let shown = compared.filter { isShown($0.secret) }.first
        let isRight = shown != nil && !acceptable.isEmpty
        guard await verdict(isRight, request, since: start), let shown, let facts else {
            logRefusal(request, method)
            return Self.refused
        }
        logger.debug(
            "device admitted",
            metadata: .facts([
                .authid: facts.serial, .realm: request.realm, .peer: request.peer.address,
                .authmethod: "\(method.rawValue)/\(shown.kind.rawValue)",
            ]))
        return .welcome(
            Principal(
                authid: facts.serial, authrole: DeviceRole.app, authmethod: method.rawValue,
                authprovider: Self.provider, authextra: ["device_key": .integer(facts.deviceKey)],
                permissions: RolePermissions.app(deviceKey: facts.deviceKey, in: realm)))
    }

    private func person(
        _ request: AuthenticationRequest, _ realm: AdmittedRealm, _ claims: TokenClaims
    ) async -> AuthenticationStep {
        let start = judge.begin()
        guard Self.isName(request.authid, of: claims),
            case .valid(let person) = await tokens.standing(of: claims),
            let permissions = Self.permissions(of: person, in: realm)
        else {
            // Not counted as a guess: the token was signed here. A browser that was left open overnight comes back
            // with an expired one, again and again, and must not lock its owner out.
            await judge.refuse(since: start)
            logRefusal(request, .ticket)
            return Self.refused
        }
        if person.mustChangePassword {
            return .deny(.authenticationDenied, message: "The password must be changed first: POST /api/password.")
        }
        expiry.admitted(claims)
        let scope: [String: Value] = person.swarmKey.map { ["swarm_key": .integer($0)] } ?? [:]
        return .welcome(
            Principal(
                authid: person.name, authrole: person.role.rawValue, authmethod: AuthMethod.ticket.rawValue,
                authprovider: Self.provider, authextra: scope, permissions: permissions))
    }

    /// A HELLO need not say a name: the token does. If it says one, it must be the token's.
    private static func isName(_ authid: String?, of claims: TokenClaims) -> Bool {
        guard let authid, !authid.isEmpty else { return true }
        return PersonName.normalized(authid) == claims.name
    }

    /// What a person may do in a realm; nil when the account's project is another one.
    static func permissions(of person: Person, in realm: AdmittedRealm) -> Permissions? {
        switch realm {
        case .administration:
            return RolePermissions.administration(person.role, scope: person.swarmKey)
        case .app(let realm):
            if let scope = person.swarmKey, scope != realm.swarmKey { return nil }
            return RolePermissions.person(person.role, in: realm)
        }
    }

    /// What is kept under a serial number; nothing when the database does not answer: a failing backend admits nobody.
    private func secrets(of serial: String) async -> DeviceSecrets? {
        do {
            return try await store.secrets(of: serial)
        } catch {
            logger.error("secrets cannot be read, nobody is admitted", metadata: .facts([.error: "\(error)"]))
            return nil
        }
    }

    private func logRefusal(_ request: AuthenticationRequest, _ method: AuthMethod) {
        logger.debug(
            "refused",
            metadata: .facts([
                .authid: LoggableName.of(request.authid ?? ""), .realm: request.realm, .peer: request.peer.address,
                .authmethod: method.rawValue,
            ]))
    }
}
