import Authentication
import Synchronization

/// What dynamic authenticators said of the last principal that they knew: what a challenge for one whom they do not know
/// is made to look like.
final class DynamicExamples: Sendable {
    private struct State {
        var challenges: [AuthenticatorProcedure: (role: String, salting: ChallengeResponse.Salting?)] = [:]
        var credentials: [AuthenticatorProcedure: SCRAMCredential] = [:]
    }

    private let state = Mutex(State())

    func note(_ authenticator: AuthenticatorProcedure, role: String, salting: ChallengeResponse.Salting?) {
        state.withLock { $0.challenges[authenticator] = (role, salting) }
    }

    func note(_ authenticator: AuthenticatorProcedure, credential: SCRAMCredential) {
        state.withLock { $0.credentials[authenticator] = credential }
    }

    func challenge(_ authenticator: AuthenticatorProcedure) -> (role: String, salting: ChallengeResponse.Salting?)? {
        state.withLock { $0.challenges[authenticator] }
    }

    func credential(_ authenticator: AuthenticatorProcedure) -> SCRAMCredential? {
        state.withLock { $0.credentials[authenticator] }
    }
}
