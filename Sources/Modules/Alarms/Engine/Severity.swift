/// How bad an alarm is: the vendor's three, mildest first so that "worse" is "greater".
package enum Severity: UInt8, Sendable, Hashable, Comparable, CaseIterable {
    case minor = 1
    case major = 2
    case critical = 3

    /// The order in which a rule looks at its conditions: the highest that matches wins.
    package static let worstFirst: [Severity] = [.critical, .major, .minor]

    /// The word in rule files and on the wire.
    package var name: String {
        switch self {
        case .minor: "minor"
        case .major: "major"
        case .critical: "critical"
        }
    }

    package init?(name: String) {
        guard let match = Severity.allCases.first(where: { $0.name == name }) else { return nil }
        self = match
    }

    package static func < (lhs: Severity, rhs: Severity) -> Bool { lhs.rawValue < rhs.rawValue }
}
