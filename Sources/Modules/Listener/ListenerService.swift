package import Logging
package import ModuleKit
package import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization
package import WAMPTransport

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// The one port, and the unix socket: accepts, tells protocols apart, serves HTTP, and hands WAMP connections to the
/// acceptor.
///
/// Life: `bind()` opens the sockets and fails if one cannot be had; `run()` serves until graceful shutdown. Then no
/// connection is accepted any more, `drain` says good-bye, connections that are idle close, and what is still open
/// after `limits.drainTimeout` is closed.
package final class ListenerService: Service {
    private let configuration: ListenerConfiguration
    private let services: Connection.Services
    private let group: any EventLoopGroup
    private let drain: @Sendable () async -> Void
    /// By address; a port has a server socket for each event loop.
    private let sockets = Mutex<[[any Channel]]>([])
    private let isReady = Atomic(false)
    private let logger: Logger

    /// What is open at this moment, for metrics.
    package let connections: OpenConnections

    /// - Parameters:
    ///   - routes: those of all modules; `/healthz` and `/readyz` are added.
    ///   - acceptor: takes the WAMP connections.
    ///   - tls: nil for a listener without TLS.
    ///   - cookies: nil when nobody wants browsers to be known again.
    ///   - group: accepts and serves on these loops; a connection stays on the one that it was given.
    ///   - drain: at shutdown, when nothing new comes in: returns once every session has been told.
    package init(
        configuration: ListenerConfiguration, routes: RouteTable, acceptor: any WAMPConnectionAcceptor,
        tls: TLSContextSource?, cookies: (any CookieJar)? = nil, group: any EventLoopGroup, logger: Logger,
        drain: @escaping @Sendable () async -> Void = {}
    ) {
        self.configuration = configuration
        self.group = group
        self.drain = drain
        self.logger = logger
        connections = OpenConnections(limits: configuration.limits)
        let transports = HTTPTransports(configuration, connections: connections, group: group)
        services = Connection.Services(
            limits: configuration.limits,
            policy: AccessPolicy(plain: configuration.plain, origins: configuration.origins), routes: routes,
            transports: transports, acceptor: acceptor, tls: tls, compresses: configuration.compresses,
            cookies: cookies, proxies: configuration.proxies,
            logger: logger)
        routes.on("GET", "/healthz") { _ in .text(200, "ok") }
        routes.on("GET", "/readyz") { [weak self] _ in
            self?.isReady.load(ordering: .relaxed) == true ? .text(200, "ready") : .text(503, "not ready")
        }
    }

    /// What `/readyz` says. False until somebody says otherwise, and again from the start of the shutdown.
    package func setReady(_ ready: Bool) { isReady.store(ready, ordering: .relaxed) }

    /// The addresses of the sockets that are open, the TCP port first.
    package var addresses: [SocketAddress] { sockets.withLock { $0.compactMap { $0.first?.localAddress } } }

    // MARK: Binding

    /// A socket that cannot be had.
    package struct BindError: Error, Sendable, CustomStringConvertible {
        package var address: String
        /// The system's words.
        package var reason: String
        package var description: String { "cannot listen on \(address): \(reason)" }
    }

    /// Opens all sockets, or none.
    package func bind() async throws {
        guard sockets.withLock({ $0.isEmpty }) else { return }
        do {
            if let address = configuration.address {
                let port = try await bound("\(address), port \(configuration.port)") {
                    try await bind(port: SocketAddress(ipAddress: address, port: configuration.port))
                }
                sockets.withLock { $0.append(port) }
            }
            if let path = configuration.unixSocket {
                let socket = try await bound(path) {
                    try await bootstrap(group).bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
                }
                sockets.withLock { $0.append([socket]) }
                // For the service's user and group; who connects is told by the kernel.
                guard chmod(path, 0o660) == 0 else { throw BindError(address: path, reason: "chmod failed") }
            }
        } catch {
            await closeSockets()
            throw error
        }
        for address in addresses { logger.info("listening", metadata: .facts([.address: "\(address)"])) }
    }

    private func bound<Socket>(_ name: String, _ bind: () async throws -> Socket) async throws -> Socket {
        do {
            return try await bind()
        } catch let error as IOError {
            throw BindError(address: name, reason: String(cString: strerror(error.errnoCode)))
        }
    }

    /// A server socket for each event loop, which accept in turns.
    private func bind(port address: SocketAddress) async throws -> [any Channel] {
        let loops = Array(group.makeIterator())
        let turns = AcceptTurns(loopCount: loops.count)
        let socket = try BoundSocket(address)
        var channels: [any Channel] = []
        do {
            for (number, loop) in loops.enumerated() {
                let bootstrap = bootstrap(loop, (turns, number)).serverChannelOption(.autoRead, value: false)
                channels.append(try await bootstrap.withBoundSocket(socket.duplicate()).get())
            }
        } catch {
            for channel in channels { try? await channel.close() }
            throw error
        }
        turns.begin(channels)
        return channels
    }

    private func bootstrap(_ group: any EventLoopGroup, _ turns: (AcceptTurns, loop: Int)? = nil) -> ServerBootstrap {
        let logger = logger
        return ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptingHandler(turns: turns, logger: logger))
                }
            }
            .childChannelInitializer { [services, connections] channel in
                if let (turns, loop) = turns { turns.accepted(channel, on: loop) }
                return Self.setUp(channel, services, connections)
            }
    }

    // MARK: Connections

    /// Counts a connection and gives it its first handler; one that is too many is turned away. Never fails: an error
    /// here would be the server socket's.
    private static func setUp(
        _ channel: any Channel, _ services: Connection.Services, _ connections: OpenConnections
    ) -> EventLoopFuture<Void> {
        let isUnix = channel.localAddress?.pathname != nil
        let isProxy = !isUnix && channel.remoteAddress?.octets.map(services.isProxy) == true
        let remote = isUnix ? PeerAddress.unix : PeerAddress(channel.remoteAddress)
        let address = isProxy ? remote.asProxy : remote
        let admission: Admission
        do throws(ConnectionTally.Refusal) {
            admission = try connections.admit(channel, from: address)
        } catch {
            services.logger.debug(
                "connection refused", metadata: .facts([.peer: address.text, .reason: error.rawValue]))
            do {
                guard connections.turnsAway(channel) else { throw error }
                try channel.pipeline.syncOperations.addHandler(TurnedAwayHandler())
            } catch {
                channel.close(promise: nil)
            }
            return channel.eventLoop.makeSucceededVoidFuture()
        }
        return UnixPeer.credentials(of: isUnix ? channel : nil, on: channel.eventLoop).map { credentials in
            let peer = PeerIdentity(
                address: address.text, isLoopback: address.isLoopback, isEncrypted: false,
                unixUser: credentials?.user, unixGroup: credentials?.group)
            let connection = Connection(peer: peer, admission: admission, services: services)
            do {
                if !isUnix { try channel.syncOptions?.setOption(.tcpOption(.tcp_nodelay), value: 1) }
                try channel.pipeline.syncOperations.addHandler(
                    isProxy ? ProxyHeaderHandler(connection) : FirstByteHandler(connection))
            } catch {
                channel.close(promise: nil)
            }
        }
    }

    // MARK: Running

    /// Serves until graceful shutdown, or until cancelled.
    package func run() async throws {
        try await bind()
        do {
            try await gracefulShutdown()
        } catch {
            // Cancelled: the same way out, without the good-byes.
        }
        setReady(false)
        await closeSockets()
        logger.info("draining", metadata: .facts([.count: "\(connections.count)"]))
        await shutDownConnections()
        if let path = configuration.unixSocket { unlink(path) }
    }

    private func closeSockets() async {
        let open = sockets.withLock { sockets in
            defer { sockets = [] }
            return sockets
        }
        for socket in open.joined() { try? await socket.close() }
    }

    /// Good-byes, then quiescence, then the end of patience.
    private func shutDownConnections() async {
        let patience = configuration.limits.drainTimeout
        await withTaskGroup(of: Void.self) { [drain, connections] group in
            group.addTask {
                await drain()
                let channels = connections.channels
                for channel in channels {
                    channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
                }
                for channel in channels { try? await channel.closeFuture.get() }
            }
            group.addTask { try? await Task.sleep(for: patience) }
            await group.next()
            group.cancelAll()
            for channel in connections.channels { channel.close(promise: nil) }
        }
    }
}
