/// How a URI pattern is compared, `SUBSCRIBE.Options.match` and `REGISTER.Options.match`.
///
/// Spec: WAMP-04 "Pattern-based Subscriptions", "Pattern-based Registrations".
package enum MatchPolicy: UInt8, Sendable, Hashable, CaseIterable {
    /// The URI is the same, byte for byte.
    case exact
    /// The URI begins with the pattern, as plain strings.
    case prefix
    /// The URI has the pattern's number of components and equals it in each one that the pattern does not leave empty.
    case wildcard

    /// The word on the wire.
    package var name: String {
        switch self {
        case .exact: "exact"
        case .prefix: "prefix"
        case .wildcard: "wildcard"
        }
    }
}
