import Testing
import WAMP

@Suite struct CBORReaderTests {
    // The first rows are from RFC 8949 appendix A.
    @Test(
        arguments: [
            ("00", .integer(0)), ("17", .integer(23)), ("1818", .integer(24)), ("1903e8", .integer(1000)),
            ("1a000f4240", .integer(1_000_000)), ("1b000000e8d4a51000", .integer(1_000_000_000_000)),
            ("1b7fffffffffffffff", .integer(.max)), ("1bffffffffffffffff", .unsigned(.max)),
            ("20", .integer(-1)), ("3863", .integer(-100)), ("3903e7", .integer(-1000)),
            ("3b7fffffffffffffff", .integer(.min)),
            ("3b8000000000000000", .double(-9223372036854775808)),
            ("3bffffffffffffffff", .double(-18446744073709551616)),
            ("f4", .bool(false)), ("f5", .bool(true)), ("f6", .null), ("f7", .null),
            ("40", .bytes([])), ("4401020304", .bytes([1, 2, 3, 4])), ("60", ""), ("6161", "a"), ("62c3bc", "ü"),
            ("64f0908591", "𐅑"),
            ("80", .list([])), ("83010203", [1, 2, 3]), ("8301820203820405", [1, [2, 3], [4, 5]]),
            ("a0", .dictionary([:])), ("a26161016162820203", ["a": 1, "b": [2, 3]]),
            ("1b0000000000000001", .integer(1)), ("380f", .integer(-16)), ("7801 61", "a"), ("98 01 01", [1]),
            ("b9 0001 6161 01", ["a": 1]),
        ] as [(String, Value)])
    func `every type in every width`(_ hex: String, _ value: Value) throws {
        #expect(try Value.decode([UInt8](hex: hex), .cbor) == value)
    }

    @Test(
        arguments: [
            ("f90000", 0), ("f98000", -0.0), ("f93c00", 1), ("f93e00", 1.5), ("f97bff", 65504),
            ("f90001", 5.960464477539063e-08),
            ("f90400", 6.103515625e-05), ("f9c400", -4), ("f97c00", .infinity), ("f9fc00", -.infinity),
            ("f97e00", .nan), ("f9fe00", .nan),
            ("f903ff", 6.097555160522461e-05), ("fa47c35000", 100000), ("fa7f7fffff", 3.4028234663852886e+38),
            ("fa7fc00000", .nan),
            ("fb3ff199999999999a", 1.1), ("fb7e37e43c8800759c", 1.0e+300), ("fb7ff0000000000000", .infinity),
        ] as [(String, Double)])
    func `floating-point numbers of three widths`(_ hex: String, _ number: Double) throws {
        let value = try Value.decode([UInt8](hex: hex), .cbor)
        #expect(Agreement.isSame(value, .double(number)), "\(value)")
    }

    @Test(
        arguments: [
            ("5f42010243030405ff", .bytes([1, 2, 3, 4, 5])), ("5fff", .bytes([])), ("5f40ff", .bytes([])),
            ("7f657374726561646d696e67ff", "streaming"), ("7fff", ""), ("7f 62c3a4 60 61 61 ff", "äa"),
            ("9fff", .list([])), ("9f018202039f0405ffff", [1, [2, 3], [4, 5]]),
            ("83018202039f0405ff", [1, [2, 3], [4, 5]]),
            ("bfff", .dictionary([:])), ("bf61610161629f0203ffff", ["a": 1, "b": [2, 3]]),
            ("bf 7f 6161 6162 ff 01 ff", ["ab": 1]),
        ] as [(String, Value)])
    func `what has no length ends with a break`(_ hex: String, _ value: Value) throws {
        #expect(try Value.decode([UInt8](hex: hex), .cbor) == value)
    }

    @Test(
        arguments: [
            ("c11a514b67b0", .integer(1_363_896_240)),
            ("c074323031332d30332d32315432303a30343a30305a", "2013-03-21T20:04:00Z"),
            ("d74401020304", .bytes([1, 2, 3, 4])), ("d9d9f7 83 01 c1 02 d8 20 6161", [1, 2, "a"]),
            ("c1 c1 c1 80", .list([])),
        ] as [(String, Value)])
    func `tags are passed over`(_ hex: String, _ value: Value) throws {
        #expect(try Value.decode([UInt8](hex: hex), .cbor) == value)
    }

    @Test(arguments: [
        ("c249010000000000000000", 0), ("c349010000000000000000", 0), ("c1c240", 1), ("81 d80240", 1),  // bignums
        ("e0", 0), ("f0", 0), ("f818", 0), ("f8ff", 0), ("81f3", 1),  // simple values
    ])
    func `bignums and simple values without a meaning are refused`(_ hex: String, _ offset: Int) {
        #expect(throws: WireError(.unsupportedType, at: offset)) { try Value.decode([UInt8](hex: hex), .cbor) }
        #expect(Agreement.difference([UInt8](hex: hex), .cbor) == nil)
    }

    @Test(arguments: [
        // reserved
        ("1c", 0), ("1d", 0), ("1e", 0), ("3c", 0), ("5c", 0), ("7d", 0), ("9e", 0), ("bc", 0), ("dc00", 0), ("fc", 0),
        ("fd", 0), ("fe", 0),
        // no such thing as an indefinite number or tag
        ("1f", 0), ("3f", 0), ("df00", 0),
        // a break out of place
        ("ff", 0), ("81ff", 1), ("8201ff", 2), ("a16161ff", 3), ("bf6161ff", 3), ("c1ff", 1),
        // chunks of another type, or in chunks themselves
        ("5f6161ff", 1), ("7f4161ff", 1), ("7f7f6161ffff", 1), ("5f00ff", 1), ("7fc16161ff", 1), ("5f5fffff", 1),
    ])
    func `what RFC 8949 calls not well-formed is refused`(_ hex: String, _ offset: Int) {
        #expect(throws: WireError(.malformed, at: offset)) { try Value.decode([UInt8](hex: hex), .cbor) }
        #expect(Agreement.difference([UInt8](hex: hex), .cbor) == nil)
    }

    @Test(arguments: ["a1 01 01", "a1 f6 01", "a1 4161 01", "a1 80 01", "a1 c1 6161 01", "bf 01 01 ff"])
    func `a key that is not a text is refused`(_ hex: String) {
        #expect(throws: WireError(.invalidKey, at: 1)) { try Value.decode([UInt8](hex: hex), .cbor) }
        #expect(Agreement.difference([UInt8](hex: hex), .cbor) == nil)
    }

    @Test(arguments: [
        "78ff61", "7bffffffffffffffff61", "5bffffffffffffffff", "9bffffffffffffffff01", "bbffffffffffffffff60",
        "9b7fffffffffffffff",
        "bb4000000000000000", "5f5b7fffffffffffffffff", "830101", "a2600160",
    ])
    func `a length beyond the bytes is refused before anything is read`(_ hex: String) {
        let bytes = [UInt8](hex: hex)
        #expect(throws: WireError(.truncated, at: bytes.count)) { try Value.decode(bytes, .cbor) }
    }

    @Test(arguments: InvalidUTF8.samples)
    func `strings that are not UTF-8 are refused`(_ invalid: String) {
        let contents = [UInt8](hex: invalid)
        let bytes = [0x60 | UInt8(contents.count)] + contents
        #expect(throws: WireError(.invalidUTF8, at: 1)) { try Value.decode(bytes, .cbor) }
    }

    @Test func `each chunk of a text is UTF-8 on its own`() {
        #expect(throws: WireError(.invalidUTF8, at: 2)) { try Value.decode([UInt8](hex: "7f 61c3 61a4 ff"), .cbor) }
    }
}
