import Testing

@testable import ModuleKit

struct SuggestionTests {
    @Test(arguments: [
        ("", "", 0), ("port", "port", 0), ("", "port", 4), ("prot", "port", 1), ("prt", "port", 1),
        ("ports", "port", 1),
        ("pert", "port", 1), ("kitten", "sitting", 3), ("ca", "abc", 3),
    ])
    func `the distance counts letters inserted, removed, replaced, swapped`(a: String, b: String, distance: Int) {
        #expect(Suggestion.distance(Array(a.unicodeScalars), Array(b.unicodeScalars)) == distance)
        #expect(Suggestion.distance(Array(b.unicodeScalars), Array(a.unicodeScalars)) == distance)
    }

    @Test func `the nearest candidate, if one is near`() {
        let words = ["port", "path", "plain", "address"]
        #expect(Suggestion.nearest(to: "prot", among: words) == #"did you mean "port"?"#)
        #expect(Suggestion.nearest(to: "ADRESS", among: words) == #"did you mean "address"?"#)
        #expect(Suggestion.nearest(to: "colour", among: words) == nil)
        #expect(Suggestion.nearest(to: "x", among: []) == nil)
    }

    @Test func `a word of any length costs little`() {
        let long = String(repeating: "x", count: 1_000_000)
        #expect(Suggestion.nearest(to: long, among: [String(long.dropLast())]) != nil)
    }
}
