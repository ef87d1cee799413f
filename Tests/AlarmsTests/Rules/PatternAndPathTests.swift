import Testing
import WAMP

@testable import Alarms

struct LikePatternTests {
    @Test(arguments: [
        ("", "", true), ("", "a", false), ("%", "", true), ("%", "anything", true), ("a%", "abc", true),
        ("a%", "ba", false), ("%c", "abc", true), ("%b%", "abc", true), ("a_c", "abc", true), ("a_c", "ac", false),
        ("_", "ä", true), ("a\\%", "a%", true), ("a\\%", "ab", false), ("a\\_", "a_", true), ("a\\\\", "a\\", true),
        ("a\\", "a\\", true), ("%a%b%", "xxaxxbxx", true), ("%a%b%", "xxbxxaxx", false), ("a%%%c", "ac", true),
    ])
    func `percent is any text and underscore one character`(_ pattern: String, _ text: String, _ matches: Bool) {
        #expect(LikePattern(pattern, ignoresCase: false).matches(text) == matches)
    }

    @Test(.timeLimit(.minutes(1))) func `a hostile pattern costs no more than text times pattern`() {
        let pattern = LikePattern(String(repeating: "%a", count: 100), ignoresCase: false)
        #expect(pattern.matches(String(repeating: "a", count: 20_000) + "b") == false)
    }
}

struct ColumnPathTests {
    private let columns: [String: Value] = [
        "temperature": 5, "motor": ["bearing": ["drive end": [10, 20]], "speed": 3], "with-dash": 1,
    ]

    @Test(
        arguments: [
            ("temperature", 5), ("with-dash", 1), ("missing", nil), ("motor.speed", 3),
            ("motor.bearing['drive end'][1]", 20), ("motor[\"bearing\"]['drive end'][0]", 10),
            ("motor.bearing['drive end'][2]", nil), ("temperature.x", nil), ("motor.missing.x", nil),
        ] as [(String, Value)])
    func `a path leads to a value or to null`(_ text: String, _ value: Value) {
        #expect(path(text).value(in: columns) == value)
    }

    @Test(arguments: [
        "", ".", "a.", ".a", "a..b", "a[", "a[]", "a['b'", "a['b]", "a[-1]", "a[x]", "a b", "a'b", "a{b}",
        "a[99999999999999999999]",
    ])
    func `what is no path is refused`(_ text: String) {
        #expect(ColumnPath(text) == nil)
    }
}

struct MessageTemplateTests {
    @Test(arguments: [
        ("Boiler {device_key} has {temperature} °C", "Boiler 7 has 97.5 °C"), ("{severity}", "critical"),
        ("nothing to fill in", "nothing to fill in"), ("{missing}", "–"), ("{whole}", "12"), ("}", "}"),
        ("{flag}{flag}", "truetrue"), ("{json.a}", "text"), ("{json}", "(JSON)"), ("", ""),
    ])
    func `places are filled with the row's values`(_ text: String, _ rendered: String) throws {
        let columns: [String: Value] = [
            "device_key": 7, "temperature": 97.5, "whole": 12.0, "flag": true, "json": ["a": "text"],
        ]
        #expect(try MessageTemplate(text).rendered(columns, .critical) == rendered)
    }

    @Test(arguments: ["{", "{temperature", "{}", "{a b}", "{a {b}"])
    func `a place that names no column is refused`(_ text: String) {
        #expect(throws: MessageTemplate.NoColumn.self) { try MessageTemplate(text) }
    }

    @Test func `a message never gets long`() throws {
        let columns: [String: Value] = ["text": .string(String(repeating: "x", count: 100_000))]
        let template = try MessageTemplate(String(repeating: "{text}", count: 80))
        #expect(template.rendered(columns, nil).count == 500)
    }
}
