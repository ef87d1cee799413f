import ModuleKit
import NIOCore
import NIOEmbedded
import Testing
import WAMP

@testable import Router

@Suite struct RouterHostTests {
    private let host = RouterHost(
        RouterConfiguration(), group: EmbeddedEventLoop(), authenticators: AuthenticatorRegistry(), wallClock: 0, agent: "")

    /// A verdict that was spoken before must not open a session after.
    @Test func `that somebody's sessions were ended is known to handshakes that began before`() async {
        let before = NIODeadline.now()
        await host.disconnect(authid: "SER-1", realm: nil, reason: .killed)
        await host.disconnect(authid: "SER-2", realm: "realm1", reason: .killed)
        let after = NIODeadline.now() + .milliseconds(1)
        #expect(host.hasDismissed("SER-1", in: "realm1", since: before))
        #expect(host.hasDismissed("SER-1", in: "realm2", since: before))
        #expect(host.hasDismissed("SER-2", in: "realm1", since: before))
        #expect(!host.hasDismissed("SER-2", in: "realm2", since: before))
        #expect(!host.hasDismissed("SER-3", in: "realm1", since: before))
        #expect(!host.hasDismissed("SER-1", in: "realm1", since: after))
    }
}
