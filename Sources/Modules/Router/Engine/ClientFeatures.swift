import WAMP

/// A feature that a client may announce in `HELLO.Details.roles.<role>.features`, as far as it changes what the
/// router sends. Spec: WAMP-04 "Feature Announcement".
enum ClientFeature: UInt8, Sendable, CaseIterable {
    case callCanceling
    case callTimeout
    case progressiveCallResults
    case progressiveCallInvocations
    case registrationRevocation
    case subscriptionRevocation
    case shardedSubscription
    case shardedRegistration
    case payloadPassthruMode
    case callReroute

    /// Its words on the wire: the specification's own, and where it spells one word in two ways, both.
    fileprivate var keys: [String] {
        switch self {
        case .callCanceling: ["call_canceling", "call_cancelling"]
        case .callTimeout: ["call_timeout"]
        case .progressiveCallResults: ["progressive_call_results"]
        case .progressiveCallInvocations: ["progressive_call_invocations"]
        case .registrationRevocation: ["registration_revocation"]
        case .subscriptionRevocation: ["subscription_revocation"]
        case .shardedSubscription: ["sharded_subscription", "shareded_subscriptions"]
        case .shardedRegistration: ["sharded_registration"]
        case .payloadPassthruMode: ["payload_passthru_mode"]
        case .callReroute: ["call_reroute"]
        }
    }
}

/// A role of a client. Spec: WAMP-04 "Roles".
enum ClientRole: UInt8, Sendable, CaseIterable {
    case publisher, subscriber, caller, callee

    fileprivate var name: String {
        switch self {
        case .publisher: "publisher"
        case .subscriber: "subscriber"
        case .caller: "caller"
        case .callee: "callee"
        }
    }
}

/// What a client has announced, a bit for each feature of each role.
struct ClientFeatures: Sendable, Hashable, BitwiseCopyable {
    private var bits: UInt64 = 0

    init() {}

    /// Reads `HELLO.Details.roles`.
    init(roles: Value?) {
        for role in ClientRole.allCases {
            guard let features = roles?[role.name]?["features"]?.dictionary else { continue }
            for feature in ClientFeature.allCases where feature.keys.contains(where: { features[$0]?.bool == true }) {
                announce(feature, as: role)
            }
        }
    }

    mutating func announce(_ feature: ClientFeature, as role: ClientRole) {
        bits |= Self.bit(feature, role)
    }

    func has(_ feature: ClientFeature, as role: ClientRole) -> Bool { bits & Self.bit(feature, role) != 0 }

    private static func bit(_ feature: ClientFeature, _ role: ClientRole) -> UInt64 {
        1 << (UInt64(feature.rawValue) + UInt64(role.rawValue) * 16)
    }
}
