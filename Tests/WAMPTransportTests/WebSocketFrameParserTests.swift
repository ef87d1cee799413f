import NIOCore
import Testing
import WAMPTransport

// The families of the Autobahn|Testsuite that concern frames (1 framing, 2 pings, 3 reserved bits, 4 opcodes,
// 5 fragmentation, 6 UTF-8, 7 close, 9 limits, 10 auto-fragmentation), restated at the level of the parser. Every
// case runs with the bytes in one read, in reads of one byte, and in reads of odd sizes.

private let readSizes = [Int.max, 1, 3, 7, 64]

private func server(
    max: Int = 1 << 20, type: WebSocketFrameParser.MessageType = .any, check: WebSocketFrameParser.TextCheck = .parser
) -> WebSocketFrameParser {
    WebSocketFrameParser(side: .server, messageBytesMax: max, messageType: type, textCheck: check)
}

struct FrameCase: Sendable, CustomTestStringConvertible {
    var name: String
    var bytes: [UInt8]
    var events: [FrameEvent] = []
    var violation: FramingViolation?
    var testDescription: String { name }
}

@Suite struct WebSocketFrameParserTests {
    @Test(arguments: [0, 1, 125, 126, 127, 128, 65535, 65536, 70001])
    func `a message of any length comes out as it went in`(length: Int) {
        let payload = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ 7) }
        for size in readSizes where size > 1 || length < 1000 {
            let binaryOne = parse(frame(0x2, payload), with: server(), pieces: size)
            #expect(binaryOne.events == [binary(payload)])
            #expect(binaryOne.violation == nil)
            let ascii = payload.map { $0 & 0x7F }
            let textOne = parse(frame(0x1, ascii), with: server(), pieces: size)
            #expect(textOne.events == [.message(ByteBuffer(bytes: ascii), isText: true)])
        }
    }

    @Test(arguments: [2, 8])
    func `a length may use more bytes than it needs`(lengthBytes: Int) {
        #expect(parse(frame(0x1, [0x41], lengthBytes: lengthBytes), with: server()).events == [text("A")])
    }

    static let cases: [FrameCase] = [
        // 2: pings and pongs
        FrameCase(name: "2.1 ping without payload", bytes: frame(0x9), events: [.ping(ByteBuffer())]),
        FrameCase(
            name: "2.3 binary ping", bytes: frame(0x9, [0, 255, 254]),
            events: [.ping(ByteBuffer(bytes: [0, 255, 254]))]),
        FrameCase(
            name: "2.4 ping of 125 bytes", bytes: frame(0x9, Array(repeating: 0xFE, count: 125)),
            events: [.ping(ByteBuffer(repeating: 0xFE, count: 125))]),
        FrameCase(
            name: "2.5 ping of 126 bytes", bytes: frame(0x9, Array(repeating: 0xFE, count: 126)),
            violation: .controlFrameTooLong),
        FrameCase(name: "2.7 unsolicited pong", bytes: frame(0xA, [1]), events: [.pong(ByteBuffer(bytes: [1]))]),
        FrameCase(
            name: "2.10 ten pings", bytes: (0..<10).flatMap { frame(0x9, [$0]) },
            events: (0..<10).map { .ping(ByteBuffer(bytes: [$0])) }),
        // 3: reserved bits; what came before is delivered
        FrameCase(
            name: "3.2 reserved bits after a message", bytes: frame(0x1, [0x61]) + frame(0x1, [0x62], rsv: 2),
            events: [text("a")], violation: .reservedBits),
        FrameCase(name: "3.5 reserved bits in binary", bytes: frame(0x2, [1], rsv: 5), violation: .reservedBits),
        FrameCase(name: "3.6 reserved bits in ping", bytes: frame(0x9, [], rsv: 6), violation: .reservedBits),
        // masking
        FrameCase(name: "unmasked from a client", bytes: frame(0x1, [0x61], key: nil), violation: .unmaskedFrame),
        // 5: fragmentation
        FrameCase(
            name: "5.1 fragmented ping", bytes: frame(0x9, [1], fin: false) + frame(0x0, [2]),
            violation: .fragmentedControlFrame),
        FrameCase(
            name: "5.3 two fragments", bytes: frame(0x1, [0x61], fin: false) + frame(0x0, [0x62]), events: [text("ab")]),
        FrameCase(
            name: "5.6 ping between fragments",
            bytes: frame(0x1, [0x61], fin: false) + frame(0x9, [9]) + frame(0x0, [0x62]),
            events: [.ping(ByteBuffer(bytes: [9])), text("ab")]),
        FrameCase(
            name: "5.9 continuation without a message", bytes: frame(0x0, [1]), violation: .unexpectedContinuation),
        FrameCase(
            name: "5.12 unfinished continuation without a message", bytes: frame(0x0, [1], fin: false),
            violation: .unexpectedContinuation),
        FrameCase(
            name: "5.15 continuation after the end",
            bytes: frame(0x1, [0x61], fin: false) + frame(0x0, [0x62]) + frame(0x0, [0x63]),
            events: [text("ab")], violation: .unexpectedContinuation),
        FrameCase(
            name: "5.18 new message inside a fragmented one",
            bytes: frame(0x1, [0x61], fin: false) + frame(0x1, [0x62]), violation: .unfinishedMessage),
        FrameCase(
            name: "5.19 five fragments and two pings",
            bytes: frame(0x1, [0x61], fin: false) + frame(0x0, [0x62], fin: false) + frame(0x9, [1])
                + frame(0x0, [0x63], fin: false) + frame(0x0, [0x64], fin: false) + frame(0x9, [2])
                + frame(0x0, [0x65]),
            events: [.ping(ByteBuffer(bytes: [1])), .ping(ByteBuffer(bytes: [2])), text("abcde")]),
        // 6: UTF-8
        FrameCase(
            name: "6.1.2 empty fragments", bytes: frame(0x1, [], fin: false) + frame(0x0, [], fin: false) + frame(0x0),
            events: [text("")]),
        FrameCase(
            name: "6.2.3 a character across fragments",
            bytes: Array("Hello-µ@ßöäüàá-UTF-8!!".utf8).enumerated().flatMap {
                frame($0 == 0 ? 0x1 : 0x0, [$1], fin: false)
            } + frame(0x0),
            events: [text("Hello-µ@ßöäüàá-UTF-8!!")]),
        FrameCase(
            name: "6.3.1 surrogate", bytes: frame(0x1, [0xCE, 0xBA, 0xED, 0xA0, 0x80, 0x65]), violation: .invalidUTF8),
        FrameCase(
            name: "6.4.1 bad fragment before the last one",
            bytes: frame(0x1, [0xCE, 0xBA], fin: false) + frame(0x0, [0xF4, 0x90, 0x80, 0x80], fin: false),
            violation: .invalidUTF8),
        FrameCase(name: "6.6.1 cut off", bytes: frame(0x1, [0xCE]), violation: .invalidUTF8),
        FrameCase(
            name: "6.6.x cut off in fragments", bytes: frame(0x1, [0xCE], fin: false) + frame(0x0),
            violation: .invalidUTF8),
        FrameCase(name: "binary is not checked", bytes: frame(0x2, [0xFF, 0xFE]), events: [binary([0xFF, 0xFE])]),
        // 7: close
        FrameCase(
            name: "7.1.3 nothing after a close", bytes: frame(0x8, [0x03, 0xE8]) + frame(0x9, [1]) + frame(0x3),
            events: [.close(.normalClosure, reason: "")]),
        FrameCase(name: "7.3.1 close without payload", bytes: frame(0x8), events: [.close(nil, reason: "")]),
        FrameCase(name: "7.3.2 close of one byte", bytes: frame(0x8, [3]), violation: .truncatedCloseCode),
        FrameCase(
            name: "7.3.4 close with a reason", bytes: frame(0x8, [0x03, 0xE9] + Array("Hällo".utf8)),
            events: [.close(.goingAway, reason: "Hällo")]),
        FrameCase(
            name: "7.3.5 longest reason", bytes: frame(0x8, [0x03, 0xE8] + Array(repeating: 0x2A, count: 123)),
            events: [.close(.normalClosure, reason: String(repeating: "*", count: 123))]),
        FrameCase(
            name: "7.3.6 reason too long", bytes: frame(0x8, [0x03, 0xE8] + Array(repeating: 0x2A, count: 124)),
            violation: .controlFrameTooLong),
        FrameCase(
            name: "7.5.1 reason is no UTF-8", bytes: frame(0x8, [0x03, 0xE8, 0xCE, 0xBA, 0xE1]), violation: .invalidUTF8
        ),
        FrameCase(
            name: "close inside a fragmented message",
            bytes: frame(0x1, [0x61], fin: false) + frame(0x8, [0x03, 0xE8]),
            events: [.close(.normalClosure, reason: "")]),
    ]

    @Test(arguments: cases)
    func `a table of frames`(_ example: FrameCase) {
        for size in readSizes {
            let result = parse(example.bytes, with: server(), pieces: size)
            #expect(result.events == example.events, "in reads of \(size)")
            #expect(result.violation == example.violation, "in reads of \(size)")
        }
    }

    @Test(arguments: [3, 4, 5, 6, 7, 11, 12, 13, 14, 15])
    func `4: reserved opcodes are refused`(opcode: UInt8) {
        let result = parse(frame(0x1, [0x61]) + frame(opcode, [1]), with: server())
        #expect(result.events == [text("a")])
        #expect(result.violation == .reservedFrameType)
    }

    @Test(arguments: [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1014, 3000, 3999, 4000, 4999])
    func `7.7: codes that may be sent`(code: UInt16) {
        let result = parse(frame(0x8, [UInt8(code >> 8), UInt8(code & 0xFF)]), with: server())
        #expect(result.events == [.close(WebSocketCloseCode(code), reason: "")])
    }

    @Test(arguments: [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535])
    func `7.9: codes that must not be sent`(code: UInt16) {
        let result = parse(frame(0x8, [UInt8(code >> 8), UInt8(code & 0xFF)]), with: server())
        #expect(result.events.isEmpty)
        #expect(result.violation == .invalidCloseCode)
    }

    @Test(arguments: readSizes)
    func `10: a message in 65,536 bytes of fragments of 1,300`(readSize: Int) {
        let payload = (0..<65536).map { UInt8(truncatingIfNeeded: $0) & 0x7F }
        var bytes: [UInt8] = []
        for start in stride(from: 0, to: payload.count, by: 1300) {
            let end = min(start + 1300, payload.count)
            bytes += frame(start == 0 ? 0x1 : 0x0, Array(payload[start..<end]), fin: end == payload.count)
        }
        let result = parse(bytes, with: server(), pieces: readSize)
        #expect(result.events == [.message(ByteBuffer(bytes: payload), isText: true)])
    }

    // MARK: Limits

    @Test func `a message of exactly the limit is accepted and one byte more is refused from its header`() {
        let exact = parse(frame(0x2, Array(repeating: 1, count: 1000)), with: server(max: 1000))
        #expect(exact.events.count == 1)
        let header = frame(0x2, Array(repeating: 1, count: 1001)).prefix(8)
        #expect(parse(Array(header), with: server(max: 1000)).violation == .messageTooBig)
    }

    @Test(arguments: readSizes)
    func `fragments are summed`(readSize: Int) {
        let bytes =
            frame(0x2, Array(repeating: 1, count: 600), fin: false) + frame(0x0, Array(repeating: 2, count: 401))
        let result = parse(bytes, with: server(max: 1000), pieces: readSize)
        #expect(result.events.isEmpty)
        #expect(result.violation == .messageTooBig)
    }

    @Test(arguments: [UInt64(1) << 62, UInt64(Int.max), 1 << 40])
    func `a length that cannot be is refused without memory for it`(length: UInt64) {
        let bytes = [0x82, 0xFF] + (0..<8).map { UInt8(truncatingIfNeeded: length >> (56 - 8 * $0)) } + [1, 2, 3, 4]
        #expect(parse(bytes, with: server()).violation == .messageTooBig)
    }

    @Test func `a length with its highest bit is refused`() {
        let bytes: [UInt8] = [0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]
        #expect(parse(bytes, with: server()).violation == .invalidLength)
    }

    @Test func `the limit can be raised between two messages and lowered below what has arrived`() throws {
        var parser = server(max: 10)
        parser.append(ByteBuffer(bytes: frame(0x2, Array(repeating: 1, count: 10))))
        #expect(try parser.next() != nil)
        parser.messageBytesMax = 100
        parser.append(ByteBuffer(bytes: frame(0x2, Array(repeating: 1, count: 100), fin: false)))
        #expect(try parser.next() == nil)
        parser.messageBytesMax = 50
        parser.append(ByteBuffer(bytes: frame(0x0, [])))
        #expect(throws: FramingViolation.messageTooBig) { try parser.next() }
    }

    @Test func `control frames do not count against the limit`() {
        #expect(parse(frame(0x9, Array(repeating: 0, count: 125)), with: server(max: 1)).events.count == 1)
    }

    // MARK: Subprotocols, sides, order

    @Test func `a text subprotocol refuses binary messages and the other way round`() {
        #expect(parse(frame(0x2, [1]), with: server(type: .text)).violation == .wrongMessageType)
        #expect(parse(frame(0x1, [0x61]), with: server(type: .binary)).violation == .wrongMessageType)
        #expect(FramingViolation.wrongMessageType.closeCode == .unsupportedData)
    }

    @Test func `UTF-8 of a frame that arrived whole can be left to the reader`() {
        let bytes = frame(0x1, [0x22, 0xFF, 0x22])
        #expect(parse(bytes, with: server(check: .reader)).events.count == 1)
        #expect(parse(bytes, with: server(check: .parser)).violation == .invalidUTF8)
        #expect(parse(bytes, with: server(check: .reader), pieces: 4).violation == .invalidUTF8)
    }

    @Test func `a client refuses masked frames and takes unmasked ones`() {
        let client = WebSocketFrameParser(side: .client, messageBytesMax: 1 << 20)
        #expect(parse(frame(0x1, [0x61]), with: client).violation == .maskedFrame)
        let bytes = frame(0x1, [0x61], key: nil) + frame(0x9, [1], key: nil) + frame(0x2, [2], fin: false, key: nil)
        for size in readSizes {
            let result = parse(bytes + frame(0x0, [3], key: nil), with: client, pieces: size)
            #expect(result.events == [text("a"), .ping(ByteBuffer(bytes: [1])), binary([2, 3])])
        }
    }

    @Test func `frames that were not taken survive the next read`() throws {
        var parser = server()
        parser.append(ByteBuffer(bytes: frame(0x1, [0x61]) + frame(0x1, [0x62]) + frame(0x1, [0x63]).prefix(4)))
        #expect(try parser.next() == text("a"))
        parser.append(ByteBuffer(bytes: frame(0x1, [0x63]).dropFirst(4)))
        #expect(try parser.next() == text("b"))
        #expect(try parser.next() == text("c"))
        #expect(try parser.next() == nil)
    }

    @Test func `a buffer whose reader stands in the middle is read from there`() throws {
        var client = WebSocketFrameParser(side: .client, messageBytesMax: 100)
        var buffer = ByteBuffer(bytes: [9, 9, 9] + frame(0x2, [1, 2], key: nil))
        buffer.moveReaderIndex(forwardBy: 3)
        client.append(buffer)
        #expect(try client.next() == binary([1, 2]))
    }

    @Test func `a violation is told again and again`() {
        var parser = server()
        parser.append(ByteBuffer(bytes: [0xFF, 0xFF]))
        for _ in 0..<3 { #expect(throws: FramingViolation.reservedBits) { try parser.next() } }
        parser.append(ByteBuffer(bytes: frame(0x1, [0x61])))
        #expect(throws: FramingViolation.reservedBits) { try parser.next() }
    }
}
