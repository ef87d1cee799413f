// Who may join the realms of gantry.yml. The methods themselves are in Authentication, and pure; here is which of them a
// realm has, where it finds its principals, and what follows.
//
//   HELLO → the client's first method that the realm has → CHALLENGE → AUTHENTICATE → verdict → WELCOME
//
// After "there is no such realm" and "there is no such method" all refusals are alike: somebody unknown is challenged as
// somebody known is, with parameters that look like a principal's of this realm and never change, and every verdict is
// the same judge's.

import Authentication
package import Logging
package import ModuleKit
import WAMP

package final class PlainRealms: RealmAuthenticator {
    let realms: [String: PlainRealm]
    let attempts: any AttemptJudging
    let time: TimeAndChance
    /// Nil when no realm has a method that needs it.
    let secret: RouterSecret?
    let calls: AuthenticatorCalls
    package let cookies: BrowserCookies
    /// What dynamic authenticators said last, to answer for whom they do not know.
    let examples = DynamicExamples()
    let logger: Logger

    static let refused = AuthenticationStep.deny(.authenticationFailed, message: AttemptJudge.refusal)

    /// Reads what the realms need from disk: secrets in files, and the router's key.
    package convenience init(
        _ configuration: RouterConfiguration, host: any RealmHost, attempts: any AttemptJudging, keysDirectory: String,
        logger: Logger
    ) throws {
        let realms = try configuration.realms.mapValues { realm in
            var realm = realm
            try realm.access.readSecrets()
            return realm
        }
        let needsKey = realms.values.contains { $0.access.needsRouterKey }
        let secret = needsKey ? try RouterSecret.open(keysDirectory: keysDirectory, .system) : nil
        self.init(realms, host: host, attempts: attempts, secret: secret, time: .system, logger: logger)
    }

    init(
        _ realms: [String: PlainRealm], host: any RealmHost, attempts: any AttemptJudging, secret: RouterSecret?,
        time: TimeAndChance, logger: Logger
    ) {
        self.realms = realms
        self.attempts = attempts
        self.secret = secret
        self.time = time
        self.logger = logger
        calls = AuthenticatorCalls(host, logger: logger)
        cookies = BrowserCookies(lifetime: realms.values.compactMap(\.access.cookieLifetime).max(), time: time)
    }

    package func answers(for realm: String) -> Bool { realms[realm] != nil }

    package func immediateStep(_ request: AuthenticationRequest) -> AuthenticationStep? {
        guard let realm = realms[request.realm], case .step(let step) = plan(request, realm) else { return nil }
        return step
    }

    package func authenticate(_ request: AuthenticationRequest) async -> AuthenticationStep {
        guard let realm = realms[request.realm] else {
            return .deny(.noSuchRealm, message: "no realm \(request.realm) exists here")
        }
        switch plan(request, realm) {
        case .step(let step): return step
        case .later(let step): return await step()
        }
    }

    package func signedOut(_ peer: PeerIdentity, of realm: String) {
        if let cookie = peer.cookie { cookies.forget(cookie, in: realm) }
    }
}

// MARK: Which method

extension PlainRealms {
    /// What follows a HELLO: at once, or when somebody has been asked.
    enum Plan {
        case step(AuthenticationStep)
        case later(@Sendable () async -> AuthenticationStep)
    }

    /// The first of the client's methods that the realm has decides. Those that the transport has already decided
    /// (anonymous, cookie, tls) count only when they admit the peer, so that a browser may offer its cookie and a
    /// ticket.
    private func plan(_ request: AuthenticationRequest, _ realm: PlainRealm) -> Plan {
        var isKeptLocal = false
        var isUnproven = false
        for method in request.authmethods {
            switch AuthenticationMethod(rawValue: method) {
            case .anonymous:
                if let plan = anonymous(request, realm) { return plan }
                isKeptLocal = isKeptLocal || realm.anonymousRole != nil
            case .cookie:
                if let plan = cookie(request, realm) { return plan }
                isUnproven = isUnproven || realm.access.cookieLifetime != nil
            case .tls:
                if let plan = certificate(request, realm) { return plan }
                isUnproven = isUnproven || realm.access.tls != nil
            case .ticket: if let plan = ticket(request, realm) { return plan }
            case .wampcra: if let plan = challengeResponse(request, realm) { return plan }
            case .scram: if let plan = scram(request, realm, .autobahn) { return plan }
            case .wampScram: if let plan = scram(request, realm, .specification) { return plan }
            case .cryptosign: if let plan = cryptosign(request, realm) { return plan }
            case nil: break
            }
        }
        if isUnproven { return .later { await self.refuse(request) } }
        if isKeptLocal {
            return .step(.deny(.authenticationDenied, message: "anonymous sessions are for this machine only"))
        }
        let words = realm.methods.map(\.rawValue).joined(separator: ", ")
        let message = words.isEmpty ? "Nobody may join this realm." : "This realm takes: \(words)."
        return .step(.deny(.noMatchingAuthMethod, message: message))
    }

    private func anonymous(_ request: AuthenticationRequest, _ realm: PlainRealm) -> Plan? {
        if let authenticator = realm.access.anonymous {
            return .later {
                let authid = self.newAuthID(request)
                let answer = await self.ask(authenticator, request, .anonymous, authid: authid)
                return await self.conclude(request, .anonymous, unguessed: answer?.1)
            }
        }
        guard let role = realm.anonymousRole, request.peer.isLoopback || realm.admitsAnonymousFromNetwork else {
            return nil
        }
        let identity = GrantedIdentity(authid: newAuthID(request), role: role, provider: .static)
        return .step(welcome(request, realm, .anonymous, identity))
    }

    private func newAuthID(_ request: AuthenticationRequest) -> String {
        String(request.session.rawValue, radix: 36)
    }

    private func cookie(_ request: AuthenticationRequest, _ realm: PlainRealm) -> Plan? {
        guard realm.access.cookieLifetime != nil, let cookie = request.peer.cookie,
            let identity = cookies.holder(of: cookie, in: request.realm, request.peer),
            request.authid ?? identity.authid == identity.authid
        else { return nil }
        return .step(welcome(request, realm, .cookie, identity))
    }

    private func certificate(_ request: AuthenticationRequest, _ realm: PlainRealm) -> Plan? {
        guard let certificate = request.peer.clientCertificate else { return nil }
        switch realm.access.tls {
        case .principals(let principals):
            let found = principals.filter { $0.value.credential.isOf(certificate) }
            // Of several that are meant by the certificate, the client has to say which it is.
            guard let authid = request.authid ?? (found.count == 1 ? found.first?.key : nil),
                let principal = found[authid]
            else { return nil }
            return .step(welcome(request, realm, .tls, principal.identity(authid)))
        case .procedure(let authenticator):
            return .later {
                let authid = request.authid ?? certificate.commonName
                let answer = await self.ask(authenticator, request, .tls, authid: authid)
                return await self.conclude(request, .tls, unguessed: answer?.1)
            }
        case nil: return nil
        }
    }
}

// MARK: Verdicts

extension PlainRealms {
    /// Asks a dynamic authenticator.
    ///
    /// - Parameters:
    ///   - ticket: of the ticket method, which hands it over.
    ///   - response: what the peer has answered to a challenge of the authenticator's own.
    /// - Returns: its answer, and who that makes; nil for nobody.
    func ask(
        _ authenticator: AuthenticatorProcedure, _ request: AuthenticationRequest, _ method: AuthenticationMethod,
        authid: String?, ticket: String? = nil, response: Value? = nil
    ) async -> (AuthenticatorAnswer, GrantedIdentity)? {
        let details = request.details(method, ticket: ticket, response: response)
        guard
            let value = await calls.ask(authenticator, realm: request.realm, authid: authid, details: details),
            let answer = AuthenticatorAnswer(value)
        else { return nil }
        guard
            let identity = answer.identity(authid: authid ?? "", in: request.realm, by: authenticator),
            realms[request.realm]?.roles[identity.role] != nil
        else {
            logger.warning(
                "an authenticator's answer names no role of the realm, another realm, or no challenge as one",
                metadata: .facts([.uri: authenticator.procedure, .realm: request.realm]))
            return nil
        }
        return (answer, identity)
    }

    /// The end of a handshake.
    ///
    /// - Parameters:
    ///   - identity: nil when the peer has not proved who it is.
    ///   - subject: whose credential was tried, where the authid does not say it.
    ///   - proof: what proves the router to the peer, in WELCOME's `authextra`.
    func conclude(
        _ request: AuthenticationRequest, _ method: AuthenticationMethod, _ identity: GrantedIdentity?,
        since start: Duration, of subject: String? = nil, proof: [String: Value] = [:]
    ) async -> AuthenticationStep {
        // Each realm has its own principals: a name of one is not the same name of another.
        let subject = subject ?? request.authid ?? ""
        if let identity, let further = identity.further {
            return await challenge(request, method, further, since: start, of: subject, proof)
        }
        let isAccepted = await attempts.verdict(
            identity != nil, from: request.peer.address, on: "\(request.realm)/\(subject)", since: start)
        guard isAccepted, let identity, let realm = realms[request.realm] else {
            logRefusal(request, method)
            return Self.refused
        }
        if let lifetime = realm.access.cookieLifetime, let cookie = request.peer.cookie {
            cookies.remember(identity, by: cookie, in: request.realm, request.peer, for: lifetime)
        }
        return welcome(request, realm, method, identity, proof)
    }

    /// What the method wanted is proved, and the authenticator asks for more. As often as it likes, within the time from
    /// HELLO to WELCOME; the last answer decides.
    private func challenge(
        _ request: AuthenticationRequest, _ method: AuthenticationMethod, _ further: FurtherChallenge,
        since start: Duration, of subject: String, _ proof: [String: Value]
    ) async -> AuthenticationStep {
        // A name that is blocked must not learn that its first secret was right.
        let name = "\(request.realm)/\(subject)"
        guard await attempts.mayGoOn(from: request.peer.address, on: name, since: start) else {
            logRefusal(request, method)
            return Self.refused
        }
        return .challenge(method: further.method, extra: further.extra) { signature, extra in
            let start = self.attempts.begin()
            let answer = await self.ask(
                further.authenticator, request, method, authid: further.authid,
                response: further.response(signature, extra))
            return await self.conclude(request, method, answer?.1, since: start, of: subject, proof: proof)
        }
    }

    /// The end of a handshake in which nothing could be guessed.
    private func conclude(
        _ request: AuthenticationRequest, _ method: AuthenticationMethod, unguessed identity: GrantedIdentity?
    ) async -> AuthenticationStep {
        guard let identity, let realm = realms[request.realm] else { return await refuse(request, method) }
        guard identity.further == nil else { return await conclude(request, method, identity, since: attempts.begin()) }
        return welcome(request, realm, method, identity)
    }

    private func refuse(
        _ request: AuthenticationRequest, _ method: AuthenticationMethod? = nil
    ) async -> AuthenticationStep {
        await attempts.refuse(since: attempts.begin())
        logRefusal(request, method)
        return Self.refused
    }

    private func welcome(
        _ request: AuthenticationRequest, _ realm: PlainRealm, _ method: AuthenticationMethod,
        _ identity: GrantedIdentity, _ proof: [String: Value] = [:]
    ) -> AuthenticationStep {
        guard let permissions = realm.roles[identity.role] else { return Self.refused }
        return .welcome(
            Principal(
                authid: identity.authid, authrole: identity.role, authmethod: method.rawValue,
                authprovider: identity.provider.rawValue,
                authextra: proof.isEmpty ? identity.extra : identity.extra.merging(proof, uniquingKeysWith: { $1 }),
                permissions: permissions, authorizer: realm.authorizers[identity.role],
                trustlevel: identity.trustlevel ?? realm.trustlevels[identity.role]))
    }

    static func channelBinding(_ name: String) -> AuthenticationStep {
        .deny(
            .featureNotSupported,
            message: "HELLO.Details.authextra.channel_binding: \(name.prefix(32)) cannot be had here; leave it out")
    }

    private func logRefusal(_ request: AuthenticationRequest, _ method: AuthenticationMethod?) {
        logger.debug(
            "refused",
            metadata: .facts([
                .authid: LoggableName.of(request.authid ?? ""), .realm: request.realm, .peer: request.peer.address,
                .authmethod: method?.rawValue ?? "transport",
            ]))
    }
}

extension ConfiguredPrincipal {
    func identity(_ authid: String) -> GrantedIdentity {
        GrantedIdentity(authid: authid, role: role, trustlevel: trustlevel, provider: .static)
    }
}
