package import NIOCore
package import WAMP

/// The messages of one batch, as they are cut out of it. Spec: "Message Batching".
///
/// A batch is a whole WebSocket message, and so its limit is that of one message: nothing is copied and nothing
/// reserved by what a length promises.
package struct MessageBatch: Sendable {
    /// The octet behind each message of a JSON batch: 30, in decimal.
    package static let recordSeparator: UInt8 = 0x1E
    /// 30 in octal; see `Framing.cancelSeparated`.
    package static let cancel: UInt8 = 0x18

    private let serializer: Serializer
    private var rest: ByteBuffer

    /// - Parameter batch: the payload of a WebSocket message.
    package init(_ batch: ByteBuffer, _ serializer: Serializer) throws(FramingViolation) {
        guard batch.readableBytes > 0 else { throw .emptyBatch }
        self.serializer = serializer
        rest = batch
    }

    /// The framing in which the sender of this batch expects the answers.
    package var framing: Framing {
        guard serializer == .json else { return .lengthPrefixed }
        let last = rest.getInteger(at: rest.writerIndex - 1, as: UInt8.self)
        return last == Self.cancel ? .cancelSeparated : .recordSeparated
    }

    /// The next message; nil behind the last one.
    package mutating func next() throws(FramingViolation) -> ByteBuffer? {
        guard rest.readableBytes > 0 else { return nil }
        let message = serializer == .json ? nextSeparated() : nextPrefixed()
        guard let message else { throw .truncatedBatch }
        return message
    }

    private mutating func nextPrefixed() -> ByteBuffer? {
        guard let length = rest.readInteger(as: UInt32.self) else { return nil }
        return Int(exactly: length).flatMap { rest.readSlice(length: $0) }
    }

    /// No JSON text has these octets in it: control characters are always escaped.
    private mutating func nextSeparated() -> ByteBuffer? {
        let length = rest.withUnsafeReadableBytes { bytes in
            bytes.firstIndex { $0 == Self.recordSeparator || $0 == Self.cancel }
        }
        guard let length, let message = rest.readSlice(length: length) else { return nil }
        rest.moveReaderIndex(forwardBy: 1)
        return message
    }
}
