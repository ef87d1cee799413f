import NIOCore
import Testing
import WAMP

@testable import WAMPTransport

/// RFC 7692, by section.
@Suite struct PerMessageDeflateTests {
    @Test(arguments: [
        ("permessage-deflate", 15), ("permessage-deflate; client_max_window_bits", 15),
        ("Permessage-Deflate ;\tserver_no_context_takeover; client_no_context_takeover", 15),
        ("permessage-deflate; client_max_window_bits=8; server_max_window_bits=10", 10),
        ("permessage-deflate; server_max_window_bits=\"9\"", 9),
        ("x-webkit-deflate-frame, permessage-deflate; server_max_window_bits=8, permessage-deflate", 15),
        ("permessage-deflate; shiny, permessage-deflate; server_max_window_bits=12", 12),
    ])
    func `the first offer that can be kept is taken`(offer: String, bits: Int32) {
        #expect(PerMessageDeflate.agree(to: [offer]) == PerMessageDeflate(serverWindowBits: bits))
    }

    @Test(arguments: [
        "", "permessage-bzip2", "permessage-deflate; shiny", "permessage-deflate; server_max_window_bits",
        "permessage-deflate; server_max_window_bits=8", "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; server_max_window_bits=010", "permessage-deflate; client_max_window_bits=7",
        "permessage-deflate; client_max_window_bits=", "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; client_no_context_takeover; client_no_context_takeover", "permessage-deflate;",
    ])
    func `an offer with what is unknown, twice there or out of range is not`(offer: String) {
        #expect(PerMessageDeflate.agree(to: [offer]) == nil)
    }

    @Test func `offers may come in several headers`() {
        #expect(PerMessageDeflate.agree(to: ["foo", "permessage-deflate"]) != nil)
    }

    @Test func `the answer says that neither side keeps its window, and how large ours is`() {
        let plain = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
        #expect(PerMessageDeflate().response == plain)
        #expect(PerMessageDeflate(serverWindowBits: 10).response == plain + "; server_max_window_bits=10")
    }

    // MARK: Receiving

    private func receive(
        _ bytes: [UInt8], limit: Int = 1 << 20, pieces: Int = .max
    ) -> (events: [FrameEvent], violation: FramingViolation?) {
        parse(bytes, with: WebSocketFrameParser(side: .client, messageBytesMax: limit, inflates: true), pieces: pieces)
    }

    // "Examples": the same text in all the ways in which a sender may compress it.
    @Test(
        arguments: [
            [0xC1, 0x07, 0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00],
            [0x41, 0x03, 0xF2, 0x48, 0xCD, 0x80, 0x04, 0xC9, 0xC9, 0x07, 0x00],
            [0xC1, 0x0B, 0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0x00],
            [0xC1, 0x08, 0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00],
            [0xC1, 0x0D, 0xF2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xCA, 0xC9, 0xC9, 0x07, 0x00],
            [0x81, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F],
        ] as [[UInt8]])
    func `the RFC's examples are Hello`(bytes: [UInt8]) {
        for piece in [Int.max, 1, 3] {
            let result = receive(bytes, pieces: piece)
            #expect(result.events == [text("Hello")])
            #expect(result.violation == nil)
        }
    }

    @Test func `an empty message compresses to one octet`() {
        #expect(receive([0xC2, 0x01, 0x00]).events == [binary([])])
        #expect(receive([0xC2, 0x00]).events == [binary([])])
    }

    @Test(arguments: [0x80, 0x89, 0x8A, 0x88] as [UInt8])
    func `only the first frame of a message says that it is compressed`(first: UInt8) {
        let start: [UInt8] = first == 0x80 ? [0x01, 0x00] : []
        #expect(receive(start + [first | 0x40, 0x00]).violation == .reservedBits)
        #expect(receive([0xE1, 0x00]).violation == .reservedBits)
    }

    @Test func `without an agreement nothing is compressed`() {
        let parser = WebSocketFrameParser(side: .client, messageBytesMax: 100)
        #expect(parse([0xC1, 0x01, 0x00], with: parser).violation == .reservedBits)
    }

    @Test func `what cannot be decompressed is told`() {
        #expect(receive([0xC2, 0x02, 0xFF, 0xFF]).violation == .invalidCompression)
        #expect(FramingViolation.invalidCompression.closeCode == .invalidPayload)
        // Text that is none once it is decompressed: a stored block of one octet 0xFF.
        #expect(receive([0xC1, 0x07, 0x00, 0x01, 0x00, 0xFE, 0xFF, 0xFF, 0x00]).violation == .invalidUTF8)
    }

    @Test func `the limit is that of what comes out, told as soon as it is passed`() throws {
        let deflater = try #require(Deflater(windowBits: 15))
        let bomb = try #require(deflater.deflate(ByteBuffer(repeating: 0, count: 1 << 20)))
        #expect(bomb.readableBytes < 8000)
        var header: [UInt8] = []
        WebSocketFrame.writeHeader(.binary, length: bomb.readableBytes, into: &header)
        header[0] |= 0x40
        let frame = header + Array(buffer: bomb)
        #expect(
            receive(frame, limit: 1 << 20).events == [.message(ByteBuffer(repeating: 0, count: 1 << 20), isText: false)]
        )
        for piece in [Int.max, 10] {
            #expect(receive(frame, limit: (1 << 20) - 1, pieces: piece).violation == .messageTooBig)
        }
        // Long before the last byte has come.
        #expect(receive(Array(frame.prefix(200)), limit: 1000).violation == .messageTooBig)
    }

    // MARK: Sending

    private func sent(_ messages: [ByteBuffer], isBatched: Bool, bits: Int32 = 15) -> [UInt8] {
        var parts = ByteBuffer()
        for message in messages {
            var header: [UInt8] = []
            Framing.lengthPrefixed.writeHeader(length: message.readableBytes, into: &header)
            parts.writeBytes(header)
            parts.writeImmutableBuffer(message)
        }
        let assembler = FrameAssembler(
            isText: false, isBatched: isBatched, deflate: PerMessageDeflate(serverWindowBits: bits))
        // Wherever one buffer ends and the next begins.
        let cut = parts.readableBytes / 2
        let halves = [parts.getSlice(at: 0, length: cut), parts.getSlice(at: cut, length: parts.readableBytes - cut)]
        return assembler.frames(halves.compactMap { $0 }).flatMap { Array(buffer: $0) }
    }

    @Test(arguments: [9, 10, 15] as [Int32])
    func `messages of one flush are frames of their own, the long ones compressed`(bits: Int32) {
        var random = SplitMix64(state: 7692)
        let noise = (0..<5000).map { _ in UInt8.random(in: 0...255, using: &random) }
        let messages = [
            ByteBuffer(string: "[6]"), ByteBuffer(repeating: 0x20, count: 70_000), ByteBuffer(bytes: noise),
            ByteBuffer(),
        ]
        let bytes = sent(messages, isBatched: false, bits: bits)
        let result = receive(bytes)
        #expect(result.events == messages.map { .message($0, isText: false) })
        #expect(result.violation == nil)
        #expect(bytes.count < 6000, "noise is sent as it is, white space is not")
    }

    @Test func `a batch is compressed as a whole`() throws {
        let messages = (0..<50).map { ByteBuffer(string: "[36,1,\($0),{},[\"the same again\"]]") }
        let bytes = sent(messages, isBatched: true)
        guard case .message(let batch, false)? = receive(bytes).events.first else {
            Issue.record("no message")
            return
        }
        #expect(bytes.count < batch.readableBytes / 4)
        var rest = try MessageBatch(batch, .messagePack)
        for message in messages { #expect(try rest.next() == message) }
        #expect(try rest.next() == nil)
    }
}
