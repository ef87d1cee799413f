// WAMP-SCRAM: a password of which the router has only what a proof can be checked with.
//
// Spec: WAMP-04 "Salted Challenge Response Authentication".

import Authentication
import ModuleKit
import WAMP

extension PlainRealms {
    func scram(
        _ request: AuthenticationRequest, _ realm: PlainRealm, _ dialect: SCRAMExchange.Dialect
    ) -> Plan? {
        guard let source = realm.access.scram else { return nil }
        let hello: SCRAMRequest
        do throws(SCRAMRequest.Refusal) {
            hello = try SCRAMRequest(authid: request.authid ?? "", authextra: request.authextra)
        } catch {
            return .step(Self.refusal(error))
        }
        let name = SASLprep.prepare(hello.authid, as: .query) ?? ""
        switch source {
        case .principals(let principals):
            let principal = principals[name]
            let noise = noise(request, .wampScram, of: name)
            let credential = principal?.credential ?? .imitated(principals.example(noise)?.credential, noise)
            return .step(scram(request, hello, name, dialect, credential, principal?.identity(name)))
        case .procedure(let authenticator):
            return .later {
                if let (answer, identity) = await self.ask(authenticator, request, dialect.method, authid: name),
                    let credential = answer.scramCredential
                {
                    self.examples.note(authenticator, credential: credential)
                    return self.scram(request, hello, name, dialect, credential, identity)
                }
                let noise = self.noise(request, .wampScram, of: name)
                let imitated = SCRAMCredential.imitated(self.examples.credential(authenticator), noise)
                return self.scram(request, hello, name, dialect, imitated, nil)
            }
        }
    }

    /// - Parameter name: the prepared authid: attempts count on it, however it was spelled.
    private func scram(
        _ request: AuthenticationRequest, _ hello: SCRAMRequest, _ name: String, _ dialect: SCRAMExchange.Dialect,
        _ credential: SCRAMCredential, _ identity: GrantedIdentity?
    ) -> AuthenticationStep {
        let exchange = SCRAMExchange(hello, credential, dialect, nonce: time.randomBytes(16))
        return .challenge(method: dialect.rawValue, extra: exchange.challenge) { signature, extra in
            let start = self.attempts.begin()
            let verifier = exchange.verifier(signature: signature, extra: extra)
            return await self.conclude(
                request, dialect.method, verifier == nil ? nil : identity, since: start, of: name,
                proof: verifier ?? [:])
        }
    }

    private static func refusal(_ refusal: SCRAMRequest.Refusal) -> AuthenticationStep {
        switch refusal {
        case .nonce:
            .deny(
                .invalidArgument,
                message: "HELLO.Details.authextra.nonce: expected base64 of random bytes, 16 for instance")
        case .channelBinding(let name): channelBinding(name)
        }
    }
}

extension SCRAMExchange.Dialect {
    fileprivate var method: AuthenticationMethod {
        switch self {
        case .specification: .wampScram
        case .autobahn: .scram
        }
    }
}
