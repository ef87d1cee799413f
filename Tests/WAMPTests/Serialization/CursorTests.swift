import Testing
import WAMP

@Suite struct CursorTests {
    @Test(arguments: Serializer.allCases)
    func `a message is walked element by element`(_ serializer: Serializer) throws {
        let frame = Value.list([36, "a.b", ["k": [true, nil]], 0.5]).encoded(serializer)
        let bytes = frame.span
        var cursor = Cursor(serializer)
        guard case .list(var list) = try cursor.next(bytes) else { throw Unexpected() }
        #expect(list.count == (serializer == .json ? nil : 4))
        #expect(try cursor.more(&list, bytes))
        guard case .integer(36) = try cursor.next(bytes) else { throw Unexpected() }
        #expect(try cursor.more(&list, bytes))
        guard case .string(let topic) = try cursor.next(bytes) else { throw Unexpected() }
        #expect(cursor.string(topic, bytes) == "a.b" && !topic.isEscaped && topic.range.count == 3)
        #expect(try cursor.more(&list, bytes))
        guard case .dictionary(var dictionary) = try cursor.next(bytes) else { throw Unexpected() }
        #expect(try cursor.more(&dictionary, bytes))
        #expect(cursor.string(try cursor.key(bytes), bytes) == "k")
        let value = try cursor.skip(bytes)
        #expect(try Value.decode(Array(frame[value.range]), serializer) == [true, nil])
        #expect(try !cursor.more(&dictionary, bytes))
        #expect(try cursor.more(&list, bytes))
        guard case .double(0.5) = try cursor.next(bytes) else { throw Unexpected() }
        #expect(try !cursor.more(&list, bytes))
        try cursor.end(bytes)
        #expect(cursor.position == frame.count)
    }

    @Test func `a skipped value lies without the white space around it`() throws {
        let bytes = [UInt8](json: "  [ 1 , {} ]  ")
        var cursor = Cursor(.json)
        #expect(try cursor.skip(bytes.span) == ByteRange(2, 12))
        try cursor.end(bytes.span)
    }

    @Test func `a string token is the contents without quotes or header`() throws {
        for (serializer, hex) in [(Serializer.json, "22616222"), (.messagePack, "d9026162"), (.cbor, "78026162")] {
            let bytes = [UInt8](hex: hex)
            var cursor = Cursor(serializer)
            guard case .string(let token) = try cursor.next(bytes.span) else { throw Unexpected() }
            #expect(Array(bytes[token.range.range]) == [UInt8](json: "ab"))
        }
    }

    @Test(arguments: Serializer.allCases)
    func `as many containers may be open as the cursor allows`(_ serializer: Serializer) throws {
        for depthMax in [0, 1, 2, 63, 64, 65, 1000] {
            let allowed = min(depthMax, Cursor.depthLimit)
            for isDictionary in [false, true] {
                let fits = nested(allowed, isDictionary: isDictionary).encoded(serializer)
                var cursor = Cursor(serializer, depthMax: depthMax)
                #expect(try cursor.skip(fits.span).count == fits.count)
                #expect(throws: Never.self) { try Value.decode(fits.span, serializer, depthMax: depthMax) }

                let tooDeep = nested(allowed + 1, isDictionary: isDictionary).encoded(serializer)
                let error = #expect(throws: WireError.self) {
                    try Value.decode(tooDeep.span, serializer, depthMax: depthMax)
                }
                #expect(error?.kind == .nestedTooDeep)
                let skipError = #expect(throws: WireError.self) {
                    var cursor = Cursor(serializer, depthMax: depthMax)
                    _ = try cursor.skip(tooDeep.span)
                }
                #expect(skipError == error)
            }
        }
    }

    @Test(arguments: Serializer.allCases)
    func `containers that were closed do not count`(_ serializer: Serializer) throws {
        let siblings = Value.list(Array(repeating: nested(2, isDictionary: true), count: 100)).encoded(serializer)
        #expect(throws: Never.self) { try Value.decode(siblings.span, serializer, depthMax: 3) }
        let error = #expect(throws: WireError.self) { try Value.decode(siblings.span, serializer, depthMax: 2) }
        #expect(error?.kind == .nestedTooDeep)
    }

    @Test(arguments: Serializer.allCases)
    func `what the cursor has open counts when it skips`(_ serializer: Serializer) throws {
        let bytes = nested(3, isDictionary: false).encoded(serializer)
        var cursor = Cursor(serializer, depthMax: 2)
        guard case .list(var list) = try cursor.next(bytes.span) else { throw Unexpected() }
        #expect(try cursor.more(&list, bytes.span))
        let error = #expect(throws: WireError.self) { _ = try cursor.skip(bytes.span) }
        #expect(error?.kind == .nestedTooDeep)
    }

    @Test(arguments: [
        (Serializer.json, "["), (.json, #"{"a":"#), (.messagePack, "\u{91}"), (.cbor, "\u{9F}"),
    ])
    func `a million openings end at the limit`(_ serializer: Serializer, _ opening: String) {
        let one = opening.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
        var bytes = one
        while bytes.count < 1_000_000 { bytes += bytes }
        let error = #expect(throws: WireError.self) { try Value.decode(bytes, serializer) }
        #expect(error == WireError(.nestedTooDeep, at: Cursor.depthLimit * one.count))
    }

    @Test func `keys that are there twice: skipping does not mind, decoding keeps the last`() throws {
        for (serializer, bytes) in [
            (Serializer.json, [UInt8](json: #"{"a":1,"a":2}"#)), (.messagePack, [UInt8](hex: "82 a16101 a16102")),
            (.cbor, [UInt8](hex: "a2 616101 616102")),
        ] {
            var cursor = Cursor(serializer)
            #expect(try cursor.skip(bytes.span).count == bytes.count)
            #expect(try Value.decode(bytes, serializer) == ["a": 2])
        }
    }

    @Test(arguments: Serializer.allCases)
    func `a frame too long for offsets of 32 bits is refused before it is read`(_ serializer: Serializer) {
        let start = [UInt8](json: "[1]")
        start.withUnsafeBufferPointer { buffer in
            // The length is a lie, which is noticed before anybody believes it.
            let bytes = UnsafeBufferPointer(start: buffer.baseAddress, count: ByteRange.offsetMax + 1).span
            var cursor = Cursor(serializer)
            #expect((try? cursor.next(bytes)) == nil)
            #expect((try? cursor.key(bytes)) == nil)
            #expect((try? cursor.skip(bytes)) == nil)
            #expect(cursor.position == 0)
        }
    }

    /// Containers, one in the other; none is null.
    private func nested(_ levels: Int, isDictionary: Bool) -> Value {
        (0..<levels).reduce(Value.null) { value, _ in isDictionary ? ["k": value] : [value] }
    }

    private struct Unexpected: Error {}
}
