import ModuleKit
import NIOCore
import NIOSSL
import Testing
import WAMP
import WAMPTransport

@testable import Listener

#if canImport(Glibc)
import Glibc
#endif

// Every transport over real sockets: what the first byte decides, and what an upgrade leaves behind.

@Suite(.timeLimit(.minutes(1))) struct TransportTests {
    @Test(arguments: [false, true])
    func `a WebSocket is upgraded and echoes, plain and in TLS`(isEncrypted: Bool) async throws {
        try await TestListener.with { listener in
            let client = try await listener.client(tls: isEncrypted)
            try await client.send(upgradeRequest(path: "/ws-re-dev"))
            let head = await client.receive(through: "\r\n\r\n")
            #expect(head.hasPrefix("HTTP/1.1 101 "))
            #expect(head.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="))
            try await client.send(masked("hello"))
            #expect(await client.receive(7) == unmasked("hello"))
            let connection = try #require(listener.acceptor.connections.first)
            #expect(connection.peer.isEncrypted == isEncrypted)
            #expect(connection.peer.isLoopback)
            #expect(connection.peer.address == "127.0.0.1")
            #expect(connection.peer.path == "/ws-re-dev")
            #expect(connection.serializer == .json)
            #expect(connection.framing == .webSocketText)
            #expect(connection.messageBytesMaxBeforeWelcome == 16 << 10)
            #expect(connection.messageBytesMax == 16 << 20)
        }
    }

    @Test(arguments: [false, true])
    func `a RawSocket shakes hands and echoes, plain and in TLS`(isEncrypted: Bool) async throws {
        try await TestListener.with { listener in
            let client = try await listener.client(tls: isEncrypted)
            try await client.send([0x7F, 0x52, 0, 0])
            #expect(await client.receive(4) == [0x7F, 0xF2, 0, 0])
            try await client.send([0, 0, 0, 2, 8, 9] + [1, 0, 0, 1, 7])
            #expect(await client.receive(11) == [0, 0, 0, 2, 8, 9] + [2, 0, 0, 1, 7])
            let connection = try #require(listener.acceptor.connections.first)
            #expect(connection.serializer == .messagePack)
            #expect(connection.framing == .rawSocket)
            #expect(connection.peerMessageBytesMax == 1 << 14)
            #expect(connection.peer.path == nil)
        }
    }

    @Test func `a handshake and the first frames may share a segment or come byte by byte`() async throws {
        try await TestListener.with { listener in
            let raw = try await listener.client()
            try await raw.send([0x7F, 0xF1, 0, 0, 0, 0, 0, 1, 0x41])
            #expect(await raw.receive(9) == [0x7F, 0xF1, 0, 0, 0, 0, 0, 1, 0x41])

            let web = try await listener.client()
            try await web.send(Array(upgradeRequest().utf8) + masked("one") + masked("two"))
            _ = await web.receive(through: "\r\n\r\n")
            #expect(await web.receive(10) == unmasked("one") + unmasked("two"))

            let slow = try await listener.client(tls: true)
            for byte in Array(upgradeRequest().utf8) + masked("x") { try await slow.send([byte]) }
            _ = await slow.receive(through: "\r\n\r\n")
            #expect(await slow.receive(3) == unmasked("x"))
        }
    }

    @Test func `a connection's second request may be an upgrade`() async throws {
        try await TestListener.with { listener in
            let client = try await listener.client()
            try await client.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(await client.receive(through: "ok\n").hasPrefix("HTTP/1.1 200 OK"))
            try await client.send(Array(upgradeRequest().utf8) + masked("late"))
            #expect(await client.receive(through: "\r\n\r\n").hasPrefix("HTTP/1.1 101 "))
            #expect(await client.receive(6) == unmasked("late"))

            let pipelined = try await listener.client()
            try await pipelined.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" + upgradeRequest())
            #expect(await pipelined.receive(through: "ok\n").hasPrefix("HTTP/1.1 200 OK"))
            #expect(await pipelined.receive(through: "\r\n\r\n").hasPrefix("HTTP/1.1 101 "))
            try await pipelined.send(masked("late"))
            #expect(await pipelined.receive(6) == unmasked("late"))
        }
    }

    @Test(arguments: [
        ("/nowhere", "wamp.2.json", "", "404"), ("/ws", "mqtt", "", "400"),
        ("/ws", "wamp.2.json", "Origin: https://elsewhere.example\r\n", "403"),
    ])
    func `a WebSocket is refused by status and the connection closed`(
        path: String, subprotocol: String, extra: String, status: String
    ) async throws {
        try await TestListener.with { listener in
            let client = try await listener.client()
            try await client.send(upgradeRequest(path: path, subprotocol: subprotocol, extra: extra))
            let answer = await client.receiveText()
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
            #expect(answer.contains("Connection: close"))
            #expect(listener.acceptor.connections.isEmpty)
        }
    }

    @Test func `an acceptor that refuses is heard on both transports`() async throws {
        try await TestListener.with(acceptor: EchoAcceptor(isOpen: false)) { listener in
            let web = try await listener.client()
            try await web.send(upgradeRequest())
            #expect(await web.receiveText().hasPrefix("HTTP/1.1 503 "))
            let raw = try await listener.client()
            try await raw.send([0x7F, 0xF1, 0, 0])
            #expect(await raw.receiveAll() == [0x7F, 0x40, 0, 0])
        }
    }

    @Test(
        arguments: [
            ([0x7F, 0xF7, 0, 0], [0x7F, 0x10, 0, 0]), ([0x7F, 0xF1, 0, 1], [0x7F, 0x30, 0, 0]),
        ] as [([UInt8], [UInt8])])
    func `a RawSocket handshake is refused by its nibble`(request: [UInt8], answer: [UInt8]) async throws {
        try await TestListener.with { listener in
            let client = try await listener.client()
            try await client.send(request)
            #expect(await client.receiveAll() == answer)
        }
    }

    @Test(arguments: [0x00, 0x0A, 0x20, 0x61, 0x80, 0xFF] as [UInt8])
    func `a first byte of no protocol closes the connection`(byte: UInt8) async throws {
        try await TestListener.with { listener in
            let client = try await listener.client()
            try await client.send([byte, 1, 2, 3])
            #expect(await client.receiveAll().isEmpty)
        }
    }

    @Test func `there is no TLS inside TLS`() async throws {
        try await TestListener.with { listener in
            let client = try await listener.client(tls: true)
            try await client.send([0x16, 3, 1, 0, 5])
            #expect(await client.receiveAll().isEmpty)
        }
    }

    @Test func `TLS 1.1 is refused and 1.2 is not`() async throws {
        try await TestListener.with { listener in
            let pem = try listener.authority.pem
            let old = try await TestClient.connect(to: try listener.address, tls: pem, maximum: .tlsv11)
            try? await old.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(await old.receiveAll().isEmpty)
            let good = try await TestClient.connect(to: try listener.address, tls: pem, maximum: .tlsv12)
            try await good.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(await good.receive(through: "ok\n").hasPrefix("HTTP/1.1 200 OK"))
        }
    }

    @Test func `the unix socket tells who is there, and is closed to others`() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory + "/gantry.sock"
            try await TestListener.with {
                $0.address = nil
                $0.unixSocket = path
                $0.plain = .never
            } _: { listener in
                var status = stat()
                #expect(stat(path, &status) == 0)
                #expect(status.st_mode & 0o777 == 0o660)
                let address = try SocketAddress(unixDomainSocketPath: path)
                let raw = try await TestClient.connect(to: address)
                try await raw.send([0x7F, 0xF3, 0, 0])
                #expect(await raw.receive(4) == [0x7F, 0xF3, 0, 0])
                let peer = try #require(listener.acceptor.connections.first).peer
                #expect(peer.unixUser == getuid())
                #expect(peer.unixGroup == getgid())
                #expect(peer.address == "unix")
                let web = try await TestClient.connect(to: address)
                try await web.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                #expect(await web.receive(through: "ok\n").hasPrefix("HTTP/1.1 200 OK"))
            }
            #expect(access(path, F_OK) != 0)
        }
    }

    @Test func `without TLS from an address that is not trusted there is neither WAMP nor sign-in`() async throws {
        try await TestListener.with {
            $0.plain = .never
        } _: { listener in
            let raw = try await listener.client()
            try await raw.send([0x7F, 0xF1, 0, 0])
            #expect(await raw.receiveAll().isEmpty)
            let web = try await listener.client()
            try await web.send(upgradeRequest())
            #expect(await web.receiveText().hasPrefix("HTTP/1.1 403 "))
            let page = try await listener.client()
            try await page.send("GET /healthz?x=1 HTTP/1.1\r\nHost: box:8443\r\nConnection: close\r\n\r\n")
            let answer = await page.receiveText()
            #expect(answer.hasPrefix("HTTP/1.1 307 "))
            #expect(answer.contains("Location: https://box:8443/healthz?x=1\r\n"))
            let authority = try await listener.client()
            try await authority.send("GET /ca.pem HTTP/1.1\r\nHost: box:8443\r\nConnection: close\r\n\r\n")
            #expect(await authority.receiveText().contains(try listener.authority.pem))
            #expect(listener.acceptor.connections.isEmpty)
            let encrypted = try await listener.client(tls: true)
            try await encrypted.send([0x7F, 0xF1, 0, 0])
            #expect(await encrypted.receive(4) == [0x7F, 0xF1, 0, 0])
        }
    }

    @Test func `a WAMP client that closes its half is gone`() async throws {
        try await TestListener.with { listener in
            let client = try await listener.client()
            try await client.send(upgradeRequest())
            _ = await client.receive(through: "\r\n\r\n")
            try await client.closeOutput()
            #expect(await client.receiveAll().isEmpty)
        }
    }

    @Test func `TCP_NODELAY is set on what is accepted`() async throws {
        try await TestListener.with { listener in
            let client = try await listener.client()
            try await client.send([0x7F, 0xF1, 0, 0])
            _ = await client.receive(4)
            let channel = try #require(listener.service.connections.channels.first)
            #expect(try await channel.getOption(.tcpOption(.tcp_nodelay)).get() == 1)
        }
    }
}
