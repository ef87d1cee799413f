import WAMP

/// What a dynamic authenticator wants answered beside what the method has proved: with a code that was sent to somebody,
/// say. The router passes it on and back, and knows nothing of it.
///
/// Spec: WAMP-04 "Session Establishment", CHALLENGE and AUTHENTICATE, which may follow each other more than once.
struct FurtherChallenge: Sendable, Hashable {
    /// For `CHALLENGE.AuthMethod` and `CHALLENGE.Extra`.
    var method: String
    var extra: [String: Value]
    /// Who judges the answer, and of whom.
    var authenticator: AuthenticatorProcedure
    var authid: String

    /// Reads `{"method": …, "extra": {…}}`; nil when it is none.
    init?(_ value: Value, by authenticator: AuthenticatorProcedure, of authid: String) {
        guard let method = value["method"]?.string, !method.isEmpty else { return nil }
        let extra = value["extra"] ?? .null
        guard extra == .null || extra.dictionary != nil else { return nil }
        self.method = method
        self.extra = extra.dictionary ?? [:]
        self.authenticator = authenticator
        self.authid = authid
    }

    /// What the authenticator is told of the client's AUTHENTICATE.
    func response(_ signature: String, _ extra: [String: Value]) -> Value {
        ["method": .string(method), "signature": .string(signature), "extra": .dictionary(extra)]
    }
}
