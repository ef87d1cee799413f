/// The sending side of WAMP "RawSocket Transport", "Message Framing".
package enum RawSocketFrame {
    /// The three bits `TTT` of the header.
    package enum Kind: UInt8, Sendable {
        case message = 0
        case ping = 1
        case pong = 2
    }

    /// Of every frame.
    package static let headerBytes = 4
    /// 16 MiB, the one length that needs the 25th bit.
    package static let payloadBytesMax = 1 << 24

    /// The header of a payload of `length` bytes.
    ///
    /// - Precondition: `length` is at most `payloadBytesMax`; the sender has compared it with its peer's maximum.
    package static func header(_ kind: Kind = .message, length: Int) -> (UInt8, UInt8, UInt8, UInt8) {
        precondition(0...payloadBytesMax ~= length, "a RawSocket frame holds at most 16 MiB")
        let word = UInt32(truncatingIfNeeded: length)
        return (
            UInt8(truncatingIfNeeded: word >> 24) << 3 | kind.rawValue,
            UInt8(truncatingIfNeeded: word >> 16), UInt8(truncatingIfNeeded: word >> 8), UInt8(truncatingIfNeeded: word)
        )
    }

    /// A whole ping or pong.
    package static func control(_ kind: Kind, payload: some Collection<UInt8>) -> [UInt8] {
        let (a, b, c, d) = header(kind, length: payload.count)
        return [a, b, c, d] + payload
    }
}
