// Everything that a peer can do wrong below WAMP, by name. Each has one WebSocket close code and one sentence, so
// that the wire, the log and the counters tell the same story.

/// Bytes that break the rules of the framing. The connection cannot be read any further.
package enum FramingViolation: Error, Sendable, Hashable, CaseIterable {
    /// A client must mask its frames, RFC 6455 "Client-to-Server Masking".
    case unmaskedFrame
    /// A server must not.
    case maskedFrame
    /// Reserved bits are set; no extension was negotiated.
    case reservedBits
    /// A WebSocket opcode or a RawSocket frame type that does not exist.
    case reservedFrameType
    /// A control frame with FIN clear.
    case fragmentedControlFrame
    /// A control frame of more than 125 bytes.
    case controlFrameTooLong
    /// A continuation without a message to continue.
    case unexpectedContinuation
    /// A new message before the fragments of the last one were complete.
    case unfinishedMessage
    /// A length with its highest bit set, or RawSocket's 25th bit together with lower ones.
    case invalidLength
    /// More bytes than the limit, summed over fragments; told from the header, before they arrive.
    case messageTooBig
    /// Text that is not UTF-8, in a message or in the reason of a close.
    case invalidUTF8
    /// A binary message where the subprotocol speaks text, or the other way round.
    case wrongMessageType
    /// A close frame whose payload is a single byte.
    case truncatedCloseCode
    /// A close code that must not be sent.
    case invalidCloseCode
    /// A compressed message that cannot be decompressed.
    case invalidCompression
    /// A batch without a message, spec "Message Batching".
    case emptyBatch
    /// A batch that ends inside of a message, or without the separator behind its last one.
    case truncatedBatch

    /// What the close frame says about it, RFC 6455 "Defined Status Codes".
    package var closeCode: WebSocketCloseCode {
        switch self {
        case .messageTooBig: .messageTooBig
        case .invalidUTF8, .invalidCompression: .invalidPayload
        case .wrongMessageType: .unsupportedData
        case .unmaskedFrame, .maskedFrame, .reservedBits, .reservedFrameType, .fragmentedControlFrame,
            .controlFrameTooLong, .unexpectedContinuation, .unfinishedMessage, .invalidLength, .truncatedCloseCode,
            .invalidCloseCode, .emptyBatch, .truncatedBatch:
            .protocolError
        }
    }

    /// A short sentence fragment for the close frame and the log; never holds what the peer sent.
    package var reason: String {
        switch self {
        case .unmaskedFrame: "frame is not masked"
        case .maskedFrame: "frame is masked"
        case .reservedBits: "reserved bits are set"
        case .reservedFrameType: "reserved frame type"
        case .fragmentedControlFrame: "control frame is fragmented"
        case .controlFrameTooLong: "control frame is longer than 125 bytes"
        case .unexpectedContinuation: "continuation without a message"
        case .unfinishedMessage: "new message inside a fragmented one"
        case .invalidLength: "invalid length"
        case .messageTooBig: "message is too big"
        case .invalidUTF8: "text is not UTF-8"
        case .wrongMessageType: "text and binary are mixed up for this subprotocol"
        case .truncatedCloseCode: "close code is truncated"
        case .invalidCloseCode: "close code must not be sent"
        case .invalidCompression: "compressed data is broken"
        case .emptyBatch: "batch without a message"
        case .truncatedBatch: "batch ends inside of a message"
        }
    }
}
