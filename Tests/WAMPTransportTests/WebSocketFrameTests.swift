import NIOCore
import Testing
import WAMPTransport

@Suite struct WebSocketFrameTests {
    @Test(arguments: [0, 1, 125, 126, 65535, 65536, 1 << 20])
    func `what is written is read back`(length: Int) throws {
        let payload = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 13) & 0x7F }
        for framing in [Framing.webSocketText, .webSocketBinary] {
            var bytes: [UInt8] = []
            framing.writeHeader(length: length, into: &bytes)
            #expect(bytes.count == WebSocketFrame.headerLength(for: length))
            var client = WebSocketFrameParser(side: .client, messageBytesMax: length)
            client.append(ByteBuffer(bytes: bytes + payload))
            #expect(
                try client.next() == .message(ByteBuffer(bytes: payload), isText: framing == .webSocketText))
        }
        var masked: [UInt8] = [0xEE]
        WebSocketFrame.writeMasked(.binary, payload: payload, maskingKey: 0xA1B2_C3D4, into: &masked)
        #expect(masked == [0xEE] + frame(0x2, payload, key: [0xD4, 0xC3, 0xB2, 0xA1]))
        var server = WebSocketFrameParser(side: .server, messageBytesMax: length)
        server.append(ByteBuffer(bytes: masked.dropFirst()))
        #expect(try server.next() == .message(ByteBuffer(bytes: payload), isText: false))
    }

    @Test func `a reason that is too long for a close frame is cut between two characters`() throws {
        let bytes = Framing.webSocketText.close(.goingAway, reason: String(repeating: "ä", count: 100))
        var client = WebSocketFrameParser(side: .client, messageBytesMax: 0)
        client.append(ByteBuffer(bytes: bytes))
        #expect(try client.next() == .close(.goingAway, reason: String(repeating: "ä", count: 61)))
        #expect(Framing.webSocketText.close(nil) == [0x88, 0])
        #expect(Framing.rawSocket.close(.goingAway) == [])
    }

    @Test func `pings and pongs carry their payload in both framings`() throws {
        #expect(Framing.webSocketBinary.ping([1, 2]) == [0x89, 2, 1, 2])
        #expect(Framing.webSocketText.pong([1]) == [0x8A, 1, 1])
        #expect(Framing.rawSocket.ping([1, 2]) == [1, 0, 0, 2, 1, 2])
        #expect(Framing.rawSocket.pong([]) == [2, 0, 0, 0])
    }
}
