// From a configuration to a running server, and back. In this order: the data directory and its lock; the router, the
// listener; every module constructed; every module prepared (it opens its files and joins its realms, in this
// process, while the network waits); then the services run, the last of which opens the port and says so. The end is
// the reverse: the port closes, sessions hear GOODBYE, modules finish what they were given.

import Authentication
import Listener
import Logging
import ModuleKit
import NIOCore
import NIOPosix
import Router
import ServiceLifecycle
import UnixSignals
import WAMP

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

struct Boot {
    let configuration: ApplianceConfiguration
    let environment: [String: String]
    let logger: Logger

    /// The router is no module, but keeps events over a restart.
    private static let router: ModuleID = "router"

    /// How long the services may take to end; systemd's TimeoutStopSec is longer.
    private static let shutdownMax = Duration.seconds(20)

    /// Returns when the server has ended as it was asked to.
    func run() async throws {
        let start = ContinuousClock.now
        signal(SIGPIPE, SIG_IGN)
        FileLimit.raise()
        try configuration.data.create(for: [Self.router] + configuration.modules.map(\.id))
        let lock = try configuration.data.lock()
        defer { withExtendedLifetime(lock) {} }

        let loopCount = configuration.listener.eventLoops ?? System.coreCount
        let group = MultiThreadedEventLoopGroup(numberOfThreads: min(loopCount, ListenerConfiguration.eventLoopsMax))
        do {
            try await run(on: group, since: start)
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
        try await group.shutdownGracefully()
    }

    private func run(on group: MultiThreadedEventLoopGroup, since start: ContinuousClock.Instant) async throws {
        let authenticators = AuthenticatorRegistry()
        let attempts = AttemptJudge(configuration.attempts, time: .system, logger: Logger(label: "authentication"))
        let router = RouterHost(
            configuration.router, group: group, authenticators: authenticators, wallClock: Self.wallClock(),
            agent: "Gantry/\(Version.current.text)", directory: configuration.data.directory(of: Self.router),
            logger: Logger(label: "router"))
        do {
            try await run(router, authenticators, attempts, on: group, since: start)
        } catch {
            await router.close()
            throw error
        }
        await router.close()
        logger.notice("ended")
    }

    private func run(
        _ router: RouterHost, _ authenticators: AuthenticatorRegistry, _ attempts: AttemptJudge,
        on group: MultiThreadedEventLoopGroup, since start: ContinuousClock.Instant
    ) async throws {
        let plainRealms = try plainRealms(of: router, attempts)
        authenticators.add(plainRealms)
        let routes = RouteTable()
        let tls = try ServerTLS(
            configuration.listener, keys: configuration.data.keys, published: configuration.directory,
            logger: Logger(label: "listener"))
        tls.pages?.add(to: routes)
        let listener = ListenerService(
            configuration: configuration.listener, routes: routes, acceptor: router, tls: tls.source,
            cookies: plainRealms.cookies, group: group, logger: Logger(label: "listener"))

        let modules = try configuration.modules.map { module in
            try module.construct(
                ModuleContext(
                    directory: configuration.data.directory(of: module.id), keysDirectory: configuration.data.keys,
                    logger: Logger(label: module.id.rawValue), realms: router, http: routes,
                    authenticators: authenticators, attempts: attempts))
        }
        for (module, configured) in zip(modules, configuration.modules) {
            do {
                try await module.prepare()
            } catch {
                throw CommandError(.failed, "\(configured.id): \(error)")
            }
        }
        let status = StatusProcedure(
            site: Site(configuration.listener), modules: configuration.modules.map(\.id), caFile: tls.certificateFile,
            fingerprint: tls.fingerprint, connections: listener.connections, router: router, started: start)
        try await status.serve(on: router, authenticators, logger: logger)

        let notifier = ServiceNotifier(environment: environment)
        var services: [any Service] = modules.flatMap(\.services)
        if let renewal = tls.renewal { services.append(renewal) }
        services.append(
            OpenPort(
                listener: listener, configuration: configuration.listener, notifier: notifier, site: status.site,
                start: start, logger: logger))
        services.append(notifier)
        try await serve(services)
    }

    /// Who may join the realms of gantry.yml. Reads the files that secrets are in.
    private func plainRealms(of router: RouterHost, _ attempts: AttemptJudge) throws(CommandError) -> PlainRealms {
        do {
            return try PlainRealms(
                configuration.router, host: router, attempts: attempts, keysDirectory: configuration.data.keys,
                logger: Logger(label: "router"))
        } catch {
            throw CommandError(.configuration, "realms: \(error)")
        }
    }

    /// Runs until SIGTERM or SIGINT; services end in the reverse order of the list. One that fails ends all of them.
    private func serve(_ services: [any Service]) async throws {
        var group = ServiceGroupConfiguration(
            services: services.map {
                .init(
                    service: $0, successTerminationBehavior: .gracefullyShutdownGroup,
                    failureTerminationBehavior: .gracefullyShutdownGroup)
            },
            gracefulShutdownSignals: [.sigterm, .sigint], logger: Logger(label: "services"))
        group.maximumGracefulShutdownDuration = Self.shutdownMax
        try await ServiceGroup(configuration: group).run()
    }

    /// Seconds since 1970.
    private static func wallClock() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
