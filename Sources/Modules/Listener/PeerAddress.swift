package import NIOCore

// An IPv4 address can reach an IPv6 socket as ::ffff:a.b.c.d, and a host with IPv6 has 2^64 addresses to come from.
// Both would make limits and the loopback rule leak, so addresses are normalised here, once.

/// Where a connection comes from.
package struct PeerAddress: Sendable, Hashable {
    /// Without the port; `unix` for the unix socket.
    package let text: String
    /// From this host, the unix socket included.
    package let isLoopback: Bool
    /// Under what limits are counted; nil where they are not (loopback, the unix socket).
    package let limitKey: LimitKey?

    /// An IPv4 address, or the first 64 bits of an IPv6 address.
    package enum LimitKey: Sendable, Hashable {
        case ipv4(UInt32)
        case ipv6Network(UInt64)
        case unknown
    }

    /// Every peer of the unix socket.
    package static let unix = PeerAddress(text: "unix", isLoopback: true, limitKey: nil)

    private init(text: String, isLoopback: Bool, limitKey: LimitKey?) {
        self.text = text
        self.isLoopback = isLoopback
        self.limitKey = limitKey
    }

    /// - Parameter address: the socket's remote address; nil if it has gone already.
    package init(_ address: SocketAddress?) {
        guard let address else {
            self.init(text: "unknown", isLoopback: false, limitKey: .unknown)
            return
        }
        guard let octets = address.octets else {
            self = .unix
            return
        }
        if octets.count == 4 {
            self.init(ipv4: octets.reduce(0) { $0 << 8 | UInt32($1) })
        } else {
            self.init(ipv6: octets, text: address.ipAddress ?? "unknown")
        }
    }

    /// A proxy, before it has said for whom it speaks: it speaks for many, and nothing that holds for this machine's own
    /// programs holds for it.
    var asProxy: PeerAddress { PeerAddress(text: text, isLoopback: false, limitKey: nil) }

    /// An address that a proxy names. Never this machine's, whatever it says.
    ///
    /// - Parameter octets: 4 or 16 of them.
    init?(proxied octets: [UInt8]) {
        guard let address = SocketAddress(octets: octets) else { return nil }
        let plain = PeerAddress(address)
        self.init(text: plain.text, isLoopback: false, limitKey: plain.limitKey ?? .unknown)
    }

    private init(ipv4 word: UInt32) {
        let text = [24, 16, 8, 0].map { String(word >> UInt32($0) & 0xFF) }.joined(separator: ".")
        let isLoopback = word >> 24 == 127
        self.init(text: text, isLoopback: isLoopback, limitKey: isLoopback ? nil : .ipv4(word))
    }

    private init(ipv6 bytes: [UInt8], text: String) {
        func word(_ range: Range<Int>) -> UInt64 { bytes[range].reduce(0) { $0 << 8 | UInt64($1) } }
        let (high, low) = (word(0..<8), word(8..<16))
        if high == 0, low >> 32 == 0xFFFF {
            self.init(ipv4: UInt32(truncatingIfNeeded: low))
            return
        }
        let isLoopback = high == 0 && low == 1
        self.init(text: text, isLoopback: isLoopback, limitKey: isLoopback ? nil : .ipv6Network(high))
    }
}

extension SocketAddress {
    /// - Parameter octets: 4 or 16 of them, an address without a port.
    init?(octets: [UInt8]) {
        guard octets.count == 4 || octets.count == 16 else { return nil }
        guard let address = try? SocketAddress(packedIPAddress: ByteBuffer(bytes: octets), port: 0) else { return nil }
        self = address
    }

    /// The 4 or 16 bytes of an IP address; nil for a unix socket's.
    var octets: [UInt8]? {
        let range: Range<Int>
        switch self {
        case .v4: range = 4..<8  // behind sin_family and sin_port
        case .v6: range = 8..<24  // behind sin6_family, sin6_port and sin6_flowinfo
        case .unixDomainSocket: return nil
        }
        return withSockAddr { address, size in
            let bytes = UnsafeRawBufferPointer(start: address, count: size)
            return range.upperBound <= size ? Array(bytes[range]) : nil
        }
    }
}
