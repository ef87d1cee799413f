package import NIOCore

// A connection's inbound side, below WAMP: bytes in as they were read, messages out as they were framed. Parsers are
// values without I/O; the handler that owns the connection owns its parser:
//
//     parser.append(buffer)
//     while let event = try parser.next() { … }
//
// A whole read is scanned at once, so that a burst of small frames costs one pass and no allocation per frame.

/// Cuts the bytes of one connection into messages and control frames.
package protocol FrameParser: Sendable {
    /// The largest message accepted, in bytes, summed over its fragments. May change at any time; a frame whose header
    /// has been read was measured by the limit of that moment.
    var messageBytesMax: Int { get set }

    /// Takes the next bytes off the wire. Never throws: a violation is told by `next()`, in its turn.
    mutating func append(_ buffer: ByteBuffer)

    /// The next message or control frame; nil when more bytes are needed.
    ///
    /// - Throws: a violation, once everything that came before it has been returned, and again on every later call.
    mutating func next() throws(FramingViolation) -> FrameEvent?
}

/// What a peer sent, unframed and unmasked.
package enum FrameEvent: Sendable, Hashable {
    /// One whole message. `isText` is what the frame said; RawSocket has no text and always says false.
    case message(ByteBuffer, isText: Bool)
    /// To be answered by a pong that carries the same bytes.
    case ping(ByteBuffer)
    case pong(ByteBuffer)
    /// WebSocket only. The last event of a connection: what follows a close frame is not read.
    case close(WebSocketCloseCode?, reason: String)
}
