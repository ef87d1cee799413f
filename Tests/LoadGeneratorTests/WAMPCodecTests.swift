import NIOCore
import NIOHTTP1
import Testing
import WAMP
import WAMPClient
import WAMPTransport

@testable import LoadGenerator

@Suite struct WAMPCodecTests {
    @Test(arguments: Serializer.allCases)
    func `a glance tells a message's type and first id`(_ serializer: Serializer) throws {
        func glance(_ text: String) throws -> MessageGlance? {
            let bytes = try Value.decode(Array(text.utf8), .json).encoded(serializer)
            return try MessageGlance(bytes.span, serializer)
        }
        let result = try glance(#"[50,7814135,{},["x"]]"#)
        #expect(result?.type == .result && result?.id == 7_814_135)
        #expect(try glance(#"[1,"realm1",{}]"#) == nil)
        #expect(try glance(#"[99,1]"#) == nil)
        #expect(try glance("[]") == nil)
    }

    @Test(arguments: Serializer.allCases)
    func `a subscriber joins, subscribes to its topics, and is ready`(_ serializer: Serializer) throws {
        var peer = try Peer(LoadRole(.subscriber, number: 0, topics: 3..<5), serializer, topicCount: 10)
        #expect(try peer.sent() == [["1", "realm1"]])
        try peer.hears("[2,99,{}]")
        #expect(try peer.sent() == [["32", "1", "x.t000003.any.value"], ["32", "2", "x.t000004.any.value"]])
        #expect(peer.signals.isEmpty)
        try peer.hears("[33,1,100]", "[33,2,101]")
        #expect(peer.signals == [.ready])
    }

    @Test(arguments: Serializer.allCases)
    func `a stamp comes back out of an event, whatever stands around it`(_ serializer: Serializer) throws {
        var publisher = try Peer(LoadRole(.publisher, number: 0), serializer)
        try publisher.hears("[2,99,{}]")
        let stamp = LoadStamp(publisher: 3, time: 0xABCD)
        #expect(publisher.codec.publish(topic: 0, stamp) == 1)
        let payload = "0003\("00000000abcd")\(String(repeating: "x", count: 4))"
        _ = try publisher.sent()
        var subscriber = try Peer(LoadRole(.subscriber, number: 0), serializer)
        try subscriber.hears("[2,99,{}]", "[33,1,100]")
        try subscriber.hears(
            #"[36,100,555,{},["\#(payload)"]]"#, #"[36,100,556,{"topic":"a"},["\#(payload)"],{"b":[1]}]"#,
            #"[36,100,557,{},["no stamp at all in it"]]"#)
        #expect(subscriber.signals == [.ready, .event(stamp), .event(stamp), .event(nil)])
    }

    @Test func `a callee answers each invocation`() throws {
        var callee = try Peer(LoadRole(.callee, number: 0), .messagePack)
        try callee.hears("[2,99,{}]", "[65,1,7]")
        _ = try callee.sent()
        try callee.hears(#"[68,31,7,{},["x"]]"#, #"[68,32,7,{},["x"]]"#)
        #expect(try callee.sent().map { $0.prefix(2) } == [["70", "31"], ["70", "32"]])
    }

    @Test func `results and refusals are known by their calls`() throws {
        var caller = try Peer(LoadRole(.caller, number: 0), .json)
        try caller.hears("[2,99,{}]")
        #expect(caller.codec.call() == 1 && caller.codec.call() == 2)
        try caller.hears("[50,2,{}]", #"[8,48,1,{},"wamp.error.no_such_procedure"]"#)
        #expect(caller.signals == [.ready, .result(2), .failed(1)])
        #expect(caller.codec.latestError == "wamp.error.no_such_procedure")
    }

    @Test func `an ABORT says why there is no session`() throws {
        var peer = try Peer(LoadRole(.idle, number: 0), .json)
        #expect(throws: LoadError("the router ends the session: no realm realm1 exists here")) {
            try peer.hears(#"[3,{"message":"no realm realm1 exists here"},"wamp.error.no_such_realm"]"#)
        }
    }

    @Test func `a farewell is over when it is answered`() throws {
        var peer = try Peer(LoadRole(.idle, number: 0), .json)
        try peer.hears("[2,99,{}]")
        #expect(peer.codec.leave())
        try peer.hears(#"[6,{},"wamp.close.goodbye_and_out"]"#)
        #expect(peer.signals == [.ready, .left])
    }

    @Test func `a status line and headers are read`() {
        let head = WAMPOpening.head("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nA:b: c")
        #expect(head?.status == .switchingProtocols && head?.headers["upgrade"] == ["websocket"])
        #expect(head?.headers["a"] == ["b: c"])
        #expect(WAMPOpening.head("SSH-2.0-OpenSSH") == nil && WAMPOpening.head("HTTP/1.1 ok") == nil)
    }
}

/// A codec on a RawSocket whose router is the test.
private struct Peer {
    let codec: WAMPCodec
    let serializer: Serializer
    var signals: [LoadSignal] = []

    init(_ role: LoadRole, _ serializer: Serializer, topicCount: Int = 1) throws {
        var load = WAMPLoad(endpoint: try #require(ClientEndpoint("rs://127.0.0.1:1")), realm: "realm1")
        (load.serializer, load.receiverSerializer, load.topicCount) = (serializer, serializer, topicCount)
        (load.uri, load.payloadBytes) = ("x", 20)
        codec = WAMPCodec(load, role)
        self.serializer = serializer
        codec.begin()
        var octets = ByteBuffer()
        codec.drain(into: &octets)
        #expect(octets.readableBytes == RawSocketHandshake.bytes)
        try codec.receive(ByteBuffer(buffer: octets), &signals)
    }

    /// What the codec has written: of each message its first elements as text, as far as they are scalars.
    func sent() throws -> [[String]] {
        var buffer = ByteBuffer()
        codec.drain(into: &buffer)
        var parser = RawSocketFrameParser(messageBytesMax: 1 << 20)
        parser.append(buffer)
        var messages: [[String]] = []
        while case .message(let message, _) = try parser.next() {
            let elements = try Value.decode(message.readableBytesUInt8Span, serializer).list ?? []
            messages.append(elements.compactMap { $0.string ?? $0.integer.map { "\($0)" } })
        }
        return messages
    }

    mutating func hears(_ messages: String...) throws {
        var bytes: [UInt8] = []
        for text in messages {
            let message = try Value.decode(Array(text.utf8), .json).encoded(serializer)
            Framing.rawSocket.writeHeader(length: message.count, into: &bytes)
            bytes += message
        }
        try codec.receive(ByteBuffer(bytes: bytes), &signals)
    }
}
