import WAMP

extension Array<UInt8> {
    /// Bytes from hexadecimal digits; spaces separate at will.
    init(hex: String) {
        var bytes: [UInt8] = []
        var pending: UInt8?
        for digit in hex.compactMap(\.hexDigitValue).map(UInt8.init) {
            if let high = pending {
                bytes.append(high << 4 | digit)
                pending = nil
            } else {
                pending = digit
            }
        }
        precondition(pending == nil, "an odd number of digits: \(hex)")
        self = bytes
    }

    init(json: String) { self = Array(json.utf8) }

    var hex: String {
        map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

/// SplitMix64: the same values for the same seed, everywhere.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

extension Value {
    /// A value of any kind, biased towards the edges of every encoding.
    static func random(using generator: inout SeededGenerator, levels: Int = 4) -> Value {
        switch Int.random(in: 0..<(levels > 0 ? 10 : 7), using: &generator) {
        case 0: .null
        case 1: .bool(.random(using: &generator))
        case 2, 3: randomInteger(using: &generator)
        case 4: .double(randomDouble(using: &generator))
        case 5: .string(randomString(using: &generator))
        case 6: .bytes((0..<randomCount(using: &generator)).map { _ in .random(in: 0...255, using: &generator) })
        case 7, 8:
            .list((0..<randomCount(using: &generator) / 8).map { _ in random(using: &generator, levels: levels - 1) })
        default:
            .dictionary(
                Dictionary(
                    (0..<randomCount(using: &generator) / 8).map { _ in
                        (randomString(using: &generator), random(using: &generator, levels: levels - 1))
                    },
                    uniquingKeysWith: { $1 }))
        }
    }

    private static func randomInteger(using generator: inout SeededGenerator) -> Value {
        let magnitude =
            UInt64.random(in: 0...UInt64.max, using: &generator) >> UInt64.random(in: 0..<64, using: &generator)
        guard magnitude <= UInt64(Int64.max) else { return .unsigned(magnitude) }
        return .integer(.random(using: &generator) ? Int64(magnitude) : ~Int64(magnitude))
    }

    private static func randomDouble(using generator: inout SeededGenerator) -> Double {
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: Double(Int.random(in: -1000...1000, using: &generator)) / 8
        case 1:
            [0, -0.0, 1, .greatestFiniteMagnitude, .leastNonzeroMagnitude, .pi].randomElement(using: &generator) ?? 0
        default: Double(bitPattern: .random(in: 0...UInt64.max, using: &generator)).finiteOrZero
        }
    }

    private static func randomString(using generator: inout SeededGenerator) -> String {
        var text = String.UnicodeScalarView()
        let alphabet: [ClosedRange<UInt32>] = [0x20...0x7E, 0x01...0x1F, 0x22...0x22, 0x5C...0x5C, 0xA0...0x7FF]
        let more: [ClosedRange<UInt32>] = [0x20...0x7E, 0x800...0xD7FF, 0x10000...0x10FFFF]
        for _ in 0..<randomCount(using: &generator) {
            let ranges = Bool.random(using: &generator) ? alphabet : more
            let scalar = ranges.randomElement(using: &generator).map { UInt32.random(in: $0, using: &generator) }
            text.append(scalar.flatMap(Unicode.Scalar.init) ?? " ")
        }
        return String(text)
    }

    /// Mostly small; sometimes past the one-byte lengths.
    private static func randomCount(using generator: inout SeededGenerator) -> Int {
        Int.random(in: 0..<16, using: &generator) == 0
            ? .random(in: 200..<400, using: &generator) : .random(in: 0..<40, using: &generator)
    }
}

extension Double {
    fileprivate var finiteOrZero: Double { isFinite ? self : 0 }
}

/// Messages of every shape, as peers send them.
enum Samples {
    static let json = [
        #"[1, "com.example.realm", {"roles": {"subscriber": {}, "publisher": {}}}]"#,
        #"[16,239714735,{"exclude_me":false},"com.myapp.mytopic1",["Hello, world!"]]"#,
        #"[36,9823526,112233445566,{},[],{"t":1.25e3,"u":"\u00e4\ud83d\ude00\n","ok":[true,false,null,-1,0.5]}]"#,
        #"[50,7814135,{},["\u0000AQID",""],{"déjà":"vu","":{"a":[[[]]]}}]"#,
    ]
    static let messagePack = [
        "9510ce0e49c1af81aa6578636c7564655f6d65c2b2636f6d2e6d796170702e6d79746f70696331"
            + "91ad48656c6c6f2c20776f726c6421",
        "9302cf00000002202394b481a5726f6c657382a662726f6b657280a66465616c657280",
        "9632 01 02 80 dc0003 c40101 da0002c3a4 cb3ff8000000000000 de0001 d90161 dd00000001 d3ffffffffffffffff",
    ]
    static let cbor = [
        "85101a0e49c1afa16a6578636c7564655f6d65f472636f6d2e6d796170702e6d79746f70696331"
            + "816d48656c6c6f2c20776f726c6421",
        "8318411a0182cc411a7d5e5168",
        "9f 18 24 01 bf 61 61 7f 62 c3a4 61 62 ff ff 5f 41 01 42 0203 ff c1 f9 3e00 fa 3fc00000 fb 3ff8000000000000 f7 ff",
    ]

    static func bytes(_ serializer: Serializer) -> [[UInt8]] {
        switch serializer {
        case .json: json.map { [UInt8](json: $0) }
        case .messagePack: messagePack.map { [UInt8](hex: $0) }
        case .cbor: cbor.map { [UInt8](hex: $0) }
        }
    }
}
