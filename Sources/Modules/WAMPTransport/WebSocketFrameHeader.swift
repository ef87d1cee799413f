/// The first 2 to 14 bytes of a WebSocket frame, RFC 6455 "Base Framing Protocol".
struct WebSocketFrameHeader: Sendable {
    var isFinal: Bool
    var opcode: Opcode
    /// The payload's bytes that are still to come.
    var length: Int
    /// Nil on frames from a server.
    var mask: WebSocketMask?
    /// Begins a message that is compressed, RFC 7692 "Message Payload Transformation".
    var isCompressed = false

    /// RSV1.
    static let compressedBit: UInt8 = 0x40

    enum Opcode: UInt8, Sendable {
        case continuation = 0x0
        case text = 0x1
        case binary = 0x2
        case close = 0x8
        case ping = 0x9
        case pong = 0xA

        var isControl: Bool { rawValue >= 0x8 }
    }

    /// No frame begins with more bytes than these.
    static let bytesMax = 14
    static let controlPayloadBytesMax = 125

    enum Decoded {
        case incomplete
        case header(WebSocketFrameHeader, bytes: Int)
        case violation(FramingViolation)
    }

    /// Reads the header at the start of `bytes`. What its first two bytes rule out is told before the rest is there.
    ///
    /// - Parameters:
    ///   - isMasked: what the mask bit must say: true on the server's side.
    ///   - mayBeCompressed: compression was agreed on.
    @inline(__always)
    static func decode(_ bytes: UnsafeRawBufferPointer, isMasked: Bool, mayBeCompressed: Bool) -> Decoded {
        guard bytes.count >= 2 else { return .incomplete }
        let first = bytes[0]
        let second = bytes[1]
        guard first & 0x70 == 0 || mayBeCompressed && first & 0x30 == 0 else { return .violation(.reservedBits) }
        guard let opcode = Opcode(rawValue: first & 0x0F) else { return .violation(.reservedFrameType) }
        let isCompressed = first & compressedBit != 0
        if isCompressed, opcode != .text, opcode != .binary { return .violation(.reservedBits) }
        guard (second & 0x80 != 0) == isMasked else { return .violation(isMasked ? .unmaskedFrame : .maskedFrame) }
        let isFinal = first & 0x80 != 0
        var length = UInt64(second & 0x7F)
        if opcode.isControl {
            guard isFinal else { return .violation(.fragmentedControlFrame) }
            guard length <= UInt64(controlPayloadBytesMax) else { return .violation(.controlFrameTooLong) }
        }
        var size = 2
        if length == 126 {
            guard bytes.count >= 4 else { return .incomplete }
            length = UInt64(UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self)))
            size = 4
        } else if length == 127 {
            guard bytes.count >= 10 else { return .incomplete }
            length = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt64.self))
            size = 10
        }
        guard let length = Int(exactly: length) else { return .violation(.invalidLength) }
        var mask: WebSocketMask?
        if isMasked {
            guard bytes.count >= size + 4 else { return .incomplete }
            let key = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: size, as: UInt32.self))
            mask = WebSocketMask(littleEndian: key)
            size += 4
        }
        let header = WebSocketFrameHeader(
            isFinal: isFinal, opcode: opcode, length: length, mask: mask, isCompressed: isCompressed)
        return .header(header, bytes: size)
    }
}
