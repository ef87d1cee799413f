import ModuleKit
import NIOCore
import NIOEmbedded
import Testing
import WAMP

@testable import Router

@Suite struct RouterHostTests {
    private let host = RouterHost(
        RouterConfiguration(), group: EmbeddedEventLoop(), authenticators: AuthenticatorRegistry(), wallClock: 0,
        agent: "")

    private static func principal(
        _ authid: String, role: String = "app", method: String = "wampcra", provider: String = "gantry"
    ) -> Principal {
        Principal(
            authid: authid, authrole: role, authmethod: method, authprovider: provider, permissions: .unrestricted)
    }

    @Test func `a device, a person, a module and a realm's own principal of one name are four`() {
        let principals = [
            Self.principal("alarms"), Self.principal("alarms", role: "viewer", method: "ticket"),
            Self.principal("alarms", role: "service", method: "internal"),
            Self.principal("alarms", role: "viewer", provider: "static"),
        ]
        #expect(principals.map(SessionOwner.device("alarms").owns) == [true, false, false, false])
        #expect(principals.map(SessionOwner.person("alarms").owns) == [false, true, false, false])
        #expect(!SessionOwner.person("vera").owns(principals[1]))
    }

    /// A verdict that was spoken before must not open a session after.
    @Test func `that somebody's sessions were ended is known to handshakes that began before`() async {
        let before = NIODeadline.now()
        await host.disconnect(.device("SER-1"), realm: nil, reason: .killed)
        await host.disconnect(.device("SER-2"), realm: "realm1", reason: .killed)
        let after = NIODeadline.now() + .milliseconds(1)
        let (one, two) = (Self.principal("SER-1"), Self.principal("SER-2"))
        #expect(host.hasDismissed(one, in: "realm1", since: before))
        #expect(host.hasDismissed(one, in: "realm2", since: before))
        #expect(host.hasDismissed(two, in: "realm1", since: before))
        #expect(!host.hasDismissed(two, in: "realm2", since: before))
        #expect(!host.hasDismissed(Self.principal("SER-3"), in: "realm1", since: before))
        #expect(!host.hasDismissed(one, in: "realm1", since: after))
    }
}
