/// What a session may do with a URI.
package enum Action: UInt8, Sendable, Hashable, CaseIterable {
    case call, register, publish, subscribe
}

/// One rule of a role: a URI pattern and the actions that it allows, as Crossbar's users write them.
package struct PermissionRule: Sendable, Hashable {
    package var uri: String
    package var match: MatchPolicy
    package var allowed: Set<Action>
    /// Whose identity is disclosed, whether or not it asks for that.
    package var disclosure: Disclosure

    /// Spec: "Caller Identification", "Publisher Identification".
    package struct Disclosure: OptionSet, Sendable, Hashable {
        package var rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }
        package static let caller = Disclosure(rawValue: 1)
        package static let publisher = Disclosure(rawValue: 2)
    }

    package init(
        _ uri: String, _ match: MatchPolicy = .exact, allow allowed: Set<Action>, disclose disclosure: Disclosure = []
    ) {
        self.uri = uri
        self.match = match
        self.allowed = allowed
        self.disclosure = disclosure
    }
}

/// The rules of one principal, concrete: whatever depended on the principal (its device, its stage) is filled in.
///
/// The most specific rule decides: exact before the longest prefix before a wildcard; no rule at all is a refusal.
package struct Permissions: Sendable, Hashable {
    package var rules: [PermissionRule]

    package init(_ rules: [PermissionRule]) { self.rules = rules }

    /// Everything, the reserved `wamp.` URIs excepted as ever.
    package static let unrestricted = Permissions([PermissionRule("", .prefix, allow: Set(Action.allCases))])
}
