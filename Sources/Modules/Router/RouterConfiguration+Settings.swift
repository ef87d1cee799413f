// What gantry.yml says to the router: `limits` and `realms`.

package import ModuleKit
import NIOCore
import WAMP

extension RouterConfiguration {
    /// - Parameter settings: the outermost scope. What is wrong in it is noted in its document.
    package init(from settings: Settings) {
        self.init()
        let scope = settings.scope("limits")
        limits = RouterLimits(from: scope)
        deadlines = ConnectionDeadlines(from: scope)
        for realm in settings.map("realms") {
            guard URIRules.isValid(Array(realm.name.utf8).span, countMax: limits.uriBytesMax) else {
                realm.refuse(
                    nil, "not a URI that a realm can have", suggestion: "letters, digits, dots: com.example.plant")
                continue
            }
            // Who may join these, other modules decide; a realm of this file would let its anonymous sessions in.
            guard realm.name != adminRealm, AppRealm(uri: realm.name) == nil else {
                realm.refuse(nil, "a realm that Gantry makes itself", suggestion: "choose another name")
                continue
            }
            realms[realm.name] = PlainRealm(from: realm)
        }
    }
}

extension RouterLimits {
    /// - Parameter limits: the scope `limits`.
    init(from limits: Settings) {
        self.init()
        uriBytesMax = limits.byteSize("uri", default: uriBytesMax, in: 16...4096)
        subscriptionsAndRegistrationsMax = limits.integer(
            "subscriptions_and_registrations", default: subscriptionsAndRegistrationsMax, in: 1...1_000_000)
        pendingCallsMax = limits.integer("pending_calls", default: pendingCallsMax, in: 1...1_000_000)
        outboxBytesMax = limits.byteSize("outbox", default: outboxBytesMax, in: (64 << 10)...(1 << 30))
        retainedTopicsMax = limits.integer("retained_topics", default: retainedTopicsMax, in: 0...1_000_000)
        retainedBytesMax = limits.byteSize("retained", default: retainedBytesMax, in: (64 << 10)...(1 << 30))
        historyBytesMax = limits.byteSize("event_history", default: historyBytesMax, in: (64 << 10)...(4 << 30))
        let within = limits.duration("resume_within", default: .zero, in: .zero ... .seconds(86_400))
        resumeWithinMilliseconds = UInt64(within / .milliseconds(1))
        resumeBufferBytesMax = limits.byteSize(
            "resume_buffer", default: resumeBufferBytesMax, in: (16 << 10)...(1 << 30))
    }
}

extension ConnectionDeadlines {
    /// - Parameter limits: the scope `limits`.
    init(from limits: Settings) {
        self.init()
        let range = Duration.seconds(1)...(.seconds(3600))
        func amount(_ key: String, _ value: TimeAmount) -> TimeAmount {
            TimeAmount(limits.duration(key, default: .nanoseconds(value.nanoseconds), in: range))
        }
        welcome = amount("welcome_timeout", welcome)
        stall = amount("outbox_stall", stall)
        ping = amount("ping_interval", ping)
        unansweredPingsMax = limits.integer("pings_missed", default: unansweredPingsMax, in: 1...100)
    }
}

extension PlainRealm {
    private enum Admitted: String, CaseIterable { case loopback, lan }

    /// - Parameter settings: one entry of `realms`.
    init(from settings: Settings) {
        let disclosures: [(String, RealmDefinition.Disclosure)] = [
            ("on_request", .onRequest), ("forced", .forced), ("never", .never),
        ]
        let definition = RealmDefinition(
            uri: settings.name, disclosure: settings.choice("disclosure", among: disclosures) ?? .onRequest,
            isStrict: settings.bool("strict", default: false),
            eventHistory: settings.list("event_history").compactMap(EventHistoryRule.init(from:)))
        var roles: [String: Permissions] = [:]
        for role in settings.map("roles") {
            roles[role.name] = Permissions(role.list("permissions").compactMap(PermissionRule.init(from:)))
        }
        let anonymous = settings.scope("anonymous")
        let from = anonymous.enumeration("from", default: Admitted.loopback)
        var role = anonymous.string("role")
        if let name = role, roles[name] == nil {
            let names = roles.keys.sorted().joined(separator: ", ")
            anonymous.refuse("role", "the realm has no role \"\(name)\"", suggestion: "its roles: \(names)")
            role = nil
        }
        self.init(
            definition: definition, roles: roles, anonymousRole: role, admitsAnonymousFromNetwork: from == .lan)
    }
}

extension PermissionRule {
    /// One entry of a role's `permissions`; nil when it has no usable `uri`.
    init?(from settings: Settings) {
        let match = settings.choice("match", among: MatchPolicy.allCases.map { ($0.name, $0) }) ?? .exact
        let actions: [(String, Action)] = [
            ("call", .call), ("register", .register), ("publish", .publish), ("subscribe", .subscribe),
        ]
        let allowed = settings.choices("allow", among: actions) ?? []
        guard let uri = try? settings.string(required: "uri") else { return nil }
        guard URIRules.isValidPattern(Array(uri.utf8).span, match) else {
            settings.refuse("uri", "not a URI that \(match.name) can match")
            return nil
        }
        self.init(uri, match, allow: Set(allowed))
    }
}

extension EventHistoryRule {
    /// One entry of a realm's `event_history`; nil when it has no usable `uri` or `limit`.
    init?(from settings: Settings) {
        let match = settings.choice("match", among: MatchPolicy.allCases.map { ($0.name, $0) }) ?? .exact
        let limit = try? settings.integer(required: "limit", in: 1...100_000)
        guard let uri = try? settings.string(required: "uri"), let limit else { return nil }
        let bytes = Array(uri.utf8)
        guard URIRules.isValidPattern(bytes.span, match) else {
            settings.refuse("uri", "not a URI that \(match.name) can match")
            return nil
        }
        guard !URIRules.isReserved(bytes.span) else {
            settings.refuse("uri", "what the router publishes itself is not kept")
            return nil
        }
        self.init(uri, match, limit: limit)
    }
}
