import Testing

@testable import Listener

// Two readers look at `Upgrade` and `Connection`: NIO's decoder, which stops reading HTTP, and our handshake, which
// changes the pipeline. Where they disagree, frames would be read as HTTP. However the headers are spelled, the answer
// must be 101 and an echo, or an ordinary answer, or the end of the connection; and the listener must go on.

@Suite(.timeLimit(.minutes(1))) struct UpgradeAgreementTests {
    static let connections = [
        "Upgrade", "upgrade", "UPGRADE", "keep-alive, Upgrade", "Upgrade, keep-alive", "keep-alive ,Upgrade",
        "keep-alive,Upgrade", ",Upgrade", "Upgrade,", "  Upgrade  ", "\tUpgrade\t", "keep-alive,\tUpgrade",
        "Upgrade ,", "close, Upgrade", "Upgrade, close", "xUpgrade", "Upgradex", "Upgrade x", "x Upgrade",
        "Upgrade;q=1", "Upgrade, Upgrade", "\"Upgrade\"", "keep-alive\r\nConnection: Upgrade",
        "Upgrade\r\nConnection: close", "x\r\n Upgrade", "Upgrade\r\n x", "",
    ]
    static let upgrades = [
        "websocket", "WebSocket", "foo, websocket", "websocket, foo", "websocket/13", " websocket\t",
        "foo\r\nUpgrade: websocket", "",
    ]

    @Test(arguments: connections)
    func `however the headers are spelled`(connection: String) async throws {
        try await TestListener.with {
            $0.limits.httpIdleTimeout = .milliseconds(300)
        } _: { listener in
            for upgrade in Self.upgrades {
                let client = try await listener.client()
                let head =
                    "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: \(upgrade)\r\nConnection: \(connection)\r\n"
                    + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
                    + "Sec-WebSocket-Protocol: wamp.2.json\r\n\r\n"
                try await client.send(Array(head.utf8) + masked("GET / HTTP/1.1"))
                let answer = await client.receive(through: "\r\n\r\n")
                if answer.hasPrefix("HTTP/1.1 101 ") {
                    #expect(await client.receive(16) == unmasked("GET / HTTP/1.1"))
                    try? await client.send(masked("again"))
                    #expect(await client.receive(7) == unmasked("again"))
                    await client.close()
                } else {
                    #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 4"))
                    _ = await client.receiveAll()
                }
            }
            let client = try await listener.client()
            try await client.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(await client.receive(through: "ok\n").hasPrefix("HTTP/1.1 200 OK"))
        }
    }
}
