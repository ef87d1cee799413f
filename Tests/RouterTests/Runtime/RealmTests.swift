import ModuleKit
import NIOCore
import NIOEmbedded
import Testing
import WAMP
import WAMPTransport

@testable import Router

@Suite struct RealmTests {
    /// What a connection does in the name of its session.
    enum Act: CaseIterable {
        case leave, disconnect, abort, dismiss, send, fillUp
    }

    private final class Link: SessionLink {
        nonisolated(unsafe) var received: [UInt8] = []
        nonisolated(unsafe) var isEnded = false

        func deliver(_ delivery: Delivery) {
            delivery.forEachBuffer { received += $0.readableBytesView }
            isEnded = isEnded || delivery.ending != .none
        }
    }

    private let loop = EmbeddedEventLoop()
    private let realm: Realm
    private let format = WireFormat(serializer: .json, framing: .rawSocket)
    private let peer = PeerIdentity(address: "127.0.0.1", isLoopback: true, isEncrypted: false)

    init() {
        var limits = RouterLimits()
        limits.resumeWithinMilliseconds = 10_000
        realm = Realm(
            definition: RealmDefinition(uri: "realm1"), limits: limits, loops: RouterLoops(loop, wallClock: 0)
        ) { _ in .outage }
    }

    private func join(_ link: Link) -> SessionHandle {
        let principal = Principal(
            authid: "ann", authrole: "anonymous", authmethod: "anonymous", authprovider: "static",
            permissions: .unrestricted)
        let session = JoiningSession(
            id: SessionID(1), principal: principal, peer: peer, features: ClientFeatures(), format: format, loop: 0,
            frameBytesMax: 1 << 24, resumeTicket: ResumeTicket(text: "first"), link: link)
        return realm.join(session, welcome: Welcome(realm: "realm1", principal, agent: "", kept: [], ticket: nil))
    }

    private func resume(_ link: Link) -> SessionHandle? {
        realm.resume(
            SessionID(1),
            ResumingConnection(
                ticket: ResumeTicket(text: "first"), nextTicket: ResumeTicket(text: "second"), peer: peer,
                format: format, loop: 0, frameBytesMax: 1 << 24, link: link))
    }

    private func act(_ act: Act, _ handle: SessionHandle, _ link: Link) throws {
        switch act {
        case .leave: realm.leave(handle, link, .close)
        case .disconnect: realm.disconnected(handle, link)
        case .abort: realm.abort(handle, link, .protocolViolation, "it is broken")
        case .dismiss: realm.dismiss(handle, link, .systemShutdown, "the router shuts down")
        case .send: realm.receive([try message(#"[6, {}, "wamp.close.normal"]"#)], from: handle, link)
        case .fillUp: realm.writabilityChanged(handle, link, isWritable: false)
        }
    }

    private func message(_ text: String) throws -> ReceivedMessage {
        try ReceivedMessage(ByteBuffer(string: text), .json)
    }

    @Test(arguments: Act.allCases)
    func `a connection whose session another one has resumed says nothing in its name`(_ act: Act) throws {
        let old = Link(), new = Link()
        let handle = join(old)
        #expect(resume(new) == handle)
        try self.act(act, handle, old)
        loop.run()
        #expect(old.isEnded && !new.isEnded)
        new.received = []
        realm.receive([try message(#"[32, 1, {}, "com.t"]"#)], from: handle, new)
        loop.run()
        #expect(String(decoding: new.received, as: UTF8.self).contains("[33,1,"))
    }

    @Test(arguments: Act.allCases)
    func `the one that has it does`(_ act: Act) throws {
        let link = Link()
        let handle = join(link)
        try self.act(act, handle, link)
        loop.run()
        link.received = []
        realm.receive([try message(#"[32, 1, {}, "com.t"]"#)], from: handle, link)
        loop.run()
        // One that is lost may still be resumed.
        let isHeard = String(decoding: link.received, as: UTF8.self).contains("[33,1,")
        #expect(!isHeard)
    }
}
