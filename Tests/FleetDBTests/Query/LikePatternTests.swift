import Testing

@testable import FleetDB

@Suite struct LikePatternTests {
    @Test(arguments: [
        ("", "", true), ("", "a", false), ("%", "", true), ("%", "anything", true), ("a", "a", true), ("a", "A", false),
        ("a%", "abc", true), ("%c", "abc", true), ("%b%", "abc", true), ("a%c%e", "abcde", true),
        ("a%c%e", "abcd", false), ("_", "ä", true), ("_", "€", true), ("_", "ab", false), ("a_c", "a€c", true),
        ("%_", "€", true), ("%__", "€", false), ("\\%", "%", true), ("\\%", "x", false), ("\\_", "_", true),
        ("a\\\\b", "a\\b", true), ("[x]*?", "[x]*?", true), ("%ab", "aab", true), ("%aab", "aaaab", true),
        ("a\0%", "a\0b", true), ("a\0b", "a\0c", false),
    ])
    func `a pattern matches what SQL says`(pattern: String, text: String, isMatch: Bool) throws {
        let pattern = try #require(LikePattern(pattern))
        #expect(pattern.matches(Array(text.utf8).span, ignoresCase: false) == isMatch)
    }

    @Test func `upper and lower case of ASCII may be the same`() throws {
        let pattern = try #require(LikePattern("MÄ%x"))
        #expect(pattern.matches(Array("mÄbX".utf8).span, ignoresCase: true) == true)
        #expect(pattern.matches(Array("mäbX".utf8).span, ignoresCase: true) == false)
    }

    @Test func `a search that takes long is given up`() throws {
        let pattern = try #require(LikePattern("%" + String(repeating: "a", count: 500) + "b"))
        let text = Array(repeating: UInt8(ascii: "a"), count: 1 << 20)
        var asked = 0
        let isMatch = pattern.matches(text.span, ignoresCase: false) {
            asked += 1
            return asked == 3
        }
        #expect(isMatch == nil && asked == 3)
    }

    @Test func `an escape at the end is no pattern`() { #expect(LikePattern("a\\") == nil) }
}
