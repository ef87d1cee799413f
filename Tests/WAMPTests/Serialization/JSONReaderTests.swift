import Testing
import WAMP

@Suite struct JSONReaderTests {
    @Test(
        arguments: [
            ("null", .null), ("true", .bool(true)), ("false", .bool(false)),
            (" \t\r\n1 \t\r\n", .integer(1)), ("[ ]", .list([])), ("{ }", .dictionary([:])),
            (#"[1 , "a" , [ ] ]"#, .list([1, "a", []])),
            (#" { "a" : { "b" : [ 1 , { } ] } , "c" : null } "#, .dictionary(["a": ["b": [1, [:]]], "c": nil])),
        ] as [(String, Value)])
    func `literals and containers, with white space anywhere between`(_ json: String, _ value: Value) throws {
        #expect(try Value.decode([UInt8](json: json), .json) == value)
    }

    @Test(
        arguments: [
            ("0", .integer(0)), ("-0", .integer(0)), ("42", .integer(42)),
            ("9007199254740992", .integer(1 << 53)), ("999999999999999999", .integer(999_999_999_999_999_999)),
            ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
            ("9223372036854775808", .unsigned(1 << 63)), ("18446744073709551615", .unsigned(.max)),
            ("18446744073709551616", .double(18446744073709551616)),
            ("-9223372036854775809", .double(-9223372036854775808)),
            ("100000000000000000000000", .double(1e23)),
        ] as [(String, Value)])
    func `integers are exact to 64 bits and doubles beyond`(_ json: String, _ value: Value) throws {
        #expect(try Value.decode([UInt8](json: json), .json) == value)
    }

    @Test(
        arguments: [
            ("1.0", 1), ("-0.0", -0.0), ("-0e0", -0.0), ("0.1", 0.1), ("1e2", 100), ("1E+2", 100), ("1.5e-3", 0.0015),
            ("123456.789", 123456.789), ("9007199254740993.0", 9007199254740992),
            ("9007199254740992.9999999999999999999999999", 9007199254740992),
            ("9007199254740993.000000000001", 9007199254740994),
            ("1e22", 1e22), ("1e23", 1e23), ("1e-22", 1e-22), ("8.5e-23", 8.5e-23),
            ("2.2250738585072011e-308", Double(bitPattern: 0x000F_FFFF_FFFF_FFFF)),
            ("4.9e-324", .leastNonzeroMagnitude), ("2.4e-324", 0), ("-2.4e-324", -0.0),
            ("1.7976931348623157e308", .greatestFiniteMagnitude), ("1e309", .infinity), ("-1e309", -.infinity),
            ("1e-400", 0), ("1e99999999999999999999999999", .infinity), ("1e-99999999999999999999999999", 0),
            ("0e99999999999999999999999999", 0), ("0.00000000000000000000000000000000000000001e41", 1),
        ] as [(String, Double)])
    func `numbers with a point or an exponent are the nearest double`(_ json: String, _ number: Double) throws {
        let value = try Value.decode([UInt8](json: json), .json)
        #expect(Agreement.isSame(value, .double(number)), "\(value)")
    }

    @Test func `digits that cannot matter are counted but not converted`() throws {
        let zeros = String(repeating: "0", count: 100_000)
        // Halfway between 2^53 and its neighbour, but for one digit far away.
        let above = try Value.decode([UInt8](json: "9007199254740993.\(zeros)1"), .json)
        #expect(above == .double(9_007_199_254_740_994))
        let half = try Value.decode([UInt8](json: "9007199254740993.\(zeros)"), .json)
        #expect(half == .double(9_007_199_254_740_992))
        #expect(try Value.decode([UInt8](json: "1\(zeros)e-100000"), .json) == .double(1))
        #expect(try Value.decode([UInt8](json: "0.\(zeros)1e100001"), .json) == .double(1))
        #expect(try Value.decode([UInt8](json: "1\(zeros)"), .json) == .double(.infinity))
    }

    @Test(arguments: [
        ("01", WireError(.invalidNumber, at: 0)), ("-01", WireError(.invalidNumber, at: 1)),
        ("00", WireError(.invalidNumber, at: 0)), ("1.]", WireError(.invalidNumber, at: 2)),
        ("1.e1", WireError(.invalidNumber, at: 2)), ("1e]", WireError(.invalidNumber, at: 2)),
        ("1e+x", WireError(.invalidNumber, at: 3)), ("-a", WireError(.invalidNumber, at: 1)),
        ("+1", WireError(.malformed, at: 0)), (".5", WireError(.malformed, at: 0)),
        ("NaN", WireError(.malformed, at: 0)),
        ("Infinity", WireError(.malformed, at: 0)), ("-Infinity", WireError(.invalidNumber, at: 1)),
        ("1_000", WireError(.trailingBytes, at: 1)), ("0x10", WireError(.trailingBytes, at: 1)),
        ("1.0.0", WireError(.trailingBytes, at: 3)), ("1e1.5", WireError(.trailingBytes, at: 3)),
    ])
    func `numbers outside of the grammar are refused`(_ json: String, _ error: WireError) {
        #expect(throws: error) { try Value.decode([UInt8](json: json), .json) }
        #expect(Agreement.difference([UInt8](json: json), .json) == nil)
    }

    @Test(arguments: [
        (#""""#, ""), (#""plain""#, "plain"), (#""exactly8""#, "exactly8"),
        (#""more than eight bytes""#, "more than eight bytes"),
        (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"), (#""a\u0041\u00e4\u20AC""#, "aAä€"),
        (#""\ud83d\ude00""#, "😀"), (#""\uD83D\uDE00 \uDBFF\uDFFF""#, "😀 \u{10FFFF}"), (#""a\u0000b""#, "a\0b"),
        (#""ä€😀""#, "ä€😀"), ("\"\u{7F}\u{80}\u{2028}\"", "\u{7F}\u{80}\u{2028}"), (#""日本語のテキスト""#, "日本語のテキスト"),
    ])
    func `strings are their text, escaped or not`(_ json: String, _ text: String) throws {
        #expect(try Value.decode([UInt8](json: json), .json) == .string(text))
    }

    @Test(arguments: [
        ("\"a\nb\"", 2), ("\"\u{0}\"", 1), ("\"1234567\u{1F}\"", 8), (#""\x41""#, 1), (#""\u12G4""#, 1),
        (#""\U0041""#, 1),
        (#""\ud83d""#, 1), (#""ab\ude00""#, 3), (#""\ud83d\n""#, 1), (#""\ud83dx""#, 1), (#""\ud83d\ud83d""#, 1),
        (#""\ud83d\u0041""#, 1), (#""\ude00\ude00""#, 1), (#""\ude00\ud83d""#, 1),
    ])
    func `control characters, unknown escapes and lone surrogates are refused`(_ json: String, _ offset: Int) {
        #expect(throws: WireError(.invalidString, at: offset)) { try Value.decode([UInt8](json: json), .json) }
        #expect(Agreement.difference([UInt8](json: json), .json) == nil)
    }

    @Test(arguments: InvalidUTF8.samples)
    func `strings that are not UTF-8 are refused`(_ hex: String) {
        let json = [UInt8](json: "[\"ascii") + [UInt8](hex: hex) + [UInt8](json: "\"]")
        #expect(throws: WireError(.invalidUTF8, at: 7)) { try Value.decode(json, .json) }
    }

    @Test(arguments: [
        (#""\u0000""#, ""), (#""\u0000AA==""#, "00"), (#""\u0000AQI=""#, "0102"), (#""\u0000AQID""#, "010203"),
        (#""\u0000+/+/""#, "fbffbf"), (#""\u0000\/\/\/\/""#, "ffffff"), (#""\u0000\u0041QID""#, "010203"),
    ])
    func `a string that begins with an escaped NUL is base64`(_ json: String, _ hex: String) throws {
        #expect(try Value.decode([UInt8](json: json), .json) == .bytes([UInt8](hex: hex)))
    }

    @Test(arguments: [
        #""\u0000A""#, #""\u0000AA""#, #""\u0000AAA""#, #""\u0000AQI*""#, #""\u0000A===""#, #""\u0000====""#,
        #""\u0000AA=A""#,
        #""\u0000AQ-_""#, #""\u0000AQID\n""#, #""\u0000ääää""#,
    ])
    func `what is not base64 after an escaped NUL is refused`(_ json: String) {
        #expect(throws: WireError(.invalidString, at: 1)) { try Value.decode([UInt8](json: json), .json) }
        #expect(Agreement.difference([UInt8](json: json), .json) == nil)
    }

    @Test func `a key that begins with an escaped NUL is a text`() throws {
        #expect(try Value.decode([UInt8](json: #"{"\u0000AQID":1}"#), .json) == ["\0AQID": 1])
    }

    @Test(arguments: [
        ("[1,]", WireError(.malformed, at: 3)), ("[,1]", WireError(.malformed, at: 1)),
        ("[1 2]", WireError(.malformed, at: 3)),
        ("[1}", WireError(.malformed, at: 2)), (#"{"a":1]"#, WireError(.malformed, at: 6)),
        ("]", WireError(.malformed, at: 0)),
        (#"{"a" 1}"#, WireError(.malformed, at: 5)), (#"{"a":}"#, WireError(.malformed, at: 5)),
        (#"{"a":1,}"#, WireError(.invalidKey, at: 7)), (#"{,"a":1}"#, WireError(.invalidKey, at: 1)),
        ("{1:2}", WireError(.invalidKey, at: 1)), ("{a:1}", WireError(.invalidKey, at: 1)),
        ("{'a':1}", WireError(.invalidKey, at: 1)), ("[1]]", WireError(.trailingBytes, at: 3)),
        ("1 2", WireError(.trailingBytes, at: 2)), ("nulL", WireError(.malformed, at: 3)),
        ("True", WireError(.malformed, at: 0)),
        ("[1]//", WireError(.trailingBytes, at: 3)), ("\u{FEFF}1", WireError(.malformed, at: 0)),
        ("\u{A0}1", WireError(.malformed, at: 0)), ("", WireError(.truncated, at: 0)),
        ("  ", WireError(.truncated, at: 2)),
    ])
    func `what is not JSON is refused where it stops being JSON`(_ json: String, _ error: WireError) {
        #expect(throws: error) { try Value.decode([UInt8](json: json), .json) }
        #expect(Agreement.difference([UInt8](json: json), .json) == nil)
    }
}
