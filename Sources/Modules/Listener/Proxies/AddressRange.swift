import NIOCore

/// Addresses with a common beginning: `10.0.0.0/8`, `2001:db8::/32`, or a single one. Pure.
package struct AddressRange: Sendable, Hashable {
    /// Four octets, or sixteen.
    private let octets: [UInt8]
    private let prefixLength: Int

    /// Nil for what is no address, or has bits behind its prefix.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let octets = Self.octets(of: String(first)) else { return nil }
        let bits = octets.count * 8
        let length = parts.count == 2 ? Int(parts[1]) : bits
        guard let length, 0...bits ~= length else { return nil }
        let isClean = (length..<bits).allSatisfy { octets[$0 / 8] & (0x80 >> UInt8($0 % 8)) == 0 }
        guard isClean else { return nil }
        self.octets = octets
        prefixLength = length
    }

    /// The octets of an address, four or sixteen; nil for what is none.
    static func octets(of text: String) -> [UInt8]? {
        (try? SocketAddress(ipAddress: text, port: 0))?.octets
    }

    /// - Parameter address: four octets, or sixteen; an IPv4 address in an IPv6 one is the IPv4 address.
    func contains(_ address: [UInt8]) -> Bool {
        let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
        let address = address.count == 16 && address.starts(with: mapped) ? Array(address[12...]) : address
        guard address.count == octets.count else { return false }
        let whole = prefixLength / 8
        guard address.prefix(whole) == octets.prefix(whole) else { return false }
        guard prefixLength % 8 != 0 else { return true }
        return (address[whole] ^ octets[whole]) >> UInt8(8 - prefixLength % 8) == 0
    }
}
