import WAMPTransport

/// What a connection's first byte says that it speaks. Pure.
enum FirstByte: Sendable, Hashable {
    case tls
    case rawSocket
    case http
    case unknown

    /// - Parameter isEncrypted: the byte came out of TLS; there is no TLS inside TLS.
    static func classify(_ byte: UInt8, isEncrypted: Bool) -> FirstByte {
        switch byte {
        case 0x16: isEncrypted ? .unknown : .tls  // a TLS record of type handshake
        case RawSocketHandshake.magic: .rawSocket
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): .http  // every method that is registered
        default: .unknown
        }
    }
}
