import Testing
import WAMP

@Suite struct MessagePackReaderTests {
    @Test(
        arguments: [
            ("c0", .null), ("c2", .bool(false)), ("c3", .bool(true)),
            ("00", .integer(0)), ("7f", .integer(127)), ("e0", .integer(-32)), ("ff", .integer(-1)),
            ("cc ff", .integer(255)), ("cd ffff", .integer(65535)), ("ce ffffffff", .integer(4_294_967_295)),
            ("cf 7fffffffffffffff", .integer(.max)), ("cf 8000000000000000", .unsigned(1 << 63)),
            ("cf ffffffffffffffff", .unsigned(.max)),
            ("d0 80", .integer(-128)), ("d1 8000", .integer(-32768)), ("d2 80000000", .integer(-2_147_483_648)),
            ("d3 8000000000000000", .integer(.min)), ("ca 3fc00000", .double(1.5)),
            ("cb 3ff8000000000000", .double(1.5)),
            ("ca 7f800000", .double(.infinity)), ("cb fff0000000000000", .double(-.infinity)),
            ("cb 8000000000000000", .double(-0.0)),
            ("a0", ""), ("a3 616263", "abc"), ("d9 02 c3a4", "ä"), ("da 0002 c3a4", "ä"), ("db 00000002 c3a4", "ä"),
            ("c4 00", .bytes([])), ("c4 02 00ff", .bytes([0, 255])), ("c5 0001 ff", .bytes([255])),
            ("c6 00000001 ff", .bytes([255])),
            ("90", .list([])), ("92 01 a161", [1, "a"]), ("dc 0001 01", [1]), ("dd 00000001 01", [1]),
            ("80", .dictionary([:])), ("81 a161 01", ["a": 1]), ("de 0001 d90161 01", ["a": 1]),
            ("df 00000001 db0000000161 80", ["a": [:]]),
        ] as [(String, Value)])
    func `every type in every width`(_ hex: String, _ value: Value) throws {
        let decoded = try Value.decode([UInt8](hex: hex), .messagePack)
        #expect(Agreement.isSame(decoded, value), "\(decoded)")
    }

    @Test(arguments: [
        "cc 01", "cd 0001", "ce 00000001", "cf 0000000000000001", "d0 01", "d1 0001", "d2 00000001",
        "d3 0000000000000001",
    ])
    func `a number need not be in its shortest form`(_ hex: String) throws {
        #expect(try Value.decode([UInt8](hex: hex), .messagePack) == 1)
    }

    @Test func `no number stays no number`() throws {
        #expect(Agreement.isSame(try Value.decode([UInt8](hex: "ca 7fc00000"), .messagePack), .double(.nan)))
        #expect(Agreement.isSame(try Value.decode([UInt8](hex: "cb 7ff0000000000001"), .messagePack), .double(.nan)))
    }

    @Test(arguments: [
        "d4 01 00", "d5 01 0000", "d6 ff 00000000", "d7 ff 0000000000000000", "d8 01 00000000000000000000000000000000",
        "c7 0c ff 000000000000000000000000", "c8 0001 01 00", "c9 00000001 01 00",
    ])
    func `extensions are refused, timestamps too`(_ hex: String) {
        #expect(throws: WireError(.unsupportedType, at: 0)) { try Value.decode([UInt8](hex: hex), .messagePack) }
        #expect(Agreement.difference([UInt8](hex: hex), .messagePack) == nil)
    }

    @Test func `the byte that is never used is refused`() {
        #expect(throws: WireError(.malformed, at: 1)) { try Value.decode([UInt8](hex: "91 c1"), .messagePack) }
    }

    @Test(arguments: ["81 01 01", "81 c0 01", "81 c4 01 61 01", "81 90 01", "81 c1 01"])
    func `a key that is not a string is refused`(_ hex: String) {
        #expect(throws: WireError(.invalidKey, at: 1)) { try Value.decode([UInt8](hex: hex), .messagePack) }
        #expect(Agreement.difference([UInt8](hex: hex), .messagePack) == nil)
    }

    @Test(arguments: [
        "d9 ff 61", "da ffff 61", "db ffffffff 61", "c4 ff 00", "c6 ffffffff 00", "dc ffff 01", "dd ffffffff 01",
        "df ffffffff a0 01",
        "de 0002 a0 01 a0", "9f", "8f", "93 01 01", "df 80000000",
    ])
    func `a length beyond the bytes is refused before anything is read`(_ hex: String) {
        let bytes = [UInt8](hex: hex)
        #expect(throws: WireError(.truncated, at: bytes.count)) { try Value.decode(bytes, .messagePack) }
    }

    @Test(arguments: InvalidUTF8.samples, ["", "61", "6161616161616161", "616161616161616161616161"])
    func `strings that are not UTF-8 are refused`(_ invalid: String, _ before: String) {
        let contents = [UInt8](hex: before + invalid)
        for after in [[UInt8](), [1, 1, 1, 1, 1, 1, 1, 1]] {
            let bytes = [0x90 | UInt8(after.count + 1), 0xD9, UInt8(contents.count)] + contents + after
            #expect(throws: WireError(.invalidUTF8, at: 3 + before.count / 2)) { try Value.decode(bytes, .messagePack) }
        }
    }

    @Test func `the bytes after a short string do not count as its own`() throws {
        // Eight bytes are looked at together; those behind the string are no UTF-8 and need not be.
        #expect(
            try Value.decode([UInt8](hex: "92 a161 c4 06 ffffffffffff"), .messagePack) == [
                "a", .bytes(.init(repeating: 255, count: 6)),
            ])
    }

    @Test func `bytes after the value are refused`() {
        #expect(throws: WireError(.trailingBytes, at: 1)) { try Value.decode([UInt8](hex: "c0 c0"), .messagePack) }
    }
}
