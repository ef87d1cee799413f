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

    /// The framing of a WebSocket whose subprotocol is the serializer's.
    package static func webSocket(_ serializer: Serializer) -> Framing {
        serializer == .json ? .webSocketText : .webSocketBinary
    }

    /// One of the two that are RFC 6455.
    package var isWebSocket: Bool { self != .rawSocket }

    /// How many bytes the header of a message of `length` bytes takes.
    package func headerLength(for length: Int) -> Int {
        switch self {
        case .webSocketText, .webSocketBinary: WebSocketFrame.headerLength(for: length)
        case .rawSocket: RawSocketFrame.headerBytes
        }
    }

    /// Appends the header of a message of `length` bytes; the message's bytes are to follow.
    ///
    /// - Precondition: on a RawSocket, `length` is at most 16 MiB.
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
