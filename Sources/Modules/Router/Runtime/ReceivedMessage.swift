import NIOCore
import WAMP

/// A message that has been decoded on its connection's loop, and its frame.
struct ReceivedMessage {
    var head: MessageHead
    var bytes: ByteBuffer
    var serializer: Serializer
}

extension ReceivedMessage {
    /// Decodes a frame. One whose strings are not there as plain bytes is turned into MessagePack first, so that
    /// nothing behind this has to know of escapes.
    init(_ buffer: ByteBuffer, _ serializer: Serializer) throws(WireError) {
        let head = try MessageHead.decode(buffer.readableBytesUInt8Span, serializer)
        guard head.isEscaped else {
            self.init(head: head, bytes: buffer, serializer: serializer)
            return
        }
        var writer = ValueWriter(.messagePack)
        let whole = ByteRange(0, buffer.readableBytes)
        try Transcoder.transcode(buffer.readableBytesUInt8Span, whole, from: serializer, into: &writer)
        let plain = try MessageHead.decode(writer.bytes.span, .messagePack)
        self.init(head: plain, bytes: ByteBuffer(bytes: writer.bytes), serializer: .messagePack)
    }
}
