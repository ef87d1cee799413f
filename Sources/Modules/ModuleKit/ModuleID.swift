/// A module's name: its feature flag's key, its log label, its scope in gantry.yml and its folder in the data directory.
package struct ModuleID: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
    package let rawValue: String
    package init(stringLiteral value: String) { self.rawValue = value }
    package var description: String { rawValue }
}
