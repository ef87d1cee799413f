// One entry of `realms` in gantry.yml: disclosure, roles, and who gets which role.

import ModuleKit
import WAMP

extension PlainRealm {
    /// - Parameter settings: one entry of `realms`.
    init(from settings: Settings) {
        let disclosures: [(String, RealmDefinition.Disclosure)] = [
            ("on_request", .onRequest), ("forced", .forced), ("never", .never),
        ]
        let definition = RealmDefinition(
            uri: settings.name, disclosure: settings.choice("disclosure", among: disclosures) ?? .onRequest,
            isStrict: settings.bool("strict", default: false),
            eventHistory: settings.list("event_history").compactMap(EventHistoryRule.init(from:)))
        let entries = settings.map("roles")
        let roles = entries.map { PlainRole(from: $0, definition.disclosure) }
        self.init(
            definition: definition,
            roles: Dictionary(roles.map { ($0.name, $0.permissions) }, uniquingKeysWith: { $1 }), anonymousRole: nil)
        for (entry, role) in zip(entries, roles) {
            trustlevels[role.name] = role.trustlevel
            authorizers[role.name] = role.authorizer
            role.refuseUnanswerable(entry, among: roles)
        }
        let reader = RealmAccessReader(realm: settings.name, roles: Set(self.roles.keys))
        access = reader.access(from: settings.scope("auth"))
        let anonymous = reader.anonymous(from: settings, isDynamic: access.anonymous != nil)
        anonymousRole = anonymous.role
        admitsAnonymousFromNetwork = anonymous.isFromNetwork
    }
}

/// One entry of a realm's `roles`.
struct PlainRole: Sendable {
    var name: String
    var permissions: Permissions
    var authorizer: AuthorizerProcedure?
    var trustlevel: Int64?

    init(from settings: Settings, _ realmDisclosure: RealmDefinition.Disclosure) {
        name = settings.name
        trustlevel = settings.trustlevel()
        let disclosure = PermissionRule.Disclosure(from: settings, default: PermissionRule.Disclosure())
        if realmDisclosure == .never, !disclosure.isEmpty {
            settings.refuse("disclose", "the realm's disclosure is never", suggestion: "make it on_request")
        }
        let rules = settings.list("permissions").compactMap { settings in
            PermissionRule(from: settings, disclosure, realmDisclosure)
        }
        permissions = Permissions(rules).withManagementReserved
        authorizer = AuthorizerProcedure(from: settings)
        for key in ["permissions", "disclose"] where settings.isSet("authorizer") && settings.isSet(key) {
            settings.refuse(key, "the role has an authorizer, which decides instead", suggestion: "say one of them")
        }
    }

    /// Whoever answers for an authorizer must have been let register it by somebody else.
    func refuseUnanswerable(_ settings: Settings, among roles: [PlainRole]) {
        guard let authorizer, !roles.contains(where: { $0.mayAnswer(for: authorizer) }) else { return }
        settings.refuse(
            "authorizer", "no role of the realm that has permissions may register \(authorizer.procedure)",
            suggestion: "give one of them {uri: \(authorizer.procedure), allow: [register]}")
    }

    private func mayAnswer(for other: AuthorizerProcedure) -> Bool {
        authorizer == nil && permissions.allows(.register, other.procedure)
    }
}

extension AuthorizerProcedure {
    /// `authorizer` of a role, and `authorizer_timeout`; nil when it has none that can be called.
    init?(from settings: Settings) {
        let timeout = settings.duration(
            "authorizer_timeout", default: .seconds(5), in: .milliseconds(100)...(.seconds(60)))
        guard let procedure = settings.string("authorizer") else {
            if settings.isSet("authorizer_timeout") {
                settings.refuse("authorizer_timeout", "of no use without authorizer")
            }
            return nil
        }
        guard URIRules.isValid(Array(procedure.utf8).span), !URIRules.isReserved(Array(procedure.utf8).span) else {
            settings.refuse("authorizer", "not a procedure's URI")
            return nil
        }
        self.init(procedure, timeoutMilliseconds: UInt64(timeout / .milliseconds(1)))
    }
}

extension Settings {
    /// `trustlevel` of a role or a principal.
    func trustlevel() -> Int64? { integer("trustlevel", in: 0...1_000_000).map(Int64.init) }
}

extension Permissions {
    /// The procedures of the meta API that end other peers' sessions, registrations and subscriptions. A role that may call
    /// "anything" may call them only if that is all it can be told to do: every action on every URI. Any other role needs
    /// a rule that begins with `wamp.` and allows it.
    private static let management = [
        "wamp.session.kill", "wamp.session.kill_by_authid", "wamp.session.kill_by_authrole", "wamp.session.kill_all",
        "wamp.registration.remove_callee", "wamp.subscription.remove_subscriber",
    ]

    /// These permissions, without the management of a realm where no rule that names it allows it.
    var withManagementReserved: Permissions {
        guard !isUnrestricted else { return self }
        let naming = Permissions(rules.filter { $0.uri == "wamp" || $0.uri.utf8.starts(with: "wamp.".utf8) })
        let reserved = Self.management.filter { allows(.call, $0) && !naming.allows(.call, $0) }
        // What is left out of `allow` would also stand in the way of patterns that reach this far; only CALL is meant.
        let others = Set(Action.allCases).subtracting([.call])
        return Permissions(rules + reserved.map { PermissionRule($0, .exact, allow: others) })
    }
}

extension PermissionRule {
    /// One entry of a role's `permissions`; nil when it has no usable `uri`.
    ///
    /// - Parameter roleDisclosure: for a rule that says nothing of its own.
    init?(from settings: Settings, _ roleDisclosure: Disclosure, _ realmDisclosure: RealmDefinition.Disclosure) {
        let chosen = settings.choice("match", among: MatchPolicy.allCases.map { ($0.name, $0) })
        let allowed = Self.actions(from: settings)
        let disclosure = Disclosure(from: settings, default: roleDisclosure)
        if realmDisclosure == .never, settings.isSet("disclose"), !disclosure.isEmpty {
            settings.refuse("disclose", "the realm's disclosure is never", suggestion: "make it on_request")
        }
        guard let text = try? settings.string(required: "uri") else { return nil }
        let (uri, match) = settings.isSet("match") ? (text, chosen ?? .exact) : Self.starred(text)
        guard URIRules.isValidPattern(Array(uri.utf8).span, match), settings.isSet("match") || !uri.contains("*") else {
            settings.refuse("uri", "not a URI that \(match.name) can match")
            return nil
        }
        self.init(uri, match, allow: allowed, disclose: disclosure)
    }

    /// Crossbar's shorthand, for a rule without `match`: a star at the end is a prefix, one in place of a component a
    /// wildcard.
    private static func starred(_ text: String) -> (uri: String, match: MatchPolicy) {
        if text.hasSuffix("*"), !text.dropLast().contains("*") { return (String(text.dropLast()), .prefix) }
        let components = text.split(separator: ".", omittingEmptySubsequences: false)
        guard components.contains("*") else { return (text, .exact) }
        return (components.map { $0 == "*" ? "" : $0 }.joined(separator: "."), .wildcard)
    }

    /// `allow: [call, publish]`, or, as Crossbar has it, `allow: {call: true, publish: true}`.
    private static func actions(from settings: Settings) -> Set<Action> {
        let words: [(String, Action)] = [
            ("call", .call), ("register", .register), ("publish", .publish), ("subscribe", .subscribe),
        ]
        guard settings.isMapping("allow") else { return Set(settings.choices("allow", among: words) ?? []) }
        let scope = settings.scope("allow")
        return Set(words.filter { scope.bool($0.0, default: false) }.map(\.1))
    }
}

extension PermissionRule.Disclosure {
    /// `disclose: {caller: true, publisher: true}` of a role or a rule.
    init(from settings: Settings, default value: Self) {
        let scope = settings.scope("disclose")
        self.init()
        if scope.bool("caller") ?? value.contains(.caller) { insert(.caller) }
        if scope.bool("publisher") ?? value.contains(.publisher) { insert(.publisher) }
    }
}
