package import NIOCore

/// Completes the frames of a connection whose messages were framed in parts: those of one flush leave as one batch.
/// Spec: "Message Batching".
package struct FrameAssembler: Sendable {
    private let kind: WebSocketFrame.Kind

    /// - Parameter isText: what the subprotocol's messages are.
    package init(isText: Bool) {
        kind = isText ? .text : .binary
    }

    /// The header of the frame whose payload is `length` bytes of parts.
    package func header(length: Int) -> ByteBuffer {
        var header: [UInt8] = []
        WebSocketFrame.writeHeader(kind, length: length, into: &header)
        return ByteBuffer(bytes: header)
    }
}
