import Testing
import WAMP

@Suite struct ValueWriterTests {
    @Test(
        arguments: [
            (.null, "null", "c0", "f6"), (.bool(true), "true", "c3", "f5"), (.bool(false), "false", "c2", "f4"),
            (.integer(0), "0", "00", "00"), (.integer(23), "23", "17", "17"), (.integer(24), "24", "18", "1818"),
            (.integer(127), "127", "7f", "187f"), (.integer(128), "128", "cc80", "1880"),
            (.integer(255), "255", "ccff", "18ff"),
            (.integer(256), "256", "cd0100", "190100"), (.integer(65535), "65535", "cdffff", "19ffff"),
            (.integer(65536), "65536", "ce00010000", "1a00010000"),
            (.integer(4_294_967_295), "4294967295", "ceffffffff", "1affffffff"),
            (.integer(4_294_967_296), "4294967296", "cf0000000100000000", "1b0000000100000000"),
            (.integer(9_999_999_999_999_999), "9999999999999999", "cf002386f26fc0ffff", "1b002386f26fc0ffff"),
            (.integer(10_000_000_000_000_000), "10000000000000000", "cf002386f26fc10000", "1b002386f26fc10000"),
            (.integer(.max), "9223372036854775807", "cf7fffffffffffffff", "1b7fffffffffffffff"),
            (.unsigned(.max), "18446744073709551615", "cfffffffffffffffff", "1bffffffffffffffff"),
            (.integer(-1), "-1", "ff", "20"), (.integer(-24), "-24", "e8", "37"), (.integer(-25), "-25", "e7", "3818"),
            (.integer(-32), "-32", "e0", "381f"), (.integer(-33), "-33", "d0df", "3820"),
            (.integer(-128), "-128", "d080", "387f"),
            (.integer(-129), "-129", "d1ff7f", "3880"), (.integer(-32768), "-32768", "d18000", "397fff"),
            (.integer(-32769), "-32769", "d2ffff7fff", "398000"),
            (.integer(-2_147_483_648), "-2147483648", "d280000000", "3a7fffffff"),
            (.integer(-2_147_483_649), "-2147483649", "d3ffffffff7fffffff", "3a80000000"),
            (.integer(.min), "-9223372036854775808", "d38000000000000000", "3b7fffffffffffffff"),
        ] as [(Value, String, String, String)])
    func `integers and literals in their shortest form`(_ value: Value, _ json: String, _ pack: String, _ cbor: String)
    {
        #expect(String(decoding: value.encoded(.json), as: UTF8.self) == json)
        #expect(value.encoded(.messagePack).hex == pack)
        #expect(value.encoded(.cbor).hex == cbor)
    }

    @Test(
        arguments: [
            (1, "1.0", "3ff0000000000000"), (0.1, "0.1", "3fb999999999999a"), (-0.0, "-0.0", "8000000000000000"),
            (1e300, "1e+300", "7e37e43c8800759c"), (.leastNonzeroMagnitude, "5e-324", "0000000000000001"),
            (.infinity, "null", "7ff0000000000000"),
            (-.infinity, "null", "fff0000000000000"), (.nan, "null", "7ff8000000000000"),
        ] as [(Double, String, String)])
    func `a double stays a double, and null where JSON has none`(_ number: Double, _ json: String, _ hex: String) {
        #expect(String(decoding: Value.double(number).encoded(.json), as: UTF8.self) == json)
        #expect(Value.double(number).encoded(.messagePack).hex == "cb" + hex)
        #expect(Value.double(number).encoded(.cbor).hex == "fb" + hex)
    }

    @Test(arguments: [
        ("", #""""#), ("plain", #""plain""#), ("a \"quoted\" \\ word", #""a \"quoted\" \\ word""#), ("/", #""/""#),
        ("\u{8}\u{c}\n\r\t", #""\b\f\n\r\t""#), ("\u{1}\u{1f}\u{10}", #""\u0001\u001f\u0010""#), ("a\0", #""a\u0000""#),
        ("\u{7f}\u{80}ä€😀", "\"\u{7f}\u{80}ä€😀\""),
        ("12345678\"1234567\\12345678\n", #""12345678\"1234567\\12345678\n""#),
        ("äääääääää\"", "\"äääääääää\\\"\""),
    ])
    func `JSON text is escaped where it must be and nowhere else`(_ text: String, _ json: String) {
        #expect(String(decoding: Value.string(text).encoded(.json), as: UTF8.self) == json)
    }

    @Test(arguments: [("", ""), ("00", "AA=="), ("0102", "AQI="), ("010203", "AQID"), ("fbffbf00", "+/+/AA==")])
    func `bytes are base64 after an escaped NUL in JSON`(_ hex: String, _ base64: String) {
        let json = Value.bytes([UInt8](hex: hex)).encoded(.json)
        #expect(String(decoding: json, as: UTF8.self) == #""\u0000\#(base64)""#)
    }

    @Test func `a text that begins with NUL is written as its bytes in JSON, where it would be taken for some`() throws
    {
        let value = Value.string("\0AQID")
        #expect(try Value.decode(value.encoded(.json), .json) == .bytes(Array("\0AQID".utf8)))
        #expect(try Value.decode(value.encoded(.messagePack), .messagePack) == value)
        #expect(try Value.decode(value.encoded(.cbor), .cbor) == value)
        let key = Value.dictionary(["\0AQID": 1])
        #expect(try Value.decode(key.encoded(.json), .json) == key)
    }

    @Test(arguments: [0, 1, 15, 16, 23, 24, 31, 32, 255, 256, 65536])
    func `lengths around the edges of every width`(_ count: Int) throws {
        let values: [Value] = [
            .string(String(repeating: "x", count: count)), .bytes([UInt8](repeating: 7, count: count)),
            .list(Array(repeating: .null, count: count)),
            .dictionary(Dictionary(uniqueKeysWithValues: (0..<count).map { (String($0), .null) })),
        ]
        for value in values {
            for serializer in Serializer.allCases {
                #expect(try Value.decode(value.encoded(serializer), serializer) == value)
            }
        }
        let string = count < 32 ? 1 : count < 256 ? 2 : count < 65536 ? 3 : 5
        let container = count < 16 ? 1 : count < 65536 ? 3 : 5
        #expect(values[0].encoded(.messagePack).count == string + count)
        #expect(values[2].encoded(.messagePack).count == container + count)
        #expect(
            values[3].encoded(.messagePack).first == (count < 16 ? 0x80 | UInt8(count) : count < 65536 ? 0xDE : 0xDF))
        let cbor = count < 24 ? 1 : count < 256 ? 2 : count < 65536 ? 3 : 5
        #expect(values[0].encoded(.cbor).count == cbor + count && values[1].encoded(.cbor).count == cbor + count)
        #expect(values[2].encoded(.cbor).count == cbor + count)
    }

    @Test func `commas stand between values only`() {
        var writer = ValueWriter(.json)
        writer.beginList(4)
        writer.beginList(0)
        writer.endList()
        writer.beginDictionary(2)
        writer.key("a")
        writer.integer(1)
        writer.key("b")
        writer.beginDictionary(0)
        writer.endDictionary()
        writer.endDictionary()
        writer.raw([UInt8](json: "[1,2]").span)
        writer.string("x")
        writer.endList()
        #expect(String(decoding: writer.bytes, as: UTF8.self) == #"[[],{"a":1,"b":{}},[1,2],"x"]"#)
    }

    @Test func `a writer that was reset, or whose bytes were taken, begins anew`() {
        var writer = ValueWriter(.json)
        writer.bool(true)
        writer.reset()
        writer.bool(false)
        #expect(writer.bytes == [UInt8](json: "false"))
        writer.bytes.removeAll(keepingCapacity: true)
        writer.null()
        #expect(writer.bytes == [UInt8](json: "null"))
    }

    @Test func `bytes put ahead of a message do not earn it a comma`() {
        var writer = ValueWriter(.json)
        writer.bytes = [0x81, 0x02]
        writer.beginList(0)
        writer.endList()
        #expect(writer.bytes == [0x81, 0x02] + [UInt8](json: "[]"))
    }
}
