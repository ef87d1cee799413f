import Testing
import WAMP

@Suite struct ValueCodingTests {
    @Test(arguments: Serializer.allCases)
    func `random values come back as they were`(_ serializer: Serializer) throws {
        var generator = SeededGenerator(seed: 0x7661_6C75)
        for _ in 0..<400 {
            let value = Value.random(using: &generator)
            let bytes = value.encoded(serializer)
            let decoded = try Value.decode(bytes, serializer)
            #expect(Agreement.isSame(decoded, serializer == .json ? Agreement.throughJSON(value) : value))
            #expect(Agreement.difference(bytes, serializer) == nil)
            #expect(Agreement.transcodingDifference(bytes, serializer) == nil)
        }
    }

    @Test func `doubles come back from JSON to the last bit`() throws {
        var generator = SeededGenerator(seed: 0x646F_7562)
        for _ in 0..<4000 {
            let bits = UInt64.random(in: 0...UInt64.max, using: &generator)
            let number = Double(bitPattern: bits)
            guard number.isFinite else { continue }
            #expect(try Value.decode(Value.double(number).encoded(.json), .json) == .double(number))
        }
    }

    @Test func `JSON numbers are read as the standard library reads them`() throws {
        var generator = SeededGenerator(seed: 0x6E75_6D62)
        for _ in 0..<4000 {
            let digits = (0..<Int.random(in: 1...24, using: &generator)).map { _ in
                String(Int.random(in: 0...9, using: &generator))
            }
            let text =
                "1\(digits.joined()).\(digits.reversed().joined())e\(Int.random(in: -340...300, using: &generator))"
            #expect(try Value.decode([UInt8](json: text), .json).double == Double(text))
            let short = "0.\(digits.prefix(8).joined())e\(Int.random(in: -30...30, using: &generator))"
            #expect(try Value.decode([UInt8](json: short), .json).double == Double(short))
        }
    }

    // The byte strings are wamp-proto's test vectors for these messages.
    @Test(arguments: [
        (
            #"[49,7814135,{}]"#, "9331ce00773bf780", "8318311a00773bf7a0"
        ),
        (
            #"[337, 5512315355]"#, "92cd0151cf00000001488f41db", "821901511b00000001488f41db"
        ),
        (
            #"[16,239714735,{"exclude_me":false},"com.myapp.mytopic1",["Hello, world!"]]"#, Samples.messagePack[0],
            Samples.cbor[0]
        ),
        (
            #"[36,9823526,112233445566,{},["Hello, event!"]]"#,
            "9524ce0095e526cf0000001a21a278be8091ad48656c6c6f2c206576656e7421",
            "8518241a0095e5261b0000001a21a278bea0816d48656c6c6f2c206576656e7421"
        ),
        (
            #"[3, {}, "wamp.error.system_shutdown"]"#, "930380ba77616d702e6572726f722e73797374656d5f73687574646f776e",
            "8303a0781a77616d702e6572726f722e73797374656d5f73687574646f776e"
        ),
    ])
    func `one message in three serializers is one value`(_ json: String, _ pack: String, _ cbor: String) throws {
        let value = try Value.decode([UInt8](json: json), .json)
        #expect(try Value.decode([UInt8](hex: pack), .messagePack) == value)
        #expect(try Value.decode([UInt8](hex: cbor), .cbor) == value)
        #expect(value.encoded(.messagePack) == [UInt8](hex: pack))
        #expect(value.encoded(.cbor) == [UInt8](hex: cbor))
    }
}
