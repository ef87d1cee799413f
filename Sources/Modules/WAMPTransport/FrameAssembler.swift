package import NIOCore
import WAMP

/// Completes the frames of a connection whose messages were framed in parts: those of one flush leave as one batch
/// (spec "Message Batching"), or each as a frame of its own that is compressed (RFC 7692).
///
/// Compressing is the connection's work and not the realm's: it happens on the connection's loop, outside of the
/// realm's lock, and costs only those who asked for it.
package struct FrameAssembler: Sendable {
    private let kind: WebSocketFrame.Kind
    private let isBatched: Bool
    private let deflate: PerMessageDeflate?

    /// Shorter ones are sent as they are: there is nothing to gain.
    private static let compressedFrom = 128

    /// - Parameter isText: what the subprotocol's messages are.
    package init(isText: Bool, isBatched: Bool, deflate: PerMessageDeflate? = nil) {
        kind = isText ? .text : .binary
        self.isBatched = isBatched
        self.deflate = deflate
    }

    /// The parts of one flush, as frames.
    package func frames(_ parts: [ByteBuffer]) -> [ByteBuffer] {
        guard !parts.isEmpty else { return [] }
        guard let deflate else {
            return [header(length: parts.reduce(0) { $0 + $1.readableBytes })] + parts
        }
        var whole = ByteBuffer()
        for part in parts { whole.writeImmutableBuffer(part) }
        let deflater = whole.readableBytes >= Self.compressedFrom ? Deflater(windowBits: deflate.serverWindowBits) : nil
        var frames = ByteBuffer()
        if isBatched {
            append(whole, deflater, to: &frames)
        } else if var messages = try? MessageBatch(whole, .messagePack) {
            // The parts are ours, each behind its length.
            while let message = try? messages.next() { append(message, deflater, to: &frames) }
        }
        return [frames]
    }

    private func append(_ message: ByteBuffer, _ deflater: Deflater?, to frames: inout ByteBuffer) {
        let compressed = message.readableBytes >= Self.compressedFrom ? deflater?.deflate(message) : nil
        let payload = compressed ?? message
        frames.writeImmutableBuffer(header(length: payload.readableBytes, isCompressed: compressed != nil))
        frames.writeImmutableBuffer(payload)
    }

    private func header(length: Int, isCompressed: Bool = false) -> ByteBuffer {
        var header: [UInt8] = []
        WebSocketFrame.writeHeader(kind, length: length, into: &header)
        if isCompressed { header[0] |= WebSocketFrameHeader.compressedBit }
        return ByteBuffer(bytes: header)
    }
}
