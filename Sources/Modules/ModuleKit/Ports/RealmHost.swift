package import WAMP

/// Who a session is, once it has been authenticated, and what it may do.
package struct Principal: Sendable, Hashable {
    package var authid: String
    package var authrole: String
    package var authmethod: String
    package var authprovider: String
    /// `WELCOME.Details.authextra`.
    package var authextra: [String: Value]
    package var permissions: Permissions
    /// Who decides instead of the permissions, message by message; nil is nobody.
    package var authorizer: AuthorizerProcedure?
    /// How far what it says is to be trusted, told to the receivers of its calls and publications; nil is not told.
    /// Spec: WAMP-04 "Call Trust Levels", "Publication Trust Levels".
    package var trustlevel: Int64?

    package init(
        authid: String, authrole: String, authmethod: String, authprovider: String,
        authextra: [String: Value] = [:], permissions: Permissions, authorizer: AuthorizerProcedure? = nil,
        trustlevel: Int64? = nil
    ) {
        self.authid = authid
        self.authrole = authrole
        self.authmethod = authmethod
        self.authprovider = authprovider
        self.authextra = authextra
        self.permissions = permissions
        self.authorizer = authorizer
        self.trustlevel = trustlevel
    }
}

/// Whose sessions are meant: a device, a person and a module of this process may have the same name.
package enum SessionOwner: Sendable, Hashable {
    /// By the serial number.
    case device(String)
    case person(String)

    /// Whether a session is theirs, opened with what the appliance itself has given them.
    package func owns(_ principal: Principal) -> Bool {
        guard principal.authprovider == "gantry", principal.authmethod != "internal" else { return false }
        // The vendor's word for an app on a device.
        let isDevice = principal.authrole == "app"
        return switch self {
        case .device(let serial): isDevice && principal.authid == serial
        case .person(let name): !isDevice && principal.authid == name
        }
    }
}

/// A dynamic authorizer. Its contract is Crossbar's: `procedure(session, uri, action, options)` answers with a Bool, or
/// with a dictionary of `allow`, `cache` and `disclose`.
package struct AuthorizerProcedure: Sendable, Hashable {
    package var procedure: String
    /// How long its answer is waited for.
    package var timeoutMilliseconds: UInt64

    package init(_ procedure: String, timeoutMilliseconds: UInt64 = 5000) {
        self.procedure = procedure
        self.timeoutMilliseconds = timeoutMilliseconds
    }
}

/// A realm as the one who opens it describes it.
package struct RealmDefinition: Sendable, Hashable {
    package var uri: String
    /// Disclosure of publishers and callers: forced upon everybody, or left to each message's `disclose_me`.
    package var disclosure: Disclosure
    /// Whose events are kept; what stands here when the realm is opened holds until it is closed.
    package var eventHistory: [EventHistoryRule]
    /// Whether what clients in the field do against the specification (gaps in request ids) is refused.
    package var isStrict: Bool

    package enum Disclosure: String, Sendable, Hashable, CaseIterable {
        case forced
        case onRequest = "on_request"
        case never
    }

    package init(
        uri: String, disclosure: Disclosure = .onRequest, isStrict: Bool = false,
        eventHistory: [EventHistoryRule] = []
    ) {
        self.uri = uri
        self.isStrict = isStrict
        self.disclosure = disclosure
        self.eventHistory = eventHistory
    }
}

/// Topics whose last events the broker keeps. Spec: WAMP-04 "Event History".
package struct EventHistoryRule: Sendable, Hashable {
    /// A topic or a pattern.
    package var uri: String
    package var match: MatchPolicy
    /// The most events that are kept for the rule, whatever their topics.
    package var limit: Int

    package init(_ uri: String, _ match: MatchPolicy = .exact, limit: Int) {
        self.uri = uri
        self.match = match
        self.limit = limit
    }
}

/// Opens and closes realms, and lets modules of this process join them. The router implements it.
package protocol RealmHost: Sendable {
    /// Opens a realm for this process; sessions from the network wait outside (`no_such_realm`) until `admit`.
    /// Opening one that is open replaces its definition.
    func open(_ definition: RealmDefinition) async
    /// Lets sessions from the network join.
    func admit(_ realm: String) async
    /// Says GOODBYE `wamp.close.close_realm` to every session of the realm and forgets it.
    func close(_ realm: String) async
    /// Joins as a peer that lives in this process. Throws `no_such_realm`.
    func join(_ realm: String, as principal: Principal) async throws(WAMPError) -> any ClientSession
    /// Ends somebody's sessions in one realm (or, with nil, in all of them): their right was revoked.
    func disconnect(_ owner: SessionOwner, realm: String?, reason: ErrorURI) async
}
