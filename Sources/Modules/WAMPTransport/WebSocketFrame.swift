// The sending side of RFC 6455. One message is one frame; a server never masks, so its frames' bytes depend on
// nothing but the payload and can be shared by every receiver.

/// Writes WebSocket frames.
package enum WebSocketFrame {
    /// The opcodes of whole frames.
    package enum Kind: UInt8, Sendable {
        case text = 0x1
        case binary = 0x2
        case close = 0x8
        case ping = 0x9
        case pong = 0xA
    }

    /// A reason longer than this does not fit into a close frame, RFC 6455 "Close".
    static let closeReasonBytesMax = 123

    /// How long a server's header is for a payload of `length` bytes: 2, 4 or 10.
    package static func headerLength(for length: Int) -> Int {
        length < 126 ? 2 : length <= 0xFFFF ? 4 : 10
    }

    /// Appends the header of an unmasked frame.
    package static func writeHeader(_ kind: Kind, length: Int, into bytes: inout [UInt8]) {
        writeHeader(kind, length: length, maskBit: 0, into: &bytes)
    }

    /// A whole unmasked control frame.
    ///
    /// - Precondition: at most 125 bytes; a pong's payload is a ping's, which the parser has measured.
    package static func control(_ kind: Kind, payload: some Collection<UInt8>) -> [UInt8] {
        precondition(payload.count <= WebSocketFrameHeader.controlPayloadBytesMax, "a control frame holds 125 bytes")
        var bytes: [UInt8] = []
        bytes.reserveCapacity(2 + payload.count)
        writeHeader(kind, length: payload.count, into: &bytes)
        bytes.append(contentsOf: payload)
        return bytes
    }

    /// A whole unmasked close frame. A reason that is too long is cut between two characters.
    package static func close(_ code: WebSocketCloseCode?, reason: String = "") -> [UInt8] {
        control(.close, payload: closePayload(code, reason: reason))
    }

    /// The payload of a close frame: nothing without a code.
    package static func closePayload(_ code: WebSocketCloseCode?, reason: String) -> [UInt8] {
        guard let code else { return [] }
        var bytes = [UInt8(truncatingIfNeeded: code.rawValue >> 8), UInt8(truncatingIfNeeded: code.rawValue)]
        for character in reason {
            guard bytes.count - 2 + character.utf8.count <= closeReasonBytesMax else { break }
            bytes.append(contentsOf: character.utf8)
        }
        return bytes
    }

    /// Appends a whole frame as a client sends it, RFC 6455 "Client-to-Server Masking".
    ///
    /// - Parameter maskingKey: drawn at random for every frame.
    package static func writeMasked(
        _ kind: Kind, payload: some Collection<UInt8>, maskingKey: UInt32, into bytes: inout [UInt8]
    ) {
        writeHeader(kind, length: payload.count, maskBit: 0x80, into: &bytes)
        withUnsafeBytes(of: maskingKey.littleEndian) { bytes.append(contentsOf: $0) }
        let start = bytes.count
        bytes.append(contentsOf: payload)
        var mask = WebSocketMask(littleEndian: maskingKey)
        bytes.withUnsafeMutableBytes { all in
            let place = UnsafeMutableRawBufferPointer(rebasing: all[start...])
            guard let address = place.baseAddress else { return }
            mask.apply(UnsafeRawBufferPointer(place), to: address)
        }
    }

    private static func writeHeader(_ kind: Kind, length: Int, maskBit: UInt8, into bytes: inout [UInt8]) {
        bytes.append(0x80 | kind.rawValue)
        if length < 126 {
            bytes.append(maskBit | UInt8(truncatingIfNeeded: length))
        } else if length <= 0xFFFF {
            bytes.append(maskBit | 126)
            bytes.append(UInt8(truncatingIfNeeded: length >> 8))
            bytes.append(UInt8(truncatingIfNeeded: length))
        } else {
            bytes.append(maskBit | 127)
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: length >> shift))
            }
        }
    }
}
