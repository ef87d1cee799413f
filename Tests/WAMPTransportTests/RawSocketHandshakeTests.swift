import Testing
import WAMP
import WAMPTransport

@Suite struct RawSocketHandshakeTests {
    @Test(arguments: Serializer.allCases)
    func `a router understands what a client sends and the other way round`(serializer: Serializer) throws {
        let client = RawSocketHandshake(serializer: serializer, messageBytesMax: 1 << 20)
        #expect(try RawSocketHandshake.request(client.octets) == client)
        let router = RawSocketHandshake(serializer: serializer, messageBytesMax: 1 << 24)
        #expect(router.octets == [0x7F, 0xF0 | serializer.rawValue, 0, 0])
        #expect(try RawSocketHandshake.reply(router.octets, to: serializer) == router)
    }

    @Test(arguments: 1...15)
    func `a nibble L means two to the power of nine plus L`(nibble: UInt8) throws {
        let handshake = try RawSocketHandshake.request([0x7F, nibble << 4 | 1, 0, 0])
        #expect(handshake.messageBytesMax == 1 << (9 + Int(nibble)))
    }

    @Test(arguments: [
        (-5, 512), (0, 512), (511, 512), (512, 512), (1023, 512), (1024, 1024), (1 << 24, 1 << 24),
        ((1 << 24) + 1, 1 << 24), (Int.max, 1 << 24),
    ])
    func `a maximum is rounded down to what the nibble can say`(maximum: Int, said: Int) {
        #expect(RawSocketHandshake(serializer: .json, messageBytesMax: maximum).messageBytesMax == said)
    }

    @Test(
        arguments: [
            ([0x7F, 0xF0, 0, 0], RawSocketHandshake.Refusal.serializerUnsupported),
            ([0x7F, 0xF4, 0, 0], .serializerUnsupported),
            ([0x7F, 0xFF, 0, 0], .serializerUnsupported),
            ([0x7F, 0xF1, 1, 0], .reservedBitsUsed),
            ([0x7F, 0xF1, 0, 0x80], .reservedBitsUsed),
            ([0x7F, 0xF9, 0, 1], .reservedBitsUsed),
            ([0x7F, 0x02, 0, 0], .maximumLengthUnacceptable),
        ] as [([UInt8], RawSocketHandshake.Refusal)])
    func `a router refuses by name`(octets: [UInt8], refusal: RawSocketHandshake.Refusal) {
        #expect(throws: refusal) { try RawSocketHandshake.request(octets) }
        let answer = RawSocketHandshake.octets(refusing: refusal)
        #expect(answer == [0x7F, refusal.rawValue << 4, 0, 0])
        #expect(throws: RawSocketHandshake.ReplyError.refused(refusal)) {
            try RawSocketHandshake.reply(answer, to: .json)
        }
    }

    @Test func `a client is not taken in`() {
        #expect(throws: RawSocketHandshake.ReplyError.notRawSocket) {
            try RawSocketHandshake.reply(Array("HTTP".utf8), to: .json)
        }
        #expect(throws: RawSocketHandshake.ReplyError.refusedForUnknownReason(0)) {
            try RawSocketHandshake.reply([0x7F, 0, 0, 0], to: .json)
        }
        #expect(throws: RawSocketHandshake.ReplyError.refusedForUnknownReason(9)) {
            try RawSocketHandshake.reply([0x7F, 0x90, 0, 0], to: .json)
        }
        #expect(throws: RawSocketHandshake.ReplyError.malformed) {
            try RawSocketHandshake.reply([0x7F, 0xF2, 0, 0], to: .json)
        }
        #expect(throws: RawSocketHandshake.ReplyError.notRawSocket) { try RawSocketHandshake.reply([0x7F], to: .json) }
    }
}
