import NIOCore
import Testing
import WAMPTransport

@testable import Listener

// Time and number: what a listener does with those who are slow, and with those who are many.

@Suite(.timeLimit(.minutes(1))) struct LimitTests {
    private static let short = Duration.milliseconds(200)

    /// What a client sends before it stops, and in which limit it must end.
    static let stalls: [(name: String, bytes: [UInt8])] = [
        ("nothing", []),
        ("half a RawSocket handshake", [0x7F, 0xF1]),
        ("half a request head", Array("GET / HTTP/1.1\r\nHost: x\r\n".utf8)),
        ("half a TLS record", [0x16, 3, 1, 2, 0, 1]),
        ("half a body", Array("POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc".utf8)),
        ("no further request", Array("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n".utf8)),
    ]

    @Test(arguments: stalls.map(\.name))
    func `who stalls is closed`(name: String) async throws {
        let bytes = try #require(Self.stalls.first { $0.name == name }).bytes
        try await TestListener.with {
            $0.limits.httpHeadTimeout = Self.short
            $0.limits.tlsHandshakeTimeout = Self.short
            $0.limits.httpBodyTimeout = Self.short
            $0.limits.httpIdleTimeout = Self.short
        } _: { listener in
            let client = try await listener.client()
            if !bytes.isEmpty { try await client.send(bytes) }
            _ = await client.receiveAll()
            while listener.service.connections.count > 0 { await Task.yield() }
        }
    }

    @Test func `a slow head is closed even when a byte comes now and then`() async throws {
        try await TestListener.with {
            $0.limits.httpHeadTimeout = .milliseconds(300)
        } _: { listener in
            let client = try await listener.client()
            let start = ContinuousClock.now
            try await client.send("GET / HTTP/1.1\r\n")
            let drip = Task {
                while !Task.isCancelled, (try? await client.send("X: y\r\n")) != nil {
                    try await Task.sleep(for: .milliseconds(50))
                }
            }
            _ = await client.receiveAll()
            drip.cancel()
            #expect(ContinuousClock.now - start < .seconds(5))
        }
    }

    @Test func `silence after the TLS handshake is closed`() async throws {
        try await TestListener.with {
            $0.limits.httpHeadTimeout = Self.short
        } _: { listener in
            let client = try await listener.client(tls: true)
            #expect(await client.receiveAll().isEmpty)
        }
    }

    @Test func `one connection too many is closed, and there is room again when one ends`() async throws {
        try await TestListener.with {
            $0.limits.connectionsMax = 2
        } _: { listener in
            let first = try await listener.client()
            let second = try await listener.client()
            for client in [first, second] {
                try await client.send([0x7F, 0xF1, 0, 0])
                #expect(await client.receive(4) == [0x7F, 0xF1, 0, 0])
            }
            #expect(await (try listener.client()).receiveAll().isEmpty)
            #expect(listener.service.connections.refusedCount == 1)
            await first.close()
            while listener.service.connections.count > 1 { await Task.yield() }
            let third = try await listener.client()
            try await third.send([0x7F, 0xF1, 0, 0])
            #expect(await third.receive(4) == [0x7F, 0xF1, 0, 0])
        }
    }

    @Test func `those who have been authenticated no longer count among those who have not`() async throws {
        try await TestListener.with(
            { $0.limits.connectionsUnauthenticatedMax = 1 }, acceptor: EchoAcceptor(authenticates: true)
        ) {
            listener in
            for _ in 0..<3 {
                let client = try await listener.client()
                try await client.send([0x7F, 0xF1, 0, 0])
                #expect(await client.receive(4) == [0x7F, 0xF1, 0, 0])
            }
            #expect(listener.service.connections.unauthenticatedCount == 0)
            let silent = try await listener.client()
            while listener.service.connections.unauthenticatedCount == 0 { await Task.yield() }
            #expect(await (try listener.client()).receiveAll().isEmpty)
            await silent.close()
            while listener.service.connections.unauthenticatedCount > 0 { await Task.yield() }
            #expect(listener.service.connections.count == 3)
        }
    }

    @Test func `browsers that wait take no place from devices that sign in`() async throws {
        try await TestListener.with {
            $0.limits.connectionsUnauthenticatedMax = 1
        } _: { listener in
            let request = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
            var browsers: [TestClient] = []
            for _ in 0..<2 {
                let browser = try await listener.client()
                browsers.append(browser)
                try await browser.send(request)
                #expect(await browser.receive(through: "ok\n").hasPrefix("HTTP/1.1 200 "))
            }
            #expect(listener.service.connections.unauthenticatedCount == 0)
            try await browsers[0].send(upgradeRequest())
            #expect(await browsers[0].receive(through: "\r\n\r\n").hasPrefix("HTTP/1.1 101 "))
            #expect(listener.service.connections.unauthenticatedCount == 1)
            try await browsers[1].send(upgradeRequest())
            #expect(await browsers[1].receiveText().hasPrefix("HTTP/1.1 503 "))
            await browsers[0].close()
            while listener.service.connections.count > 0 { await Task.yield() }
            #expect(listener.service.connections.unauthenticatedCount == 0)
        }
    }

    @Test func `shutdown says good-bye and waits for nobody for ever`() async throws {
        let clients = Clients()
        let start = ContinuousClock.now
        try await TestListener.with {
            $0.limits.drainTimeout = .milliseconds(500)
        } _: { listener in
            listener.routes.on("GET", "/never") { _ in
                try? await Task.sleep(for: .seconds(60))
                return .text(200, "late")
            }
            let session = try await listener.client()
            try await session.send(upgradeRequest())
            _ = await session.receive(through: "\r\n\r\n")
            let idle = try await listener.client()
            let stuck = try await listener.client()
            try await stuck.send("GET /never HTTP/1.1\r\nHost: x\r\n\r\n")
            while listener.service.connections.count < 3 { await Task.yield() }
            await clients.keep([session, idle, stuck])
        }
        #expect(ContinuousClock.now - start < .seconds(10))
        let (session, idle, stuck) = await (clients.all[0], clients.all[1], clients.all[2])
        #expect(await session.receiveAll() == [0x88, 2, 0x03, 0xE9])
        #expect(await idle.receiveAll().isEmpty)
        #expect(await stuck.receiveAll().isEmpty)
    }

    @Test func `a port that is taken is a sentence`() async throws {
        try await TestListener.with { listener in
            let port = try #require(try listener.address.port)
            await #expect(throws: ListenerService.BindError.self) {
                try await TestListener.with {
                    $0.port = port
                } _: { _ in
                }
            }
        }
    }

    private actor Clients {
        private(set) var all: [TestClient] = []
        func keep(_ clients: [TestClient]) { all = clients }
    }
}
