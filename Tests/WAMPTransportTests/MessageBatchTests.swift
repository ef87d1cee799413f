import NIOCore
import Testing
import WAMP
import WAMPTransport

/// Spec: "Message Batching".
@Suite struct MessageBatchTests {
    private func messages(_ bytes: [UInt8], _ serializer: Serializer) throws -> [[UInt8]] {
        var batch = try MessageBatch(ByteBuffer(bytes: bytes), serializer)
        var messages: [[UInt8]] = []
        while let message = try batch.next() { messages.append(Array(buffer: message)) }
        return messages
    }

    /// What a sender writes for these messages.
    private func written(_ messages: [[UInt8]], _ framing: Framing) -> [UInt8] {
        var bytes: [UInt8] = []
        for message in messages {
            framing.writeHeader(length: message.count, into: &bytes)
            bytes += message
            if let trailer = framing.trailer { bytes.append(trailer) }
        }
        return bytes
    }

    @Test func `a JSON message ends with the octet 0x1E, also the only one`() throws {
        #expect(try messages(Array("[6]\u{1E}".utf8), .json) == [Array("[6]".utf8)])
        #expect(
            try messages(Array("[1,\"ä\"]\u{1E}[]\u{1E}".utf8), .json) == [Array("[1,\"ä\"]".utf8), Array("[]".utf8)])
    }

    @Test func `binary messages stand behind their length, four octets, the highest first`() throws {
        for serializer in [Serializer.messagePack, .cbor] {
            #expect(try messages([0, 0, 0, 1, 7, 0, 0, 0, 0, 0, 0, 0, 2, 8, 9], serializer) == [[7], [], [8, 9]])
        }
        let long = Array(repeating: UInt8(3), count: 0x01_0203)
        #expect(written([long], .lengthPrefixed).prefix(4) == [0, 1, 2, 3])
        #expect(try messages(written([long], .lengthPrefixed), .cbor) == [long])
    }

    @Test(arguments: [(Serializer.json, Framing.recordSeparated), (.json, .cancelSeparated), (.cbor, .lengthPrefixed)])
    func `what is written is read back, and shows how to answer`(serializer: Serializer, framing: Framing) throws {
        let texts = ["[1]", "[2,{}]", String(repeating: "x", count: 70_000)].map { Array($0.utf8) }
        let bytes = written(texts, framing)
        #expect(try messages(bytes, serializer) == texts)
        #expect(try MessageBatch(ByteBuffer(bytes: bytes), serializer).framing == framing)
    }

    @Test(arguments: Serializer.allCases)
    func `a batch without a message is refused`(serializer: Serializer) {
        #expect(throws: FramingViolation.emptyBatch) { try messages([], serializer) }
    }

    @Test(arguments: [
        (Serializer.json, Array("[6]".utf8)), (.json, Array("[6]\u{1E}[6]".utf8)),
        (.messagePack, [0, 0, 0]), (.messagePack, [0, 0, 0, 2, 1]), (.cbor, [0xFF, 0xFF, 0xFF, 0xFF, 1]),
        (.cbor, [0, 0, 0, 1, 1, 0]),
    ])
    func `a batch that ends inside of a message is refused`(serializer: Serializer, bytes: [UInt8]) {
        #expect(throws: FramingViolation.truncatedBatch) { try messages(bytes, serializer) }
    }

    @Test func `what came whole before the end is told first`() throws {
        var batch = try MessageBatch(ByteBuffer(bytes: [0, 0, 0, 1, 7, 0]), .cbor)
        #expect(try batch.next() == ByteBuffer(bytes: [7]))
        #expect(throws: FramingViolation.truncatedBatch) { try batch.next() }
    }

    @Test func `the parts of one flush are one frame`() {
        let parts = written([[1], [2, 3]], .lengthPrefixed)
        let frames = FrameAssembler(isText: false, isBatched: true).frames([
            ByteBuffer(bytes: parts[..<3]), ByteBuffer(bytes: parts[3...]),
        ])
        #expect(frames.flatMap { Array(buffer: $0) } == [0x82, 11] + parts)
        let long = ByteBuffer(repeating: 0x20, count: 300)
        let text = FrameAssembler(isText: true, isBatched: true).frames([long]).flatMap { Array(buffer: $0) }
        #expect(text.prefix(4) == [0x81, 126, 1, 44] && text.count == 304)
        #expect(FrameAssembler(isText: true, isBatched: true).frames([]).isEmpty)
    }
}
