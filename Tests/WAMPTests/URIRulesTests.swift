import Testing
import WAMP

/// Spec: WAMP-04 "URIs".
@Suite struct URIRulesTests {
    @Test(arguments: [
        ("com.x", true), ("a", true), ("com.X-1_é", true), ("", false), (".", false), ("com.", false), (".com", false),
        ("a..b", false), ("a b", false), ("a\tb", false), ("a#b", false), ("a\u{0}b", false), ("a\nb", false),
        (String(repeating: "x", count: 255), true), (String(repeating: "x", count: 256), false),
    ])
    func `the loose rule holds`(_ uri: String, _ isValid: Bool) {
        #expect(URIRules.isValid(Array(uri.utf8).span) == isValid)
    }

    @Test(arguments: [
        ("", MatchPolicy.prefix, true), ("com.", .prefix, true), ("a..b", .wildcard, true), ("..", .wildcard, true),
        ("a..b", .exact, false), ("a b", .prefix, false), ("a#", .wildcard, false),
    ])
    func `patterns may leave components empty`(_ pattern: String, _ match: MatchPolicy, _ isValid: Bool) {
        #expect(URIRules.isValidPattern(Array(pattern.utf8).span, match) == isValid)
    }

    @Test(arguments: [("wamp", true), ("wamp.x", true), ("wampx", false), ("com.wamp", false), ("wam", false)])
    func `the first component wamp is reserved`(_ uri: String, _ isReserved: Bool) {
        #expect(URIRules.isReserved(Array(uri.utf8).span) == isReserved)
    }
}
