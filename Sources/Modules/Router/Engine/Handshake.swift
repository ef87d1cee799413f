import ModuleKit
import WAMP

/// A HELLO, as the router reads it. Spec: WAMP-04 "Session Establishment".
struct Hello: Sendable {
    var realm: String
    var authmethods: [String]
    var authid: String?
    var authrole: String?
    var authextra: [String: Value]
    var features: ClientFeatures
    /// The client wants a ticket to resume the session with.
    var isResumable: Bool
    /// The session to resume, and what it says for it: then nothing else counts.
    var resumed: (session: SessionID, token: String)?

    /// Reads `[HELLO, Realm|uri, Details|dict]`.
    init(_ head: MessageHead, _ bytes: Span<UInt8>, _ serializer: Serializer) throws(HandshakeError) {
        realm = String(bytes.extracting(head.uri.range))
        let details: [String: Value]
        do throws(WireError) {
            details = try Value.decode(bytes, head.dictionary, serializer).dictionary ?? [:]
        } catch {
            throw HandshakeError(.protocolViolation, "HELLO: the details cannot be read")
        }
        isResumable = details["resumable"]?.bool == true
        if let id = details["resume-session"]?.integer.flatMap(UInt64.init(exactly:)),
            let token = details["resume-token"]?.string
        {
            resumed = (SessionID(id), token)
        }
        let roles = details["roles"]?.dictionary ?? [:]
        guard !roles.isEmpty || resumed != nil else {
            throw HandshakeError(
                .protocolViolation,
                "HELLO.Details.roles: expected at least one of publisher, subscriber, caller, callee")
        }
        authmethods = details["authmethods"]?.list?.compactMap(\.string) ?? ["anonymous"]
        authid = details["authid"]?.string
        authrole = details["authrole"]?.string
        authextra = details["authextra"]?.dictionary ?? [:]
        features = ClientFeatures(roles: .dictionary(roles))
    }
}

/// What ends a handshake: the reason and sentence of an ABORT.
struct HandshakeError: Error, Sendable, Hashable {
    var reason: ErrorURI
    var message: String

    init(_ reason: ErrorURI, _ message: String) {
        self.reason = reason
        self.message = message
    }
}

/// `WELCOME.Details`: who the session is, and what this router can do.
enum Welcome {
    /// - Parameter keepsHistory: whether the realm has event histories. The specification announces by router; but here
    ///   a session is told what it can do, and the procedure is not there in a realm without.
    static func details(
        realm: String, _ principal: Principal, agent: String, keepsHistory: Bool = false
    ) -> [String: Value] {
        [
            "realm": .string(realm),
            "agent": .string(agent),
            "authid": .string(principal.authid),
            "authrole": .string(principal.authrole),
            "authmethod": .string(principal.authmethod),
            "authprovider": .string(principal.authprovider),
            "authextra": .dictionary(principal.authextra),
            "roles": [
                "broker": ["features": keepsHistory ? brokerWithHistory : broker, "reflection": true],
                "dealer": ["features": dealer, "reflection": true],
            ],
        ]
    }

    /// The details of a session that was resumed: whatever else it was told, it knows.
    static func resumed(_ next: ResumeTicket) -> [String: Value] {
        ["resumed": true, "resumable": true, "resume-ticket": .string(next.text)]
    }

    private static let brokerFeatures = [
        "publisher_identification", "publisher_exclusion", "subscriber_blackwhite_listing",
        "pattern_based_subscription", "subscription_meta_api", "session_meta_api", "event_retention",
        "subscription_revocation", "publication_trustlevels", "payload_passthru_mode",
        // The right spelling, and the specification's.
        "sharded_subscription", "shareded_subscriptions",
    ]
    private static let broker = announced(brokerFeatures)
    private static let brokerWithHistory = announced(brokerFeatures + ["event_history"])

    private static let dealer = announced([
        "caller_identification", "call_trustlevels", "call_timeout", "call_reroute", "progressive_call_results",
        // The specification spells it with one l, and with two where it speaks of progressive call invocations.
        "call_canceling", "call_cancelling", "progressive_call_invocations", "payload_passthru_mode",
        "pattern_based_registration", "shared_registration", "sharded_registration", "registration_revocation",
        "registration_meta_api", "session_meta_api", "testament_meta_api",
    ])

    private static func announced(_ features: [String]) -> Value {
        .dictionary(Dictionary(uniqueKeysWithValues: features.map { ($0, .bool(true)) }))
    }
}
