// Cryptosign: a key pair of which the router has the public key.
//
// Spec: WAMP-04 "Cryptosign-based Authentication".

import Authentication
import ModuleKit
import WAMP

extension PlainRealms {
    func cryptosign(_ request: AuthenticationRequest, _ realm: PlainRealm) -> Plan? {
        guard let source = realm.access.cryptosign, let secret else { return nil }
        let hello: CryptosignRequest
        do throws(CryptosignRequest.Refusal) {
            hello = try CryptosignRequest(authextra: request.authextra)
        } catch {
            return .step(Self.refusal(error))
        }
        switch source {
        case .principals(let principals):
            let owner = Self.owner(of: hello.publicKey, request.authid, among: principals)
            return .step(cryptosign(request, hello, secret, owner))
        case .procedure(let authenticator):
            return .later {
                let answer = await self.ask(
                    authenticator, request, .cryptosign,
                    authid: request.authid ?? Hexadecimal.encode(hello.publicKey))
                let isKnown = answer?.0.authorizedKeys.contains(hello.publicKey) ?? false
                return self.cryptosign(request, hello, secret, isKnown ? answer?.1 : nil)
            }
        }
    }

    private func cryptosign(
        _ request: AuthenticationRequest, _ hello: CryptosignRequest, _ secret: RouterSecret,
        _ identity: GrantedIdentity?
    ) -> AuthenticationStep {
        let exchange = CryptosignExchange(hello, challenge: time.randomBytes(32))
        return .challenge(
            method: AuthenticationMethod.cryptosign.rawValue, extra: exchange.extra(secret.key)
        ) { signature, _ in
            let start = self.attempts.begin()
            let isSigned = exchange.isSigned(signature)
            return await self.conclude(
                request, .cryptosign, isSigned ? identity : nil, since: start,
                of: request.authid ?? Hexadecimal.encode(hello.publicKey))
        }
    }

    /// Whose key it is: the named principal's, or, without a name, that of the only one who has it.
    private static func owner(
        of key: [UInt8], _ authid: String?, among principals: [String: ConfiguredPrincipal<AuthorizedKeys>]
    ) -> GrantedIdentity? {
        if let authid {
            guard let principal = principals[authid], principal.credential.keys.contains(key) else { return nil }
            return principal.identity(authid)
        }
        let owners = principals.filter { $0.value.credential.keys.contains(key) }
        guard owners.count == 1, let (name, principal) = owners.first else { return nil }
        return principal.identity(name)
    }

    private static func refusal(_ refusal: CryptosignRequest.Refusal) -> AuthenticationStep {
        switch refusal {
        case .publicKey:
            .deny(
                .invalidArgument,
                message: "HELLO.Details.authextra.pubkey: expected 32 bytes as 64 hexadecimal digits")
        case .challenge:
            .deny(
                .invalidArgument,
                message: "HELLO.Details.authextra.challenge: expected 32 bytes as 64 hexadecimal digits")
        case .channelBinding(let name): channelBinding(name)
        }
    }
}
