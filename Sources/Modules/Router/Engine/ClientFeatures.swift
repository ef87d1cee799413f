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
    fileprivate static let keys: [(feature: ClientFeature, key: StaticString)] = allCases.flatMap { feature in
        feature.keys.map { (feature, $0) }
    }

    private var keys: [StaticString] {
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

    fileprivate var name: StaticString {
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
    init(roles: ByteRange, _ bytes: Span<UInt8>, _ serializer: Serializer) throws(WireError) {
        var announced = ClientFeatures()
        try Cursor.forEachEntry(of: roles, bytes, serializer) { name, details throws(WireError) in
            guard let role = ClientRole.allCases.first(where: { bytes.equals(name, $0.name) }) else { return }
            try Cursor.forEachEntry(of: details, bytes, serializer) { key, features throws(WireError) in
                guard bytes.equals(key, "features") else { return }
                try announced.read(features, of: role, bytes, serializer)
            }
        }
        self = announced
    }

    private mutating func read(
        _ features: ByteRange, of role: ClientRole, _ bytes: Span<UInt8>, _ serializer: Serializer
    ) throws(WireError) {
        try Cursor.forEachEntry(of: features, bytes, serializer) { name, value throws(WireError) in
            guard let known = ClientFeature.keys.first(where: { bytes.equals(name, $0.key) }) else { return }
            if try Value.decode(bytes, value, serializer).bool == true { announce(known.feature, as: role) }
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
