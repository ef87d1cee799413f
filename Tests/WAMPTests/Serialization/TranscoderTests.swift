import Testing
import WAMP

@Suite struct TranscoderTests {
    static func transcode(_ bytes: [UInt8], _ source: Serializer, _ target: Serializer) throws -> [UInt8] {
        var writer = ValueWriter(target)
        try Transcoder.transcode(bytes.span, ByteRange(0, bytes.count), from: source, into: &writer)
        return writer.bytes
    }

    @Test(arguments: [
        (
            #"[36,9823526,112233445566,{},["Hello, event!"]]"#,
            "9524ce0095e526cf0000001a21a278be8091ad48656c6c6f2c206576656e7421"
        ),
        (
            #"[ 1.5 , -1 , "\u00e4\n" , "\u0000AQID" , null , true ]"#,
            "96 cb3ff8000000000000 ff a3c3a40a c403010203 c0 c3"
        ),
        (#"{"a":{},"b":[],"a":1}"#, "83 a161 80 a162 90 a161 01"),
    ])
    func `JSON to MessagePack`(_ json: String, _ hex: String) throws {
        #expect(try Self.transcode([UInt8](json: json), .json, .messagePack) == [UInt8](hex: hex))
    }

    @Test(arguments: [
        ("9f 01 bf 6161 7f 61c3 ff ff ff", nil),
        ("9f 01 bf 6161 7f 6162 6163 ff ff 5f 4101 4102 ff ff", #"[1,{"a":"bc"},"\u0000AQI="]"#),
        ("82 f93e00 f97e00", "[1.5,null]"), ("c1 1a514b67b0", "1363896240"), ("a1 7f 6161 ff f7", #"{"a":null}"#),
    ])
    func `CBOR to JSON`(_ hex: String, _ json: String?) throws {
        let transcoded = try? Self.transcode([UInt8](hex: hex), .cbor, .json)
        #expect(transcoded.map { String(decoding: $0, as: UTF8.self) } == json)
    }

    @Test func `infinities and no number survive between MessagePack and CBOR`() throws {
        for number in [Double.infinity, -.infinity, .nan] {
            let there = try Self.transcode(Value.double(number).encoded(.messagePack), .messagePack, .cbor)
            let back = try Self.transcode(there, .cbor, .messagePack)
            #expect(Agreement.isSame(try Value.decode(back, .messagePack), .double(number)))
        }
    }

    @Test(arguments: [0, 1, 15, 16, 23, 24, 65536])
    func `a container of unknown length gets the shortest header for its count`(_ count: Int) throws {
        let list = Value.list(Array(repeating: "x", count: count))
        let dictionary = Value.dictionary(["a": list, "b": [list, list]])
        for target in [Serializer.messagePack, .cbor] {
            #expect(try Self.transcode(list.encoded(.json), .json, target) == list.encoded(target))
            let transcoded = try Self.transcode(dictionary.encoded(.json), .json, target)
            #expect(transcoded.count == dictionary.encoded(target).count)
            #expect(try Value.decode(transcoded, target) == dictionary)
        }
    }

    @Test func `from JSON over CBOR and MessagePack back to JSON nothing changes`() throws {
        var generator = SeededGenerator(seed: 0x6A73_6F6E)
        for _ in 0..<200 {
            let json = Agreement.throughJSON(.random(using: &generator)).encoded(.json)
            let cbor = try Self.transcode(json, .json, .cbor)
            let pack = try Self.transcode(cbor, .cbor, .messagePack)
            #expect(try Self.transcode(pack, .messagePack, .json) == json)
        }
    }

    @Test(arguments: Serializer.allCases)
    func `the same serializer passes the bytes on as they are`(_ serializer: Serializer) throws {
        for bytes in Samples.bytes(serializer) { #expect(try Self.transcode(bytes, serializer, serializer) == bytes) }
    }

    @Test func `a value is found in its frame by its range`() throws {
        let frame = [UInt8](json: #"[1, {"a": [2]} ,3]"#)
        var writer = ValueWriter(.messagePack)
        try Transcoder.transcode(frame.span, ByteRange(4, 14), from: .json, into: &writer)
        #expect(writer.bytes == [UInt8](hex: "81 a161 91 02"))
        writer.reset()
        let whole = [UInt8](json: "\n [1, 2] \n ")
        try Transcoder.transcode(whole.span, ByteRange(0, whole.count), from: .json, into: &writer)
        #expect(writer.bytes == [UInt8](hex: "92 01 02"))
        let two = [UInt8](json: "[1] 2")
        #expect(throws: WireError(.malformed, at: 4)) {
            try Transcoder.transcode(two.span, ByteRange(0, two.count), from: .json, into: &writer)
        }
        #expect(throws: WireError(.malformed, at: 14)) {
            try Transcoder.transcode(frame.span, ByteRange(4, 13), from: .json, into: &writer)
        }
    }

    @Test(arguments: Serializer.allCases)
    func `what cannot be read leaves the writer as it was`(_ target: Serializer) throws {
        for (source, bytes) in [
            // Broken off after a key, after a value, at once.
            (Serializer.json, [UInt8](json: #"[1,{"a":tru}]"#)), (.json, [UInt8](json: "[1,tru]")),
            (.json, [UInt8](json: "tru")), (.messagePack, [UInt8](hex: "93 01 81 a161 c1 01")),
            (.messagePack, [UInt8](hex: "92 01 c1")), (.cbor, [UInt8](hex: "9f 01 a1 6161 ff 01 ff")),
            (.cbor, [UInt8](hex: "82 01 ff")),
        ] {
            for elements in [Value.list([7]), [6, 7]] {
                var writer = ValueWriter(target)
                writer.beginList(elements.list?.count ?? 0)
                for element in elements.list?.dropLast() ?? [] { writer.value(element) }
                let before = writer.bytes
                #expect(throws: WireError.self) {
                    try Transcoder.transcode(bytes.span, ByteRange(0, bytes.count), from: source, into: &writer)
                }
                #expect(writer.bytes == before)
                writer.integer(7)
                writer.endList()
                #expect(try Value.decode(writer.bytes, target) == elements)
            }
        }
    }
}
