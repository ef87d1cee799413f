import ModuleKit
import Testing
import WAMP
import WAMPTransport

@testable import Router

/// What the engine does between the messages: slots, loops, flow.
@Suite struct RealmEngineTests {
    private final class Link: SessionLink {
        func deliver(_ frames: Delivery) {}
    }

    private var engine = RealmEngine(
        uri: "realm1", limits: RouterLimits(), disclosure: .onRequest, loopCount: 2, seed: 1)

    private mutating func join(_ id: UInt64, loop: Int, isLocal: Bool = false) -> (SessionHandle, Link) {
        let link = Link()
        let session = JoiningSession(
            id: SessionID(id),
            principal: Principal(
                authid: "ann", authrole: "anonymous", authmethod: "anonymous", authprovider: "static",
                permissions: .unrestricted),
            peer: PeerIdentity(address: "127.0.0.1", isLoopback: true, isEncrypted: false), features: ClientFeatures(),
            format: WireFormat(serializer: .json, framing: .rawSocket), loop: loop, frameBytesMax: 1 << 24,
            isLocal: isLocal, link: link)
        return (engine.join(session, welcome: .ofTests), link)
    }

    private mutating func send(_ json: String, from handle: SessionHandle) throws {
        let bytes = Array(json.utf8)
        engine.receive(try MessageHead.decode(bytes.span, .json), bytes.span, .json, from: handle)
    }

    @Test mutating func `a session is written to on its own loop only, whoever had its slot before`() {
        let (first, firstLink) = join(1, loop: 0)
        engine.leave(first)
        let (second, secondLink) = join(2, loop: 1)
        #expect(second.slot == first.slot)
        let zero = engine.takeDeliveries(loop: 0).map { ObjectIdentifier($0.link) }
        let one = engine.takeDeliveries(loop: 1).map { ObjectIdentifier($0.link) }
        #expect(zero == [ObjectIdentifier(firstLink)])
        #expect(one == [ObjectIdentifier(secondLink)])
    }

    @Test mutating func `what a session that has left still sends is nobody's`() throws {
        let (first, _) = join(1, loop: 0)
        engine.leave(first)
        _ = join(2, loop: 0)
        try send(#"[32, 1, {}, "com.x"]"#, from: first)
        #expect(engine.subscriptions.count == 0)
    }

    @Test mutating func `each loop is woken once until it has flushed`() throws {
        let (ann, _) = join(1, loop: 0)
        var woken: [Int] = []
        engine.wakeLoops { woken.append($0) }
        try send(#"[32, 1, {}, "com.x"]"#, from: ann)
        engine.wakeLoops { woken.append($0) }
        #expect(woken == [0])
        _ = engine.takeDeliveries(loop: 0)
        try send(#"[32, 2, {}, "com.y"]"#, from: ann)
        engine.wakeLoops { woken.append($0) }
        #expect(woken == [0, 0])
    }

    @Test mutating func `a sender is held back while the module it feeds is behind, and nothing is dropped`() throws {
        let (module, _) = join(1, loop: 0, isLocal: true)
        let (sender, senderLink) = join(2, loop: 0)
        try send(#"[32, 1, {}, "com.x"]"#, from: module)
        _ = engine.takeDeliveries(loop: 0)
        engine.writabilityChanged(module, isWritable: false)
        let text = String(repeating: "x", count: 1 << 20)
        for request in 1...20 { try send(#"[16, \#(request), {}, "com.x", ["\#(text)"]]"#, from: sender) }
        func reading(_ deliveries: [(link: any SessionLink, delivery: Delivery)]) -> [Bool] {
            deliveries.filter { $0.link === senderLink }.compactMap(\.delivery.reads)
        }
        #expect(reading(engine.takeDeliveries(loop: 0)) == [false])
        engine.writabilityChanged(module, isWritable: true)
        let released = engine.takeDeliveries(loop: 0) + engine.takeDeliveries(loop: 0)
        #expect(reading(released) == [true])
        #expect(engine.counters.eventsDropped == 0)
        #expect(engine.counters.eventsOut == 20)
    }
}
