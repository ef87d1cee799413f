import Logging
import ModuleKit
import NIOCore
import WAMP
import WAMPTransport

/// One connection while the listener has it: who is at the other end, and what the stages of its pipeline share.
struct Connection: Sendable {
    var peer: PeerIdentity
    /// What is read has come out of TLS. A proxy may have taken TLS off before: then the peer is encrypted, but this is not.
    var isInsideTLS = false
    let admission: Admission
    let services: Services

    /// What all connections of a listener share.
    struct Services: Sendable {
        var limits: ListenerConfiguration.Limits
        var policy: AccessPolicy
        var routes: RouteTable
        var transports: HTTPTransports
        var acceptor: any WAMPConnectionAcceptor
        var tls: TLSContextSource?
        /// `listener.compression`
        var compresses: Bool
        /// By which browsers are known again, if a realm wants to know them.
        var cookies: (any CookieJar)?
        /// Who says for whom it speaks.
        var proxies: [AddressRange]
        var logger: Logger

        /// - Parameter octets: of an address.
        func isProxy(_ octets: [UInt8]) -> Bool { proxies.contains { $0.contains(octets) } }
    }

    /// Asks the acceptor for a handler; nil if it refuses.
    ///
    /// - Parameter agree: what else the two ends have agreed on.
    func accept(
        _ channel: any Channel, serializer: Serializer, framing: Framing,
        agree: (inout TransportConnection) -> Void = { _ in }
    ) -> (any ChannelInboundHandler)? {
        let limits = services.limits
        var connection = TransportConnection(
            peer: peer, serializer: serializer, framing: framing,
            messageBytesMaxBeforeWelcome: min(limits.messageBytesMaxBeforeWelcome, limits.messageBytesMax),
            messageBytesMax: limits.messageBytesMax, admission: admission)
        agree(&connection)
        return services.acceptor.accept(connection, channel: channel)
    }

    /// The cookie that a request brings, or a new one and the header that sets it; nil where there are no cookies.
    func cookie(of headers: [String]) -> (value: String, header: String?)? {
        guard let jar = services.cookies else { return nil }
        let isEncrypted = peer.isEncrypted
        if let known = headers.lazy.compactMap({ jar.cookie(in: $0, isEncrypted: isEncrypted) }).first {
            return (known, nil)
        }
        return jar.issue(isEncrypted: peer.isEncrypted).map { ($0.value, $0.header) }
    }

    /// One line for a connection that ends before it has begun.
    func log(_ reason: String) {
        services.logger.debug("connection refused", metadata: .facts([.peer: peer.address, .reason: reason]))
    }
}

/// A time limit for what a stage waits for. One at a time; a new one replaces the last.
struct Deadline {
    private var scheduled: Scheduled<Void>?

    /// - Parameter action: on the channel's event loop.
    mutating func set(
        after duration: Duration, on eventLoop: any EventLoop, _ action: @escaping @Sendable () -> Void
    ) {
        scheduled?.cancel()
        scheduled = eventLoop.scheduleTask(in: TimeAmount(duration), action)
    }

    mutating func cancel() {
        scheduled?.cancel()
        scheduled = nil
    }
}
