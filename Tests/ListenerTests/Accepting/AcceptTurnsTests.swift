import NIOCore
import NIOPosix
import Testing

@testable import Listener

@Suite struct AcceptTurnsTests {
    @Test func `connections come to every loop, a block at a time`() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        try await TestListener.with(group: group) { listener in
            var clients: [TestClient] = []
            for _ in 0..<LoopShares.block * 4 {
                let client = try await listener.client()
                try await client.send(upgradeRequest())
                _ = await client.receive(through: "\r\n\r\n")
                clients.append(client)
            }
            let loops = listener.acceptor.loops
            let blocks = stride(from: 0, to: loops.count, by: LoopShares.block).map {
                Set(loops[$0..<$0 + LoopShares.block])
            }
            #expect(blocks.allSatisfy { $0.count == 1 })
            #expect(Set(loops).count == 2)
            for client in clients { await client.close() }
        }
        try await group.shutdownGracefully()
    }
}
