import NIOCore
import Testing
import WAMPTransport

private func raw(_ type: UInt8, _ payload: [UInt8] = []) -> [UInt8] {
    [type, UInt8(payload.count >> 16), UInt8(payload.count >> 8 & 0xFF), UInt8(payload.count & 0xFF)] + payload
}

@Suite struct RawSocketFrameParserTests {
    @Test(arguments: [Int.max, 1, 3, 5, 64])
    func `messages, pings and pongs come out in order however they are cut`(readSize: Int) {
        let long = Array(repeating: UInt8(7), count: 300)
        let bytes = raw(0, [1, 2]) + raw(1, [3]) + raw(0) + raw(2) + raw(0, long) + raw(1)
        let result = parse(bytes, with: RawSocketFrameParser(messageBytesMax: 1000), pieces: readSize)
        #expect(
            result.events == [
                binary([1, 2]), .ping(ByteBuffer(bytes: [3])), binary([]), .pong(ByteBuffer()), binary(long),
                .ping(ByteBuffer()),
            ])
        #expect(result.violation == nil)
    }

    @Test(arguments: [3, 4, 5, 6, 7])
    func `reserved frame types are refused`(type: UInt8) {
        let result = parse(raw(0, [1]) + raw(type), with: RawSocketFrameParser(messageBytesMax: 1000))
        #expect(result.events == [binary([1])])
        #expect(result.violation == .reservedFrameType)
    }

    @Test(arguments: [0x10, 0x20, 0x40, 0x80] as [UInt8])
    func `reserved bits are refused`(bits: UInt8) {
        #expect(parse(raw(bits), with: RawSocketFrameParser(messageBytesMax: 1000)).violation == .reservedBits)
    }

    @Test func `the limit holds for messages, pings and pongs and is told from the header`() {
        for type: UInt8 in 0...2 {
            #expect(
                parse([type, 0, 0, 11], with: RawSocketFrameParser(messageBytesMax: 10)).violation == .messageTooBig)
            #expect(
                parse(raw(type, Array(repeating: 0, count: 10)), with: RawSocketFrameParser(messageBytesMax: 10))
                    .events.count == 1)
        }
    }

    @Test func `the 25th bit means exactly 16 MiB`() throws {
        var parser = RawSocketFrameParser(messageBytesMax: 1 << 24)
        parser.append(ByteBuffer(bytes: [0x08, 0, 0, 0]))
        let chunk = ByteBuffer(repeating: 5, count: 1 << 20)
        for _ in 0..<16 {
            #expect(try parser.next() == nil)
            parser.append(chunk)
        }
        guard case .message(let message, isText: false) = try parser.next() else {
            Issue.record("no message")
            return
        }
        #expect(message.readableBytes == 1 << 24)
        #expect(
            parse([0x08, 0, 0, 1], with: RawSocketFrameParser(messageBytesMax: 1 << 24)).violation == .invalidLength)
        #expect(
            parse([0x08, 0, 0, 0], with: RawSocketFrameParser(messageBytesMax: (1 << 24) - 1)).violation
                == .messageTooBig)
    }

    @Test(arguments: [0, 1, 255, 256, 65535, 65536, (1 << 24) - 1, 1 << 24])
    func `a header says its length`(length: Int) throws {
        var bytes: [UInt8] = []
        Framing.rawSocket.writeHeader(length: length, into: &bytes)
        #expect(bytes.count == RawSocketFrame.headerBytes)
        var parser = RawSocketFrameParser(messageBytesMax: length)
        parser.append(ByteBuffer(bytes: bytes + Array(repeating: 1, count: length)))
        #expect(try parser.next() == .message(ByteBuffer(repeating: 1, count: length), isText: false))
    }
}
