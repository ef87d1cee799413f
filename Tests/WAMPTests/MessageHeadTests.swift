import Testing
import WAMP

/// Spec: WAMP-04 "Message Definitions", "Protocol Violations".
@Suite struct MessageHeadTests {
    private func decode(_ json: String, as serializer: Serializer = .json) throws -> (MessageHead, [UInt8]) {
        let bytes = try Value.decode(Array(json.utf8), .json).encoded(serializer)
        return (try MessageHead.decode(bytes.span, serializer), bytes)
    }

    @Test(arguments: Serializer.allCases)
    func `a PUBLISH's parts are found where they lie`(_ serializer: Serializer) throws {
        let (head, bytes) = try decode(
            #"[16, 239714735, {"acknowledge": true}, "com.x", [1], {"k": 2}]"#, as: serializer)
        #expect(head.type == .publish)
        #expect(head.request == 239_714_735)
        #expect(String(decoding: bytes[head.uri.range], as: UTF8.self) == "com.x")
        #expect(try Value.decode(bytes.span, head.dictionary, serializer) == ["acknowledge": true])
        #expect(try Value.decode(bytes.span, head.arguments, serializer) == [1])
        #expect(try Value.decode(bytes.span, head.argumentsKw, serializer) == ["k": 2])
    }

    @Test(arguments: [
        (#"[1, "realm1", {}]"#, MessageType.hello, 0, 0), (#"[2, 9, {}]"#, .welcome, 0, 9),
        (#"[3, {}, "com.bye"]"#, .abort, 0, 0), (#"[4, "ticket", {}]"#, .challenge, 0, 0),
        (#"[5, "secret", {}]"#, .authenticate, 0, 0), (#"[6, {}, "com.bye"]"#, .goodbye, 0, 0),
        (#"[8, 48, 7, {}, "com.error", [1], {}]"#, .error, 7, 48), (#"[16, 7, {}, "t"]"#, .publish, 7, 0),
        (#"[17, 7, 9]"#, .published, 7, 9), (#"[32, 7, {}, "t"]"#, .subscribe, 7, 0),
        (#"[33, 7, 9]"#, .subscribed, 7, 9),
        (#"[34, 7, 9]"#, .unsubscribe, 7, 9), (#"[35, 7]"#, .unsubscribed, 7, 0),
        (#"[35, 0, {"subscription": 9}]"#, .unsubscribed, 0, 0), (#"[36, 9, 7, {}, []]"#, .event, 7, 9),
        (#"[48, 7, {}, "p", []]"#, .call, 7, 0), (#"[49, 7, {}]"#, .cancel, 7, 0), (#"[50, 7, {}, []]"#, .result, 7, 0),
        (#"[64, 7, {}, "p"]"#, .register, 7, 0), (#"[65, 7, 9]"#, .registered, 7, 9),
        (#"[66, 7, 9]"#, .unregister, 7, 9),
        (#"[67, 7]"#, .unregistered, 7, 0), (#"[68, 7, 9, {}, []]"#, .invocation, 7, 9),
        (#"[69, 7, {}]"#, .interrupt, 7, 0), (#"[70, 7, {}, []]"#, .yield, 7, 0),
    ])
    func `each message has its layout`(_ json: String, _ type: MessageType, _ request: UInt64, _ id: UInt64) throws {
        for serializer in Serializer.allCases {
            let (head, _) = try decode(json, as: serializer)
            #expect(head.type == type)
            #expect(head.request == request)
            #expect(head.id == id)
        }
    }

    @Test(arguments: [
        "[]", "{}", "1", #""hello""#, "null", "[99]", "[300, 1]", "[-1]", #"["16", 1, {}, "t"]"#, #"[16, 1, {}]"#,
        #"[16, 1, [], "t"]"#, #"[16, 1, {}, 5]"#, #"[16, "1", {}, "t"]"#, #"[16, 0, {}, "t"]"#, #"[16, -1, {}, "t"]"#,
        #"[16, 9007199254740993, {}, "t"]"#, #"[16, 1.5, {}, "t"]"#, #"[16, 1, {}, "t", {}]"#,
        #"[16, 1, {}, "t", [], []]"#,
        #"[16, 1, {}, "t", [], {}, 1]"#, #"[17, 1]"#, #"[17, 1, 2, 3]"#, #"[34, 1, 0]"#, #"[1, {}, "realm1"]"#,
        #"[35, 1, "x"]"#, #"[16, 1, {}, "t", "text"]"#,
    ])
    func `what is well-formed and no message is refused as such`(_ json: String) throws {
        for serializer in Serializer.allCases {
            #expect { _ = try decode(json, as: serializer) } throws: { error in
                (error as? WireError)?.kind == .invalidMessage
            }
        }
    }

    /// What this process has encoded is not walked through again, and is found in the same place.
    @Test(arguments: [
        #"[16, 1, {}, "t"]"#, #"[16, 1, {}, "t", []]"#, #"[16, 1, {}, "t", [1, [2, "x"], {"k": null}]]"#,
        #"[16, 1, {}, "t", [1], {"k": 2}]"#, #"[70, 1, {}, [{"rows": [1, 2]}]]"#, #"[8, 68, 1, {}, "e", ["why"]]"#,
    ])
    func `a trusted payload lies where a checked one does`(_ json: String) throws {
        for serializer in Serializer.allCases {
            let (head, bytes) = try decode(json, as: serializer)
            #expect(try MessageHead.decode(bytes.span, serializer, trustsPayload: true) == head)
        }
    }

    @Test func `trust ends at the payload`() {
        // A PUBLISH whose topic is no UTF-8; whose arguments are no list.
        let topic: [UInt8] = [0x95, 16, 1, 0x80, 0xA1, 0xFF, 0x90]
        let arguments: [UInt8] = [0x95, 16, 1, 0x80, 0xA1, 0x74, 5]
        for bytes in [topic, arguments] {
            #expect(throws: WireError.self) {
                _ = try MessageHead.decode(bytes.span, .messagePack, trustsPayload: true)
            }
        }
    }

    @Test func `every beginning of a message is refused`() throws {
        let json = #"[16, 239714735, {"acknowledge": true}, "com.x", [1, "two", null], {"k": 2.5}]"#
        for serializer in Serializer.allCases {
            let bytes = try Value.decode(Array(json.utf8), .json).encoded(serializer)
            for count in bytes.indices {
                #expect(throws: WireError.self) {
                    _ = try MessageHead.decode(Array(bytes[..<count]).span, serializer)
                }
            }
        }
    }

    @Test(arguments: [#"[16, 1, {}, "com.\u0078"]"#, #"[16, 1, {"acknowledg\u0065": true}, "com.x"]"#])
    func `escapes in a URI or in options are told`(_ json: String) throws {
        #expect(try MessageHead.decode(Array(json.utf8).span, .json).isEscaped)
    }

    @Test func `escapes in a payload are nobody's business`() throws {
        let json = #"[16, 1, {}, "com.x", ["\n"]]"#
        #expect(try !MessageHead.decode(Array(json.utf8).span, .json).isEscaped)
    }

    @Test func `an id may be written as a JavaScript number`() throws {
        #expect(try MessageHead.decode(Array(#"[16, 1e3, {}, "t"]"#.utf8).span, .json).request == 1000)
    }

    @Test(arguments: Serializer.allCases)
    func `payload transparency carries one binary value`(_ serializer: Serializer) throws {
        let bytes = Value.list([16, 1, ["enc_algo": "x"], "t", .bytes([1, 2, 3])]).encoded(serializer)
        let head = try MessageHead.decode(bytes.span, serializer)
        #expect(try Value.decode(bytes.span, head.arguments, serializer) == .bytes([1, 2, 3]))
    }
}
