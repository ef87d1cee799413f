// The PROXY protocol of HAProxy, versions 1 (a line of text) and 2 (binary): what a load balancer says in front of a
// connection's bytes about who is at the other end. Pure.

/// For whom a proxy speaks.
struct ProxyHeader: Sendable, Hashable {
    /// 4 or 16 octets; nil when it speaks for itself (a health check), or does not know.
    var address: [UInt8]?
    /// The client came to the proxy by TLS (PP2_TYPE_SSL).
    var isEncrypted = false

    enum Parsed: Sendable, Hashable {
        case incomplete
        case header(ProxyHeader, bytes: Int)
        /// These bytes are no header.
        case invalid
    }

    /// Version 2 could say 64 KiB; addresses and what proxies add to them take a few dozen.
    static let bytesMax = 1024
    private static let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]
    /// "Human-readable header format": the longest line, with its end.
    private static let lineBytesMax = 107

    /// Reads the header at the start of a connection's bytes.
    static func parse(_ bytes: [UInt8]) -> Parsed {
        guard let first = bytes.first else { return .incomplete }
        return first == signature[0] ? binary(bytes) : line(bytes)
    }

    // MARK: Version 1

    private static func line(_ bytes: [UInt8]) -> Parsed {
        let start = Array("PROXY ".utf8)
        guard bytes.prefix(start.count).elementsEqual(start.prefix(bytes.count)) else { return .invalid }
        guard let end = bytes.prefix(lineBytesMax).firstIndex(of: 0x0A) else {
            return bytes.count < lineBytesMax ? .incomplete : .invalid
        }
        guard end > start.count, bytes[end - 1] == 0x0D else { return .invalid }
        let words = bytes[start.count..<end - 1].split(separator: 0x20, omittingEmptySubsequences: false)
            .map { String(decoding: $0, as: UTF8.self) }
        switch words.first {
        case "UNKNOWN": return .header(ProxyHeader(), bytes: end + 1)
        case "TCP4" where words.count == 5: return line(words, octets: 4, bytes: end + 1)
        case "TCP6" where words.count == 5: return line(words, octets: 16, bytes: end + 1)
        default: return .invalid
        }
    }

    private static func line(_ words: [String], octets count: Int, bytes: Int) -> Parsed {
        guard let source = AddressRange.octets(of: words[1]), let target = AddressRange.octets(of: words[2]),
            source.count == count, target.count == count, UInt16(words[3]) != nil, UInt16(words[4]) != nil
        else { return .invalid }
        return .header(ProxyHeader(address: source), bytes: bytes)
    }

    // MARK: Version 2

    private static func binary(_ bytes: [UInt8]) -> Parsed {
        guard bytes.prefix(signature.count).elementsEqual(signature.prefix(bytes.count)) else { return .invalid }
        guard bytes.count >= 16 else { return .incomplete }
        let length = Int(bytes[14]) << 8 | Int(bytes[15])
        guard bytes[12] >> 4 == 2, length <= bytesMax - 16 else { return .invalid }
        guard bytes.count >= 16 + length else { return .incomplete }
        let body = bytes[16..<16 + length]
        switch (bytes[12] & 0x0F, bytes[13]) {
        case (0, _): return .header(ProxyHeader(), bytes: 16 + length)  // LOCAL
        case (1, 0x11): return binary(body, octets: 4, bytes: 16 + length)  // TCP over IPv4
        case (1, 0x21): return binary(body, octets: 16, bytes: 16 + length)  // TCP over IPv6
        case (1, 0x00), (1, 0x31): return .header(ProxyHeader(), bytes: 16 + length)  // unspecified, a unix socket
        default: return .invalid
        }
    }

    private static func binary(_ body: ArraySlice<UInt8>, octets count: Int, bytes: Int) -> Parsed {
        let addresses = 2 * count + 4
        guard body.count >= addresses else { return .invalid }
        guard let isEncrypted = isEncrypted(Array(body.dropFirst(addresses))) else { return .invalid }
        return .header(
            ProxyHeader(address: Array(body.prefix(count)), isEncrypted: isEncrypted), bytes: bytes)
    }

    /// Looks through the additional fields; nil when they are broken.
    private static func isEncrypted(_ fields: [UInt8]) -> Bool? {
        var isEncrypted = false
        var rest = fields[...]
        while !rest.isEmpty {
            guard rest.count >= 3, let type = rest.first else { return nil }
            let head = Array(rest.prefix(3))
            let length = Int(head[1]) << 8 | Int(head[2])
            guard rest.count >= 3 + length else { return nil }
            let value = rest.dropFirst(3).prefix(length)
            if type == 0x20, let client = value.first { isEncrypted = client & 1 != 0 }  // PP2_CLIENT_SSL
            rest = rest.dropFirst(3 + length)
        }
        return isEncrypted
    }
}
