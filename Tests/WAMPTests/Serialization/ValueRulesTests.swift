import Testing
import WAMP

// The rules of docs/wire.md, "Values", rule by rule and the same in all serializers. How each serializer spells what it
// may spell in several ways is in the tests of its reader.

@Suite struct ValueRulesTests {
    /// What a peer of one serializer gets to see of what a peer of another sends.
    private func seen(_ value: Value, from source: Serializer, by target: Serializer) throws -> Value {
        try Value.decode(TranscoderTests.transcode(value.encoded(source), source, target), target)
    }

    private static let pairs = Serializer.allCases.flatMap { source in Serializer.allCases.map { (source, $0) } }

    @Test(arguments: pairs)
    func `integers are exact from -2^63 to 2^64 - 1`(_ source: Serializer, _ target: Serializer) throws {
        let edges: [Value] = [
            0, -1, 9_007_199_254_740_991, 9_007_199_254_740_992, 9_007_199_254_740_993, -9_007_199_254_740_993,
            .integer(.max), .integer(.min), .unsigned(UInt64(Int64.max) + 1), .unsigned(.max),
        ]
        for edge in edges { #expect(try seen(edge, from: source, by: target) == edge) }
    }

    @Test func `an integer beyond that is the nearest double`() throws {
        #expect(try Value.decode([UInt8](json: "18446744073709551616"), .json) == 18_446_744_073_709_551_616.0)
        #expect(try Value.decode([UInt8](json: "-9223372036854775809"), .json) == -9_223_372_036_854_775_808.0)
        #expect(try Value.decode([UInt8](hex: "3bffffffffffffffff"), .cbor) == -18_446_744_073_709_551_616.0)
    }

    @Test(arguments: pairs)
    func `a double stays a double, to the last bit`(_ source: Serializer, _ target: Serializer) throws {
        for number in [
            1, -0.0, 0.1, 1e15, 1e16, 1e300, Double.leastNonzeroMagnitude, 0x1p53, .pi, .greatestFiniteMagnitude,
        ] {
            #expect(Agreement.isSame(try seen(.double(number), from: source, by: target), .double(number)))
        }
    }

    @Test(arguments: pairs)
    func `infinities and NaN are null for JSON, and themselves elsewhere`(
        _ source: Serializer, _ target: Serializer
    ) throws {
        for number in [Double.nan, .infinity, -.infinity] {
            let expected: Value = source == .json || target == .json ? nil : .double(number)
            #expect(Agreement.isSame(try seen(.double(number), from: source, by: target), expected))
        }
    }

    @Test(arguments: pairs)
    func `texts keep every code point, NUL inside of them too`(_ source: Serializer, _ target: Serializer) throws {
        for text in ["", "a\0b", "\u{1}\u{1F}\u{7F}", "\"\\/", "ä€😀\u{10FFFF}", "\u{FFFE}\u{FEFF}", "e\u{301}"] {
            let there = try seen(.string(text), from: source, by: target)
            guard case .string(let seen) = there else { return #expect(Bool(false), "\(there)") }
            #expect(Array(seen.utf8) == Array(text.utf8))
        }
    }

    @Test(arguments: pairs)
    func `byte strings stay byte strings`(_ source: Serializer, _ target: Serializer) throws {
        for bytes: [UInt8] in [[], [0], [0, 0xFF], Array(0...255), Array("text".utf8)] {
            #expect(try seen(.bytes(bytes), from: source, by: target) == .bytes(bytes))
        }
    }

    @Test(arguments: pairs)
    func `a text that begins with NUL is its bytes for JSON, and itself elsewhere`(
        _ source: Serializer, _ target: Serializer
    ) throws {
        for text in ["\0", "\0AQID", "\0no base64"] {
            let expected: Value = source == .json || target == .json ? .bytes(Array(text.utf8)) : .string(text)
            #expect(try seen(.string(text), from: source, by: target) == expected)
        }
        // Keys are never byte strings.
        #expect(try seen(["\0AQID": 1], from: source, by: target) == ["\0AQID": 1])
    }

    private static func nested(_ levels: Int, _ serializer: Serializer) -> [UInt8] {
        switch serializer {
        case .json: Array(repeating: 0x5B, count: levels) + Array(repeating: 0x5D, count: levels)
        case .messagePack: Array(repeating: 0x91, count: levels - 1) + [0x90]
        case .cbor: Array(repeating: 0x81, count: levels - 1) + [0x80]
        }
    }

    @Test(arguments: Serializer.allCases)
    func `64 levels are read, and not one more`(_ serializer: Serializer) {
        #expect(throws: Never.self) { try Value.decode(Self.nested(64, serializer), serializer) }
        for levels in [65, 100_000] {
            #expect { try Value.decode(Self.nested(levels, serializer), serializer) } throws: {
                ($0 as? WireError)?.kind == .nestedTooDeep
            }
        }
    }

    @Test(arguments: [
        (Serializer.json, #"{"a":1,"b":2,"a":3}"#, ""), (.messagePack, "", "83 a161 01 a162 02 a161 03"),
        (.cbor, "", "a3 6161 01 6162 02 6161 03"),
    ])
    func `the last of two equal keys counts, and both are passed on`(
        _ serializer: Serializer, _ json: String, _ hex: String
    ) throws {
        let bytes = serializer == .json ? [UInt8](json: json) : [UInt8](hex: hex)
        #expect(try Value.decode(bytes, serializer) == ["a": 3, "b": 2])
        for target in Serializer.allCases {
            let passed = try TranscoderTests.transcode(bytes, serializer, target)
            #expect(try TranscoderTests.transcode(passed, target, serializer) == bytes)
        }
    }

    @Test(arguments: [
        // Keys that are no strings.
        (Serializer.messagePack, "81 01 02"), (.messagePack, "81 c0 02"), (.messagePack, "81 c40161 02"),
        (.cbor, "a1 01 02"), (.cbor, "a1 f6 02"), (.cbor, "a1 4161 02"), (.json, "7b 31 3a 32 7d"),
        // Text that is not UTF-8: a lone byte, an overlong NUL, half a surrogate pair, beyond U+10FFFF, cut short.
        (.json, "22 80 22"), (.json, "22 c080 22"), (.json, "22 eda080 22"), (.json, "22 f4908080 22"),
        (.json, "22 e282 22"), (.messagePack, "a180"), (.messagePack, "a2c080"), (.messagePack, "a3eda080"),
        (.messagePack, "a4f4908080"), (.messagePack, "a2e282"), (.cbor, "6180"), (.cbor, "62c080"), (.cbor, "63eda080"),
        (.cbor, "64f4908080"), (.cbor, "62e282"),
        // Half a surrogate pair in an escape; base64 that is none.
        (.json, "22 5c7564383030 22"), (.json, "22 5c7564633030 5c7564383030 22"), (.json, "22 5c7530303030 2a 22"),
        // What has no value in WAMP: extension types, the timestamp among them; bignums, simple values.
        (.messagePack, "d4 01 00"), (.messagePack, "d6 ff 00000000"), (.messagePack, "c7 00 05"), (.messagePack, "c1"),
        (.cbor, "c2 41 01"), (.cbor, "c3 41 01"), (.cbor, "f0"), (.cbor, "f8 ff"), (.cbor, "ff"),
        // More announced than there is.
        (.messagePack, "dd ffffffff 01"), (.messagePack, "c6 ffffffff 01"), (.cbor, "9b ffffffffffffffff 01"),
        (.cbor, "5b 7fffffffffffffff 01"),
        // Something behind it.
        (.json, "31 20 32"), (.messagePack, "01 02"), (.cbor, "01 02"),
    ])
    func `what has no value is refused`(_ serializer: Serializer, _ hex: String) {
        #expect(throws: WireError.self) { try Value.decode([UInt8](hex: hex), serializer) }
        for target in Serializer.allCases where target != serializer {
            #expect(throws: WireError.self) { try TranscoderTests.transcode([UInt8](hex: hex), serializer, target) }
        }
    }
}
