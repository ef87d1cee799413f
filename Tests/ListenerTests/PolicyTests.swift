import ModuleKit
import NIOCore
import Testing

@testable import Listener

@Suite struct PeerAddressTests {
    @Test(arguments: [
        ("127.0.0.1", "127.0.0.1", true), ("127.8.9.10", "127.8.9.10", true), ("10.0.0.7", "10.0.0.7", false),
        ("255.255.255.255", "255.255.255.255", false), ("::1", "::1", true),
        ("::ffff:127.0.0.1", "127.0.0.1", true), ("::ffff:192.168.1.20", "192.168.1.20", false),
        ("fd00::5", "fd00::5", false), ("::2", "::2", false),
    ])
    func `addresses are written one way and loopback is known`(ip: String, text: String, isLoopback: Bool) throws {
        let address = PeerAddress(try SocketAddress(ipAddress: ip, port: 5))
        #expect(address.text == text)
        #expect(address.isLoopback == isLoopback)
        #expect((address.limitKey == nil) == isLoopback)
    }

    @Test func `addresses of one IPv6 network are counted together and IPv4 ones apart`() throws {
        func key(_ ip: String) throws -> PeerAddress.LimitKey? {
            PeerAddress(try SocketAddress(ipAddress: ip, port: 1)).limitKey
        }
        #expect(try key("2001:db8::1") == key("2001:db8::ffff:1"))
        #expect(try key("2001:db8::1") != key("2001:db8:0:1::1"))
        #expect(try key("10.0.0.1") != key("10.0.0.2"))
        #expect(try key("10.0.0.1") == key("::ffff:10.0.0.1"))
    }

    @Test func `an address that is gone is counted, and trusted with nothing`() {
        let address = PeerAddress(nil)
        #expect(!address.isLoopback)
        #expect(address.limitKey == .unknown)
    }
}

@Suite struct FirstByteTests {
    @Test func `every byte has one meaning on either side of TLS`() {
        for byte in UInt8.min...UInt8.max {
            let plain = FirstByte.classify(byte, isEncrypted: false)
            let encrypted = FirstByte.classify(byte, isEncrypted: true)
            switch byte {
            case 0x16: #expect((plain, encrypted) == (.tls, .unknown))
            case 0x7F: #expect((plain, encrypted) == (.rawSocket, .rawSocket))
            case 0x41...0x5A: #expect((plain, encrypted) == (.http, .http))
            default: #expect((plain, encrypted) == (.unknown, .unknown))
            }
        }
    }
}

@Suite struct AccessPolicyTests {
    private static let loopback = PeerIdentity(address: "127.0.0.1", isLoopback: true, isEncrypted: false)
    private static let lan = PeerIdentity(address: "10.0.0.7", isLoopback: false, isEncrypted: false)
    private static let encrypted = PeerIdentity(address: "10.0.0.7", isLoopback: false, isEncrypted: true)
    private static let unix = PeerIdentity(
        address: "unix", isLoopback: true, isEncrypted: false, unixUser: 0, unixGroup: 0)

    @Test func `plain connections are trusted by where they come from`() {
        let golden: [(ListenerConfiguration.PlainAccess, PeerIdentity, Bool)] = [
            (.loopback, Self.loopback, true), (.loopback, Self.lan, false),
            (.lan, Self.loopback, true), (.lan, Self.lan, true),
            (.never, Self.loopback, false), (.never, Self.lan, false),
        ]
        for (plain, peer, isTrusted) in golden {
            let policy = AccessPolicy(plain: plain, origins: [])
            #expect(policy.isTrusted(peer) == isTrusted)
            #expect(policy.http(peer) == (isTrusted ? .full : .authorityOnly))
            #expect(policy.isTrusted(Self.encrypted))
            #expect(policy.isTrusted(Self.unix))
        }
    }

    @Test(arguments: [
        ("https://box:8443", "box:8443", true), ("https://BOX", "box:8443", true), ("http://box:3000", "box", true),
        ("http://localhost:5173", "box", true), ("http://[::1]:80", "box", true),
        ("https://[fd00::1]", "[fd00::1]:8443", true),
        ("https://other", "box", false), ("https://box.evil.example", "box", false), ("null", "box", false),
        ("file://", "box", false), ("https://", "", false), ("https://box/path", "box", false),
        ("https://dash.example:3000", "box", true), ("https://dash.example:3001", "box", false),
    ])
    func `a page may open a WebSocket to its own host, from this machine, or when it is listed`(
        origin: String, host: String, isAllowed: Bool
    ) {
        let policy = AccessPolicy(plain: .loopback, origins: ["https://dash.example:3000"])
        #expect(policy.allowsOrigin(origin, host: host) == isAllowed)
        #expect(AccessPolicy(plain: .loopback, origins: ["*"]).allowsOrigin(origin, host: host))
    }
}

@Suite struct ConnectionTallyTests {
    private func tally(total: Int = 10, perAddress: Int = 2, unauthenticated: Int = 5) -> ConnectionTally {
        var limits = ListenerConfiguration.Limits()
        limits.connectionsMax = total
        limits.connectionsPerAddressMax = perAddress
        limits.connectionsUnauthenticatedMax = unauthenticated
        return ConnectionTally(limits: limits)
    }

    @Test func `an address has its own limit and loopback has none`() throws {
        var tally = tally()
        try tally.admit(.ipv4(1))
        try tally.admit(.ipv4(1))
        #expect(throws: ConnectionTally.Refusal.connectionsPerAddressMax) { try tally.admit(.ipv4(1)) }
        try tally.admit(.ipv4(2))
        try tally.admit(nil)
        try tally.admit(nil)
        #expect(tally.connections == 5)
        tally.closed(.ipv4(1), wasAuthenticated: false)
        try tally.admit(.ipv4(1))
    }

    @Test func `all together have a limit, also those that are exempt from that of their address`() throws {
        var tally = tally(total: 3)
        for _ in 0..<3 { try tally.admit(nil) }
        #expect(throws: ConnectionTally.Refusal.connectionsMax) { try tally.admit(nil) }
        tally.closed(nil, wasAuthenticated: false)
        try tally.admit(nil)
    }

    @Test func `those who have not been authenticated have a limit of their own`() throws {
        var tally = tally(unauthenticated: 2)
        try tally.admit(nil)
        try tally.admit(nil)
        #expect(throws: ConnectionTally.Refusal.connectionsUnauthenticatedMax) { try tally.admit(nil) }
        tally.authenticated()
        try tally.admit(nil)
        #expect(tally.unauthenticated == 2)
        tally.closed(nil, wasAuthenticated: true)
        #expect((tally.connections, tally.unauthenticated) == (2, 2))
        tally.closed(nil, wasAuthenticated: false)
        tally.closed(nil, wasAuthenticated: false)
        #expect((tally.connections, tally.unauthenticated) == (0, 0))
    }

    @Test func `the unix socket is counted and never refused`() throws {
        var tally = tally(total: 1, unauthenticated: 1)
        try tally.admit(nil)
        try tally.admit(nil, isLocal: true)
        #expect((tally.connections, tally.unauthenticated) == (2, 2))
        #expect(throws: ConnectionTally.Refusal.connectionsMax) { try tally.admit(nil) }
    }

    @Test func `who begins anew needs room among the unauthenticated`() throws {
        var tally = tally(unauthenticated: 1)
        try tally.admit(nil)
        tally.authenticated()
        try tally.admit(nil)
        #expect(throws: ConnectionTally.Refusal.connectionsUnauthenticatedMax) { try tally.beganAnew() }
        tally.closed(nil, wasAuthenticated: false)
        try tally.beganAnew()
        #expect((tally.connections, tally.unauthenticated) == (1, 1))
    }

    @Test func `a refusal leaves nothing behind`() throws {
        var tally = tally(perAddress: 1)
        try tally.admit(.ipv6Network(7))
        for _ in 0..<100 { #expect(throws: ConnectionTally.Refusal.self) { try tally.admit(.ipv6Network(7)) } }
        #expect((tally.connections, tally.unauthenticated) == (1, 1))
    }
}

@Suite struct ListenerConfigurationTests {
    private func read(_ text: String) throws -> ListenerConfiguration {
        let document = ConfigurationDocument(text: text, file: "gantry.yml")
        let configuration = ListenerConfiguration.configuration(from: document.settings)
        try document.check()
        return configuration
    }

    @Test func `an empty file has the defaults of decisions`() throws {
        let configuration = try read("")
        #expect(configuration.port == 8443)
        #expect(configuration.plain == .loopback)
        #expect(configuration.certificate == .issued(names: []))
        #expect(configuration.limits == ListenerConfiguration.Limits())
        #expect(configuration.limits.connectionsMax == 4096)
        #expect(configuration.limits.connectionsPerAddressMax == 64)
        #expect(configuration.limits.connectionsUnauthenticatedMax == 256)
        #expect(configuration.limits.tlsHandshakeTimeout == .seconds(5))
        #expect(configuration.limits.httpHeadTimeout == .seconds(10))
        #expect(configuration.limits.httpHeadBytesMax == 16384)
    }

    @Test func `every key is read`() throws {
        let configuration = try read(
            """
            listener:
              address: "::"
              port: 443
              plain: lan
              unix_socket: /tmp/g.sock
              origins: ["https://dash.example"]
              tls: {certificate: /a.pem, private_key: /b.pem, names: [box.plant]}
            limits:
              connections: 10
              connections_per_address: 3
              connections_unauthenticated: 4
              tls_handshake_timeout: 1s
              http_head: 8KiB
              http_head_timeout: 2s
              http_body: 2MiB
              http_body_timeout: 3s
              http_idle_timeout: 4s
              message_before_welcome: 1KiB
              message: 1MiB
            """)
        #expect(configuration.address == "::")
        #expect(configuration.port == 443)
        #expect(configuration.plain == .lan)
        #expect(configuration.unixSocket == "/tmp/g.sock")
        #expect(configuration.origins == ["https://dash.example"])
        #expect(configuration.certificate == .files(certificate: "/a.pem", privateKey: "/b.pem"))
        #expect(configuration.limits.connectionsMax == 10)
        #expect(configuration.limits.connectionsPerAddressMax == 3)
        #expect(configuration.limits.connectionsUnauthenticatedMax == 4)
        #expect(configuration.limits.tlsHandshakeTimeout == .seconds(1))
        #expect(configuration.limits.httpHeadBytesMax == 8192)
        #expect(configuration.limits.httpHeadTimeout == .seconds(2))
        #expect(configuration.limits.httpBodyBytesMax == 2 << 20)
        #expect(configuration.limits.httpBodyTimeout == .seconds(3))
        #expect(configuration.limits.httpIdleTimeout == .seconds(4))
        #expect(configuration.limits.messageBytesMaxBeforeWelcome == 1024)
        #expect(configuration.limits.messageBytesMax == 1 << 20)
    }

    @Test(arguments: [
        "listener: {address: box}", "listener: {plain: everybody}", "listener: {port: 0}",
        "listener: {tls: {certificate: /a.pem}}", "listener: {tls: {private_key: /a.pem}}",
        "limits: {message: 32MiB}", "limits: {connections: 0}",
    ])
    func `a wrong value is named`(text: String) {
        #expect(throws: ConfigurationErrors.self) { try read(text) }
    }
}
