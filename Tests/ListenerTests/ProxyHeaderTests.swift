import Testing

@testable import Listener

/// The PROXY protocol of HAProxy, versions 1 and 2.
struct ProxyHeaderTests {
    private static let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]

    private func binary(_ command: UInt8, _ family: UInt8, _ body: [UInt8]) -> [UInt8] {
        Self.signature + [command, family, UInt8(body.count >> 8), UInt8(body.count & 0xFF)] + body
    }

    private static let ipv4: [UInt8] = [203, 0, 113, 7, 10, 0, 0, 1, 0xC0, 0x00, 0x20, 0xFB]
    private static let ipv6: [UInt8] = [0x20, 1, 0xD, 0xB8] + Array(repeating: 0, count: 11) + [7]

    @Test(arguments: [
        ("PROXY TCP4 203.0.113.7 10.0.0.1 49152 8443\r\n", [203, 0, 113, 7] as [UInt8]?),
        ("PROXY TCP6 2001:db8::7 ::1 49152 8443\r\n", ipv6), ("PROXY UNKNOWN\r\n", nil),
        ("PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", nil),
    ])
    func `version 1 is a line`(line: String, address: [UInt8]?) {
        let bytes = Array(line.utf8)
        let header = ProxyHeader(address: address)
        #expect(ProxyHeader.parse(bytes + [0x7F, 0xF1]) == .header(header, bytes: bytes.count))
        for end in 0..<bytes.count { #expect(ProxyHeader.parse(Array(bytes[..<end])) == .incomplete) }
    }

    @Test func `version 2 has addresses, and says whether the client had TLS`() {
        let plain = binary(0x21, 0x11, Self.ipv4)
        #expect(ProxyHeader.parse(plain + [1]) == .header(ProxyHeader(address: [203, 0, 113, 7]), bytes: 28))
        for end in 0..<plain.count { #expect(ProxyHeader.parse(Array(plain[..<end])) == .incomplete) }
        let tls: [UInt8] = [0x20, 0, 5, 0x01, 0, 0, 0, 0]
        let other: [UInt8] = [0x01, 0, 2, 0x68, 0x32]
        #expect(
            ProxyHeader.parse(binary(0x21, 0x11, Self.ipv4 + other + tls))
                == .header(ProxyHeader(address: [203, 0, 113, 7], isEncrypted: true), bytes: 41))
        let long = Self.ipv6 + Array(repeating: 1, count: 20)
        #expect(ProxyHeader.parse(binary(0x21, 0x21, long)) == .header(ProxyHeader(address: Self.ipv6), bytes: 52))
    }

    @Test func `a proxy may speak for itself`() {
        #expect(ProxyHeader.parse(binary(0x20, 0x00, [])) == .header(ProxyHeader(), bytes: 16))
        #expect(ProxyHeader.parse(binary(0x20, 0x11, Self.ipv4)) == .header(ProxyHeader(), bytes: 28))
        #expect(ProxyHeader.parse(binary(0x21, 0x00, [])) == .header(ProxyHeader(), bytes: 16))
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\n", "PROXY\r\n", "PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n", "PROXY TCP4 ::1 ::2 1 2\r\n",
        "PROXY TCP4 1.2.3 5.6.7.8 1 2\r\n", "PROXY TCP4 1.2.3.4 5.6.7.8 1 65536\r\n",
        "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n", "PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n", "PROXY TCP4  1.2.3.4 5.6.7.8 1 2\r\n",
        "\u{7F}", "PROXY UNKNOWN " + String(repeating: "x", count: 100),
    ])
    func `what is no line is refused`(line: String) {
        #expect(ProxyHeader.parse(Array(line.utf8)) == .invalid)
    }

    @Test func `what is no binary header is refused`() {
        #expect(ProxyHeader.parse(binary(0x11, 0x11, Self.ipv4)) == .invalid)  // another version
        #expect(ProxyHeader.parse(binary(0x22, 0x11, Self.ipv4)) == .invalid)  // another command
        #expect(ProxyHeader.parse(binary(0x21, 0x12, Self.ipv4)) == .invalid)  // datagrams
        #expect(ProxyHeader.parse(binary(0x21, 0x11, Array(Self.ipv4.dropLast()))) == .invalid)
        #expect(ProxyHeader.parse(binary(0x21, 0x11, Self.ipv4 + [0x20, 0, 9, 1])) == .invalid)
        #expect(ProxyHeader.parse(Self.signature + [0x21, 0x11, 0xFF, 0xFF]) == .invalid)  // longer than anybody needs
        #expect(ProxyHeader.parse([0x0D, 0x0A, 0x0D, 0x0B]) == .invalid)
    }

    @Test func `any bytes are parsed or refused`() {
        // A linear congruential generator: the same bytes in every run.
        var state: UInt32 = 7
        func next(below bound: Int) -> Int {
            state = state &* 1_664_525 &+ 1_013_904_223
            return Int(state >> 8) % bound
        }
        for _ in 0..<5000 {
            var bytes = binary(0x21, 0x11, Self.ipv4 + [0x20, 0, 5, 1, 0, 0, 0, 0])
            for _ in 0..<3 { bytes[12 + next(below: bytes.count - 12)] = UInt8(next(below: 256)) }
            bytes.removeLast(next(below: 9))
            if case .header(_, let count) = ProxyHeader.parse(bytes) { #expect(count <= bytes.count) }
        }
    }
}

struct AddressRangeTests {
    @Test(
        arguments: [
            ("10.0.0.0/8", [10, 200, 3, 4], true), ("10.0.0.0/8", [11, 0, 0, 1], false),
            ("10.0.0.7", [10, 0, 0, 7], true),
            ("10.0.0.7", [10, 0, 0, 8], false), ("0.0.0.0/0", [1, 2, 3, 4], true),
            ("172.16.0.0/12", [172, 31, 0, 1], true),
            ("172.16.0.0/12", [172, 32, 0, 1], false),
            ("10.0.0.0/8", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 10, 1, 1, 1], true),
            ("2001:db8::/32", [0x20, 1, 0xD, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9], true),
            ("2001:db8::/32", [0x20, 1, 0xD, 0xB9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9], false),
            ("::1", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], true), ("::/0", [1, 2, 3, 4], false),
        ] as [(String, [UInt8], Bool)])
    func `a range has the addresses that begin like it`(range: String, address: [UInt8], contains: Bool) throws {
        #expect(try #require(AddressRange(range)).contains(address) == contains)
    }

    @Test(arguments: [
        "", "10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/-1", "10.0.0/8", "box", "::/129", "10.0.0.0/8/8", "10.0.0.0/",
    ])
    func `what is no range is refused`(text: String) {
        #expect(AddressRange(text) == nil)
    }

    @Test func `an address that a proxy names is never this machine's`() throws {
        for octets: [UInt8] in [[127, 0, 0, 1], Array(repeating: 0, count: 15) + [1], [203, 0, 113, 7]] {
            let address = try #require(PeerAddress(proxied: octets))
            #expect(!address.isLoopback && address.limitKey != nil)
        }
        #expect(PeerAddress(proxied: [1, 2, 3]) == nil)
    }
}
