import Testing

@testable import FleetDB

@Suite struct JavaScriptNumberTests {
    @Test(arguments: [
        ("1", 1), ("-1.5", -1.5), (" 2 ", 2), ("", 0), (".5", 0.5), ("7.", 7), ("1e3", 1000), ("+4", 4), ("0x10", 16),
        ("0b11", 3), ("0o17", 15),
    ])
    func `a text is a number as JavaScript reads it`(text: String, expected: Double) {
        #expect(JavaScriptNumber.number(text) == expected)
    }

    @Test(arguments: ["a", "1a", "1 2", "NaN", "Infinity", "1e999", "0x", "0xg", "--1", ".", "e5", "1e", "0x-1"])
    func `another text is none`(text: String) {
        #expect(JavaScriptNumber.number(text) == nil)
    }

    @Test(arguments: [
        (0, "0"), (-0.0, "0"), (1, "1"), (-1.5, "-1.5"), (100, "100"), (0.1, "0.1"), (1e21, "1e+21"),
        (1e20, "100000000000000000000"), (123_456_789_012_345_683_968, "123456789012345680000"), (1e-7, "1e-7"),
        (0.000001, "0.000001"), (1.5e-10, "1.5e-10"), (.leastNonzeroMagnitude, "5e-324"),
        (.greatestFiniteMagnitude, "1.7976931348623157e+308"),
        (-123.456, "-123.456"), (12_345_678_901_234_568, "12345678901234568"), (.infinity, "Infinity"),
    ])
    func `a number is a text as JavaScript writes it`(number: Double, expected: String) {
        #expect(JavaScriptNumber.text(number) == expected)
    }
}
