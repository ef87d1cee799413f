import ModuleKit
import WAMP

/// `WELCOME.Details`: who the session is, and what this router can do. Spec: WAMP-04 "Session Establishment".
struct Welcome: Sendable {
    private var entries: [(key: String, value: Value)]
    private var announcesRoles = true
    private var kept: KeptEventFeatures = []

    /// - Parameters:
    ///   - kept: the specification announces by router; but here a session is told what it can do in its realm.
    ///   - ticket: what the session may be resumed with, when its connection is lost.
    init(
        realm: String, _ principal: Principal, agent: String, kept: KeptEventFeatures = [], ticket: ResumeTicket? = nil
    ) {
        self.kept = kept
        entries = [
            ("realm", .string(realm)),
            ("agent", .string(agent)),
            ("authid", .string(principal.authid)),
            ("authrole", .string(principal.authrole)),
            ("authmethod", .string(principal.authmethod)),
            ("authprovider", .string(principal.authprovider)),
            ("authextra", .dictionary(principal.authextra)),
        ]
        if let ticket {
            entries += [("resumed", false), ("resumable", true), ("resume-ticket", .string(ticket.text))]
        }
    }

    /// The details of a session that was resumed: whatever else it was told, it knows.
    init(resumedWith next: ResumeTicket) {
        entries = [("resumed", true), ("resumable", true), ("resume-ticket", .string(next.text))]
        announcesRoles = false
    }

    func write(_ session: SessionID, to writer: inout ValueWriter) {
        writer.welcome(session, entryCount: entries.count + (announcesRoles ? 1 : 0)) { writer in
            for entry in entries {
                writer.key(entry.key)
                writer.value(entry.value)
            }
            guard announcesRoles else { return }
            writer.key("roles")
            let roles = Self.roles[kept.rawValue][Int(writer.serializer.rawValue) - 1]
            writer.raw(roles.span)
        }
    }

    // MARK: What the router can do

    /// The same for every session of a realm, so encoded once for each serializer, for every combination of features.
    private static let roles: [[[UInt8]]] = (0...KeptEventFeatures.all.rawValue).map { combination in
        let kept = KeptEventFeatures(rawValue: combination)
        return Serializer.allCases.map { serializer in
            Value.dictionary([
                "broker": ["features": announced(broker + kept.names), "reflection": true],
                "dealer": ["features": announced(dealer), "reflection": true],
            ]).encoded(serializer)
        }
    }

    private static let broker = [
        "publisher_identification", "publisher_exclusion", "subscriber_blackwhite_listing",
        "pattern_based_subscription", "subscription_meta_api", "session_meta_api",
        "subscription_revocation", "publication_trustlevels", "payload_passthru_mode",
        // The right spelling, and the specification's.
        "sharded_subscription", "shareded_subscriptions",
    ]

    private static let dealer = [
        "caller_identification", "call_trustlevels", "call_timeout", "call_reroute", "progressive_call_results",
        // The specification spells it with one l, and with two where it speaks of progressive call invocations.
        "call_canceling", "call_cancelling", "progressive_call_invocations", "payload_passthru_mode",
        "pattern_based_registration", "shared_registration", "sharded_registration", "registration_revocation",
        "registration_meta_api", "session_meta_api", "testament_meta_api",
    ]

    private static func announced(_ features: [String]) -> Value {
        .dictionary(Dictionary(uniqueKeysWithValues: features.map { ($0, .bool(true)) }))
    }
}
