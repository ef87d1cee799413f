import WAMP

// Which registration a procedure belongs to. Spec: WAMP-04 "Pattern-based Registrations".

extension RealmEngine {
    /// Exact before the longest prefix before the most literal wildcard. Spec: "Pattern-based Registrations".
    ///
    /// The specification defines prefixes as plain strings, and in its examples lets a wildcard win over a prefix
    /// that ends inside of a component (`a1.b2.c3` for `a1.b2.c33.d4.e5`). Both hold when such a prefix comes last.
    func bestRegistration(for procedure: Span<UInt8>) -> Int32? {
        if let exact = registrations.find(procedure, .exact) { return exact }
        guard registrations.hasPatterns else { return nil }
        var prefix: Int32?
        var splittingPrefix: Int32?
        var wildcard: Int32?
        registrations.forEachPattern(matching: procedure) { candidate in
            let uri = registrations[candidate].uri
            if registrations[candidate].match == .prefix {
                if uri.endsComponent(of: procedure) {
                    prefix = candidate
                    return false
                }
                splittingPrefix = splittingPrefix ?? candidate
            } else if wildcard.map({ uri.isMoreLiteralWildcard(than: registrations[$0].uri) }) ?? true {
                wildcard = candidate
            }
            return true
        }
        return prefix ?? wildcard ?? splittingPrefix
    }
}

extension URIBytes {
    /// Whether this prefix of a URI ends where a component does.
    func endsComponent(of uri: Span<UInt8>) -> Bool {
        count == 0 || count == uri.count || bytes[count - 1] == UInt8(ascii: ".") || uri[count] == UInt8(ascii: ".")
    }

    /// Whether this wildcard wins over another that matched the same URI: at the first run in which they differ,
    /// the one whose run of literal components is longer.
    func isMoreLiteralWildcard(than other: URIBytes) -> Bool {
        for (mine, theirs) in zip(components, other.components) where mine.isEmpty != theirs.isEmpty {
            return theirs.isEmpty
        }
        return false
    }
}
