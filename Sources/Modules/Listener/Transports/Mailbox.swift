import NIOCore

/// The messages that wait for a client to fetch them, in order. Pure.
///
/// Not writable from the moment it is full until it is nearly empty: what comes meanwhile waits in the session's
/// outbox, where the router's limits count. What one flush brings always fits.
struct Mailbox: Sendable {
    private static let fullBytes = 512 << 10
    private static let drainedBytes = 128 << 10
    /// An answer has at most so many bytes, or one message.
    private static let answerBytesMax = 1 << 20

    private var messages = CircularBuffer<ByteBuffer>()
    private var byteCount = 0
    private(set) var isWritable = true

    var isEmpty: Bool { messages.isEmpty }

    mutating func put(_ message: ByteBuffer) {
        messages.append(message)
        byteCount += message.readableBytes
        if byteCount >= Self.fullBytes { isWritable = false }
    }

    /// The next message; with `isBatched` as many as fit into one answer.
    mutating func take(isBatched: Bool) -> [ByteBuffer] {
        var taken: [ByteBuffer] = []
        var bytes = 0
        while let next = messages.first, taken.isEmpty || isBatched && bytes + next.readableBytes <= Self.answerBytesMax
        {
            messages.removeFirst()
            taken.append(next)
            bytes += next.readableBytes
        }
        byteCount -= bytes
        if byteCount <= Self.drainedBytes { isWritable = true }
        return taken
    }
}
