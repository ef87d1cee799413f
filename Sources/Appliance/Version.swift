/// What this executable is.
struct Version: Sendable {
    /// Semantic version; CHANGELOG.md tells what it has.
    var text: String
    /// The compiler's language version, for support.
    var compiler: String

    static let current = Version(text: "0.1.0", compiler: compilerVersion)

    private static var compilerVersion: String {
        #if compiler(>=6.4)
        "Swift 6.4 or later"
        #elseif compiler(>=6.3)
        "Swift 6.3"
        #else
        "Swift 6.2"
        #endif
    }
}
