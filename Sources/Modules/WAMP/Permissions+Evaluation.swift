// The decision: the most specific rule that covers the whole request, and no more specific rule against any part of it.
//
// A pattern asks for all URIs that it could match. Whoever may subscribe to `com.` but not to `com.secret` may not
// subscribe to the prefix `com.` either, or the prefix would be a way around the rule.

extension Permissions {
    /// Whether an action on a URI (or on all URIs that a pattern matches) is allowed.
    ///
    /// - Parameters:
    ///   - uri: a full URI with `.exact`, otherwise the pattern of a SUBSCRIBE or REGISTER.
    package func allows(_ action: Action, _ uri: String, _ match: MatchPolicy = .exact) -> Bool {
        let request = Pattern(uri, match)
        let covering = rules.indices.filter { Pattern(rules[$0].uri, rules[$0].match).covers(request) }
        // Of equally specific ones it is the first.
        guard let decisive = covering.max(by: { Self.isLessSpecific(rules[$0], rules[$1]) }),
            rules[decisive].allowed.contains(action)
        else { return false }
        guard match != .exact else { return true }
        return !rules.indices.contains { index in
            let rule = rules[index]
            guard !rule.allowed.contains(action), Pattern(rule.uri, rule.match).overlaps(request) else { return false }
            return index < decisive
                ? !Self.isLessSpecific(rule, rules[decisive]) : Self.isLessSpecific(rules[decisive], rule)
        }
    }

    /// Whether a call of a URI or a publication to it discloses who makes it, asked for or not.
    package func discloses(_ role: PermissionRule.Disclosure, _ uri: String) -> Bool {
        let request = Pattern(uri, .exact)
        let covering = rules.filter { Pattern($0.uri, $0.match).covers(request) }
        return covering.max(by: { Self.isLessSpecific($0, $1) })?.disclosure.contains(role) ?? false
    }

    /// Whether some rule discloses somebody, so that it is worth asking.
    package var hasDisclosure: Bool { rules.contains { !$0.disclosure.isEmpty } }

    /// Whether nothing that a client may ask for is ever refused, so that nobody has to ask.
    package var isUnrestricted: Bool { self == .unrestricted }

    /// Exact before the longest prefix before wildcards, among which the one with more literal components wins.
    private static func isLessSpecific(_ one: PermissionRule, _ other: PermissionRule) -> Bool {
        specificity(of: one) < specificity(of: other)
    }

    private static func specificity(of rule: PermissionRule) -> (Int, Int) {
        switch rule.match {
        case .exact: (2, rule.uri.utf8.count)
        // The prefix of length 0 says what holds where nothing else is said, wildcards included.
        case .prefix: rule.uri.isEmpty ? (-1, 0) : (1, rule.uri.utf8.count)
        case .wildcard: (0, rule.uri.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: true).count)
        }
    }
}

/// A set of URIs, as a URI, a prefix or a wildcard describes it. Compared byte by byte, as everywhere in the router: to
/// `String` a dot with an accent behind it is no dot, and two ways to write an é are one.
private struct Pattern {
    let uri: [UInt8]
    let match: MatchPolicy
    let components: [ArraySlice<UInt8>]

    private static let dot = UInt8(ascii: ".")

    init(_ uri: String, _ match: MatchPolicy) {
        self.uri = Array(uri.utf8)
        self.match = match
        components = match == .prefix ? [] : Self.components(self.uri)
    }

    private static func components(_ uri: [UInt8]) -> [ArraySlice<UInt8>] {
        uri.split(separator: dot, omittingEmptySubsequences: false)
    }

    /// Whether every URI of the other set is in this one.
    func covers(_ other: Pattern) -> Bool {
        switch (match, other.match) {
        case (.exact, .exact): uri == other.uri
        case (.exact, _), (.wildcard, .prefix): false
        case (.prefix, .exact), (.prefix, .prefix): other.uri.starts(with: uri)
        case (.prefix, .wildcard): other.literalHead.starts(with: uri)
        case (.wildcard, .exact), (.wildcard, .wildcard):
            components.count == other.components.count
                && zip(components, other.components).allSatisfy { $0.isEmpty || $0 == $1 }
        }
    }

    /// Whether some URI could be in both sets. Says yes where it cannot be sure.
    func overlaps(_ other: Pattern) -> Bool {
        switch (match, other.match) {
        case (.exact, _): other.covers(self)
        case (_, .exact): covers(other)
        case (.prefix, .prefix): uri.starts(with: other.uri) || other.uri.starts(with: uri)
        case (.prefix, .wildcard): other.couldBegin(with: uri)
        case (.wildcard, .prefix): couldBegin(with: other.uri)
        case (.wildcard, .wildcard):
            components.count == other.components.count
                && zip(components, other.components).allSatisfy { $0.isEmpty || $1.isEmpty || $0 == $1 }
        }
    }

    /// What stands before a wildcard's first empty component.
    private var literalHead: ArraySlice<UInt8> {
        guard let empty = components.first(where: \.isEmpty) else { return uri[...] }
        return uri[..<empty.startIndex]
    }

    /// Whether a wildcard could match a URI that begins like this.
    private func couldBegin(with prefix: [UInt8]) -> Bool {
        let head = Self.components(prefix)
        guard head.count <= components.count else { return false }
        for (index, (mine, wanted)) in zip(components, head).enumerated() where !mine.isEmpty {
            let isLast = index == head.count - 1
            guard isLast ? mine.starts(with: wanted) : mine == wanted else { return false }
        }
        return true
    }
}
