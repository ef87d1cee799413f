package import WAMP

// WAMP "RawSocket Transport", "Handshake": four bytes each way. Pure, both sides.

/// The four octets with which a client opens a RawSocket, and those with which a router answers.
package struct RawSocketHandshake: Sendable, Hashable {
    package var serializer: Serializer
    /// The exponent's nibble L: the sender of the handshake reads messages of up to 2^(9+L) bytes.
    package var lengthNibble: UInt8

    /// The first byte of either handshake; no HTTP method and no TLS record begins like this.
    package static let magic: UInt8 = 0x7F
    /// Who reads no more than 512 bytes cannot even read a WELCOME.
    package static let messageBytesMin = 1 << 10
    /// How long a handshake is.
    package static let bytes = 4

    /// Why a router refuses; the raw value is the nibble that says so.
    package enum Refusal: UInt8, Error, Sendable, Hashable, CaseIterable {
        case serializerUnsupported = 1
        case maximumLengthUnacceptable = 2
        case reservedBitsUsed = 3
        case maximumConnectionsReached = 4
    }

    /// What a client finds wrong with an answer.
    package enum ReplyError: Error, Sendable, Hashable {
        case refused(Refusal)
        /// An error nibble that the specification does not have.
        case refusedForUnknownReason(UInt8)
        case notRawSocket
        /// Another serializer than the one asked for, or reserved bits.
        case malformed
    }

    /// - Parameter messageBytesMax: what the sender reads; rounded down to a power of two from 512 to 16 MiB.
    package init(serializer: Serializer, messageBytesMax: Int) {
        self.serializer = serializer
        let exponent = messageBytesMax <= 512 ? 9 : Int.bitWidth - 1 - messageBytesMax.leadingZeroBitCount
        self.lengthNibble = UInt8(truncatingIfNeeded: min(exponent, 24) - 9)
    }

    private init(serializer: Serializer, lengthNibble: UInt8) {
        self.serializer = serializer
        self.lengthNibble = lengthNibble
    }

    /// The largest message that the sender of this handshake reads: 2^(9+L) bytes, 512 to 16 MiB.
    package var messageBytesMax: Int { 1 << (9 + Int(lengthNibble & 0x0F)) }

    /// The octets of this handshake; the same shape in both directions.
    package var octets: [UInt8] { [Self.magic, lengthNibble << 4 | serializer.rawValue, 0, 0] }

    /// The octets of a refusal.
    package static func octets(refusing refusal: Refusal) -> [UInt8] { [magic, refusal.rawValue << 4, 0, 0] }

    /// Reads a client's octets on the router's side.
    ///
    /// - Parameter octets: at least the four that follow each other from `magic` on; the first was looked at already.
    package static func request(_ octets: some Collection<UInt8>) throws(Refusal) -> RawSocketHandshake {
        let octets = Array(octets.prefix(bytes))
        guard octets.count == bytes, octets[2] == 0, octets[3] == 0 else { throw .reservedBitsUsed }
        guard let serializer = Serializer(rawValue: octets[1] & 0x0F) else { throw .serializerUnsupported }
        let request = RawSocketHandshake(serializer: serializer, lengthNibble: octets[1] >> 4)
        guard request.messageBytesMax >= messageBytesMin else { throw .maximumLengthUnacceptable }
        return request
    }

    /// Reads a router's octets on the client's side.
    ///
    /// - Parameter serializer: what the client asked for.
    package static func reply(
        _ octets: some Collection<UInt8>, to serializer: Serializer
    ) throws(ReplyError) -> RawSocketHandshake {
        let octets = Array(octets.prefix(bytes))
        guard octets.count == bytes, octets[0] == magic else { throw .notRawSocket }
        let low = octets[1] & 0x0F
        guard low != 0 else {
            guard let refusal = Refusal(rawValue: octets[1] >> 4) else {
                throw .refusedForUnknownReason(octets[1] >> 4)
            }
            throw .refused(refusal)
        }
        guard low == serializer.rawValue, octets[2] == 0, octets[3] == 0 else { throw .malformed }
        return RawSocketHandshake(serializer: serializer, lengthNibble: octets[1] >> 4)
    }
}
