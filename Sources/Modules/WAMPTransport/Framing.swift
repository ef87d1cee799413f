package import WAMP

/// How messages are put on a connection's wire, as a router sends them.
///
/// Together with the serializer it is the key under which a message is encoded and framed once for all its receivers.
package enum Framing: UInt8, Sendable, Hashable, CaseIterable {
    /// WebSocket, one text frame a message: `wamp.2.json`.
    case webSocketText
    /// WebSocket, one binary frame a message: `wamp.2.msgpack` and `wamp.2.cbor`.
    case webSocketBinary
    case rawSocket

    // Parts of a WebSocket message. Its frame is begun when the connection flushes: see `FrameAssembler`.

    /// Each message and the octet 0x1E: `wamp.2.json.batched`.
    case recordSeparated
    /// The same with 0x18, for peers that have read the specification's decimal `\30` as octal: autobahn-python.
    case cancelSeparated
    /// Each message behind its length in four octets: `wamp.2.msgpack.batched`, `wamp.2.cbor.batched`, and what is to be
    /// compressed.
    case lengthPrefixed

    /// The framing of a WebSocket whose subprotocol is the serializer's.
    package static func webSocket(_ serializer: Serializer) -> Framing {
        serializer == .json ? .webSocketText : .webSocketBinary
    }

    /// The framing of a WebSocket that speaks a subprotocol.
    ///
    /// - Parameter isCompressed: the connection compresses, for which it has to have the messages one by one.
    package static func webSocket(_ subprotocol: WebSocketSubprotocol, isCompressed: Bool = false) -> Framing {
        guard subprotocol.isBatched else { return isCompressed ? .lengthPrefixed : webSocket(subprotocol.serializer) }
        return subprotocol.serializer == .json ? .recordSeparated : .lengthPrefixed
    }

    /// All but one are RFC 6455.
    package var isWebSocket: Bool { self != .rawSocket }

    /// The messages are parts of frames that the connection completes.
    package var isPartial: Bool {
        switch self {
        case .webSocketText, .webSocketBinary, .rawSocket: false
        case .recordSeparated, .cancelSeparated, .lengthPrefixed: true
        }
    }

    /// The longest message that a header can announce, in bytes.
    package var messageBytesMax: Int { self == .rawSocket ? RawSocketFrame.payloadBytesMax : Int(UInt32.max) }

    /// Appends the header of a message of `length` bytes; the message's bytes are to follow, and the `trailer` if any.
    ///
    /// - Precondition: `length` is at most `messageBytesMax`.
    package func writeHeader(length: Int, into bytes: inout [UInt8]) {
        switch self {
        case .webSocketText: WebSocketFrame.writeHeader(.text, length: length, into: &bytes)
        case .webSocketBinary: WebSocketFrame.writeHeader(.binary, length: length, into: &bytes)
        case .rawSocket:
            let (a, b, c, d) = RawSocketFrame.header(length: length)
            bytes.append(a)
            bytes.append(b)
            bytes.append(c)
            bytes.append(d)
        case .recordSeparated, .cancelSeparated: break
        case .lengthPrefixed:
            for shift in stride(from: 24, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: length >> shift))
            }
        }
    }

    /// The octet that follows a message, if there is one.
    package var trailer: UInt8? {
        switch self {
        case .recordSeparated: MessageBatch.recordSeparator
        case .cancelSeparated: MessageBatch.cancel
        case .webSocketText, .webSocketBinary, .rawSocket, .lengthPrefixed: nil
        }
    }

    /// A whole ping. At most 125 bytes of payload on a WebSocket.
    package func ping(_ payload: some Collection<UInt8>) -> [UInt8] {
        isWebSocket
            ? WebSocketFrame.control(.ping, payload: payload) : RawSocketFrame.control(.ping, payload: payload)
    }

    /// A whole pong, which answers the ping with the same payload.
    package func pong(_ payload: some Collection<UInt8>) -> [UInt8] {
        isWebSocket
            ? WebSocketFrame.control(.pong, payload: payload) : RawSocketFrame.control(.pong, payload: payload)
    }

    /// What says that the connection ends, before it does: a close frame; nothing on a RawSocket.
    package func close(_ code: WebSocketCloseCode?, reason: String = "") -> [UInt8] {
        isWebSocket ? WebSocketFrame.close(code, reason: reason) : []
    }
}
