/// What a URI may look like. Spec: WAMP-04 "URIs".
///
/// The loose rule is the specification's `^([^\s\.#]+\.)*([^\s\.#]+)$`; patterns may leave components empty.
package enum URIRules {
    /// Whether the bytes (valid UTF-8) are a URI by the loose rule.
    package static func isValid(_ bytes: Span<UInt8>, allowsEmptyComponents: Bool = false, countMax: Int = 255) -> Bool
    {
        guard bytes.count <= countMax else { return false }
        guard !bytes.isEmpty else { return allowsEmptyComponents }
        var componentIsEmpty = true
        for index in bytes.indices {
            switch bytes[index] {
            case UInt8(ascii: "."):
                if componentIsEmpty && !allowsEmptyComponents { return false }
                componentIsEmpty = true
            case UInt8(ascii: "#"), UInt8(ascii: " "), 0x09...0x0D, 0x00:
                return false
            default:
                componentIsEmpty = false
            }
        }
        return allowsEmptyComponents || !componentIsEmpty
    }

    /// Whether a pattern fits the policy: prefixes and exact URIs by the loose rule (a prefix may end in a dot),
    /// wildcards with empty components.
    package static func isValidPattern(_ bytes: Span<UInt8>, _ match: MatchPolicy, countMax: Int = 255) -> Bool {
        switch match {
        case .exact: isValid(bytes, countMax: countMax)
        case .prefix, .wildcard: isValid(bytes, allowsEmptyComponents: true, countMax: countMax)
        }
    }

    /// Whether the first component is `wamp`, which no client may publish to or register.
    package static func isReserved(_ bytes: Span<UInt8>) -> Bool {
        guard bytes.count >= 4 else { return false }
        guard bytes[0] == 0x77, bytes[1] == 0x61, bytes[2] == 0x6D, bytes[3] == 0x70 else { return false }
        return bytes.count == 4 || bytes[4] == UInt8(ascii: ".")
    }
}
