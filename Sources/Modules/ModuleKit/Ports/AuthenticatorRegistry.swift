import Synchronization

/// Which authenticator answers for a realm: asked in the order they were added, the first that knows the realm answers.
package final class AuthenticatorRegistry: Sendable {
    private let authenticators = Mutex<[any RealmAuthenticator]>([])

    package init() {}

    package func add(_ authenticator: any RealmAuthenticator) {
        authenticators.withLock { $0.append(authenticator) }
    }

    /// The authenticator that answers for a realm; nil is a refusal, never an admission.
    package func authenticator(for realm: String) -> (any Authenticator)? {
        authenticators.withLock { $0.first { $0.answers(for: realm) } }
    }
}

/// An authenticator that says for which realms it answers.
package protocol RealmAuthenticator: Authenticator {
    func answers(for realm: String) -> Bool
}
