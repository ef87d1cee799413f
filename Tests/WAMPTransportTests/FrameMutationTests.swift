import NIOCore
import Testing
import WAMP
import WAMPTransport

// Seeded: a failure repeats. What must hold for any bytes at all: nothing traps, the result does not depend on how
// the bytes were cut into reads, and nothing longer than the limit comes out.

@Suite struct FrameMutationTests {
    private static let messageBytesMax = 4096

    private func corpus(_ random: inout SplitMix64) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<Int.random(in: 1...6, using: &random) {
            let length = [0, 1, 5, 125, 126, 300, 5000][Int.random(in: 0..<7, using: &random)]
            let payload = (0..<length).map { _ in UInt8.random(in: 0x20...0x7E, using: &random) }
            let opcode: UInt8 = [0, 1, 1, 2, 2, 8, 9, 10][Int.random(in: 0..<8, using: &random)]
            bytes += frame(opcode, payload, fin: Int.random(in: 0..<4, using: &random) > 0)
        }
        return bytes
    }

    private func mutate(_ bytes: [UInt8], _ random: inout SplitMix64) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 0...4, using: &random) where !bytes.isEmpty {
            let index = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<4, using: &random) {
            case 0: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            case 1: bytes[index] = UInt8.random(in: 0...255, using: &random)
            case 2: bytes.removeSubrange(index..<min(bytes.count, index + 3))
            default: bytes.insert(UInt8.random(in: 0...255, using: &random), at: index)
            }
        }
        return bytes
    }

    private func check(_ bytes: [UInt8], _ parser: some FrameParser, _ random: inout SplitMix64) {
        let whole = parse(bytes, with: parser)
        let pieces = parse(bytes, with: parser, pieces: Int.random(in: 1...40, using: &random))
        #expect(whole.events == pieces.events)
        #expect(whole.violation == pieces.violation)
        for case .message(let message, _) in whole.events {
            #expect(message.readableBytes <= Self.messageBytesMax)
        }
    }

    @Test func `mutated WebSocket frames are parsed alike however they are cut`() {
        var random = SplitMix64(state: 6455)
        for _ in 0..<800 {
            check(
                mutate(corpus(&random), &random),
                WebSocketFrameParser(side: .server, messageBytesMax: Self.messageBytesMax), &random)
        }
    }

    @Test func `mutated compressed frames never become longer than the limit, and never hang`() {
        var random = SplitMix64(state: 7692)
        let assembler = FrameAssembler(isText: false, isBatched: true, deflate: PerMessageDeflate())
        for _ in 0..<800 {
            let length = [130, 300, 4096, 5000, 100_000][Int.random(in: 0..<5, using: &random)]
            let variety = UInt8.random(in: 0...255, using: &random)
            let message = (0..<length).map { _ in UInt8.random(in: 0...variety, using: &random) }
            let frames = assembler.frames([ByteBuffer(bytes: message)]).flatMap { Array(buffer: $0) }
            check(
                mutate(frames, &random),
                WebSocketFrameParser(side: .client, messageBytesMax: Self.messageBytesMax, inflates: true), &random)
        }
    }

    @Test func `mutated batches are cut or refused, and every message lies within`() {
        var random = SplitMix64(state: 30)
        for _ in 0..<2000 {
            let serializer: Serializer = Bool.random(using: &random) ? .json : .cbor
            let framing: Framing = serializer == .json ? .recordSeparated : .lengthPrefixed
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 1...5, using: &random) {
                let length = Int.random(in: 0...300, using: &random)
                framing.writeHeader(length: length, into: &bytes)
                bytes += Array(repeating: 0x5B, count: length)
                if let trailer = framing.trailer { bytes.append(trailer) }
            }
            let mutated = mutate(bytes, &random)
            guard var batch = try? MessageBatch(ByteBuffer(bytes: mutated), serializer) else { continue }
            var sum = 0
            while let message = try? batch.next() { sum += message.readableBytes }
            #expect(sum <= mutated.count)
        }
    }

    @Test func `random bytes are no danger to any parser`() {
        var random = SplitMix64(state: 7)
        for _ in 0..<3000 {
            let bytes = (0..<Int.random(in: 0...80, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            check(bytes, WebSocketFrameParser(side: .client, messageBytesMax: Self.messageBytesMax), &random)
            check(
                [0xC2, 0x50] + bytes,
                WebSocketFrameParser(
                    side: .client, messageBytesMax: Self.messageBytesMax, inflates: true), &random)
            check(bytes, RawSocketFrameParser(messageBytesMax: Self.messageBytesMax), &random)
            check([0, 0, 0] + bytes, RawSocketFrameParser(messageBytesMax: Self.messageBytesMax), &random)
        }
    }
}
