import NIOCore
import Testing

@testable import Listener

struct MailboxTests {
    private func message(_ bytes: Int, _ value: UInt8 = 0) -> ByteBuffer { ByteBuffer(repeating: value, count: bytes) }

    @Test func `messages are fetched one by one or as a batch, in order`() {
        var mailbox = Mailbox()
        for value in UInt8(1)...4 { mailbox.put(message(10, value)) }
        #expect(mailbox.take(isBatched: false) == [message(10, 1)])
        #expect(mailbox.take(isBatched: true) == [message(10, 2), message(10, 3), message(10, 4)])
        #expect(mailbox.isEmpty && mailbox.take(isBatched: true).isEmpty)
    }

    @Test func `an answer has at most a mebibyte, or one message that is larger`() {
        var mailbox = Mailbox()
        for size in [3 << 20, 600_000, 400_000, 100_000] { mailbox.put(message(size)) }
        #expect(mailbox.take(isBatched: true).map(\.readableBytes) == [3 << 20])
        #expect(mailbox.take(isBatched: true).map(\.readableBytes) == [600_000, 400_000])
        #expect(mailbox.take(isBatched: true).map(\.readableBytes) == [100_000])
    }

    @Test func `a full mailbox takes no more until it is nearly empty`() {
        var mailbox = Mailbox()
        for _ in 0..<5 { mailbox.put(message(100 << 10)) }
        #expect(mailbox.isWritable)
        mailbox.put(message(100 << 10))
        #expect(!mailbox.isWritable)
        var taken = 0
        while !mailbox.isWritable { taken += mailbox.take(isBatched: false).count }
        #expect(taken == 5)
    }
}
