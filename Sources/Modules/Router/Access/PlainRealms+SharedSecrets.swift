// The methods of a secret that both sides have: ticket, which sends it, and WAMP-CRA, which does not.

import Authentication
import ModuleKit
import WAMP

extension PlainRealms {
    /// Spec: WAMP-04 "Ticket-based Authentication".
    func ticket(_ request: AuthenticationRequest, _ realm: PlainRealm) -> Plan? {
        guard let source = realm.access.ticket else { return nil }
        return .step(
            .challenge(method: AuthenticationMethod.ticket.rawValue, extra: [:]) { ticket, _ in
                let start = self.attempts.begin()
                let authid = request.authid ?? ""
                switch source {
                case .principals(let principals):
                    let principal = principals[authid]
                    // For somebody unknown, a ticket that nobody knows: the comparison takes its time all the same.
                    let expected = principal?.credential.text
                    let isRight = isSameSecret(expected ?? self.time.secret(), ticket) && expected != nil
                    return await self.conclude(
                        request, .ticket, isRight ? principal?.identity(authid) : nil, since: start)
                case .procedure(let authenticator):
                    let answer = await self.ask(authenticator, request, .ticket, authid: authid, ticket: ticket)
                    return await self.conclude(request, .ticket, answer?.1, since: start)
                }
            })
    }
}

extension PlainRealms {
    /// What one challenge of WAMP-CRA is made of.
    private struct ChallengeBasis {
        var secret: String
        var salting: ChallengeResponse.Salting?
        /// Said in the challenge, and so made up for somebody unknown.
        var role: String
        var provider: GrantedIdentity.Provider
        /// Nil for somebody unknown.
        var identity: GrantedIdentity?
    }

    func challengeResponse(_ request: AuthenticationRequest, _ realm: PlainRealm) -> Plan? {
        switch realm.access.wampcra {
        case .principals(let principals):
            return .step(challenge(request, basis(request, principals)))
        case .procedure(let authenticator):
            return .later { self.challenge(request, await self.basis(request, realm, authenticator)) }
        case nil: return nil
        }
    }

    private func challenge(_ request: AuthenticationRequest, _ basis: ChallengeBasis) -> AuthenticationStep {
        let challenge = ChallengeResponse(
            authid: basis.identity?.authid ?? request.authid ?? "", authrole: basis.role,
            authprovider: basis.provider.rawValue, session: request.session, salting: basis.salting,
            nonce: time.randomBytes(24), timestamp: time.wallSeconds())
        return .challenge(method: AuthenticationMethod.wampcra.rawValue, extra: challenge.extra) { signature, _ in
            let start = self.attempts.begin()
            let isSigned = challenge.isSigned(by: basis.secret, signature: signature)
            return await self.conclude(request, .wampcra, isSigned ? basis.identity : nil, since: start)
        }
    }

    private func basis(
        _ request: AuthenticationRequest, _ principals: [String: ConfiguredPrincipal<SharedSecret>]
    ) -> ChallengeBasis {
        let authid = request.authid ?? ""
        if let principal = principals[authid], let secret = principal.credential.secret.text {
            return ChallengeBasis(
                secret: secret, salting: principal.credential.salting, role: principal.role, provider: .static,
                identity: principal.identity(authid))
        }
        let noise = noise(request, .wampcra, of: request.authid ?? "")
        let example = principals.example(noise)
        return ChallengeBasis(
            secret: time.secret(), salting: example?.credential.salting.map { $0.imitated(noise) },
            role: example?.role ?? "", provider: .static)
    }

    private func basis(
        _ request: AuthenticationRequest, _ realm: PlainRealm, _ authenticator: AuthenticatorProcedure
    ) async -> ChallengeBasis {
        if let (answer, identity) = await ask(authenticator, request, .wampcra, authid: request.authid),
            let (secret, salting) = answer.sharedSecret
        {
            examples.note(authenticator, role: identity.role, salting: salting)
            return ChallengeBasis(
                secret: secret, salting: salting, role: identity.role, provider: .dynamic, identity: identity)
        }
        let example = examples.challenge(authenticator)
        return ChallengeBasis(
            secret: time.secret(),
            salting: example?.salting?.imitated(noise(request, .wampcra, of: request.authid ?? "")),
            role: example?.role ?? authenticator.defaultRole ?? realm.roles.keys.sorted().first ?? "",
            provider: .dynamic)
    }
}
