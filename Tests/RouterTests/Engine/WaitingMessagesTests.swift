import NIOCore
import Testing
import WAMPTransport

@testable import Router

@Suite struct WaitingMessagesTests {
    private static let messages = [
        "[1]", "", String(repeating: "x", count: 200), String(repeating: "y", count: 70_000),
    ]

    private static func framed(_ framing: Framing) -> [UInt8] {
        var bytes: [UInt8] = []
        for message in messages {
            framing.writeHeader(length: message.utf8.count, into: &bytes)
            bytes += Array(message.utf8)
            if let trailer = framing.trailer { bytes.append(trailer) }
        }
        return bytes
    }

    private static func texts(_ messages: [ByteBuffer]?) -> [String]? { messages?.map { String(buffer: $0) } }

    @Test(arguments: Framing.allCases)
    func `the router's own frames are cut into their messages`(_ framing: Framing) {
        let delivery = Delivery(buffer: ByteBuffer(bytes: Self.framed(framing)))
        #expect(Self.texts(delivery.messages(framed: framing)) == Self.messages)
        #expect(Delivery(buffer: nil).messages(framed: framing) == [])
    }

    @Test(arguments: Framing.allCases)
    func `a frame may go over several buffers`(_ framing: Framing) {
        let bytes = Self.framed(framing)
        for size in [1, 3, 100, 65_536] {
            let pieces = stride(from: 0, to: bytes.count, by: size).map {
                ByteBuffer(bytes: bytes[$0..<min($0 + size, bytes.count)])
            }
            let delivery = Delivery(buffer: nil, further: pieces)
            #expect(Self.texts(delivery.messages(framed: framing)) == Self.messages)
        }
    }

    @Test(arguments: Framing.allCases)
    func `what does not come out whole is nothing`(_ framing: Framing) {
        let bytes = Self.framed(framing)
        for cut in [1, 5, 60_000] {
            let delivery = Delivery(buffer: ByteBuffer(bytes: bytes.dropLast(cut)))
            #expect(delivery.messages(framed: framing) == nil)
        }
        let garbage = Delivery(buffer: ByteBuffer(bytes: [0xFF, 0xFF, 0xFF, 0xFF, 0x00]))
        #expect(garbage.messages(framed: framing) == nil)
    }
}
