import Listener
import Logging
import ModuleKit
import ServiceLifecycle

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Opens the port, says so to everybody who waits for it, and serves. A service, because signals are only caught from
/// the moment at which services run: who has seen "ready" may end the server, and it ends well.
struct OpenPort: Service {
    let listener: ListenerService
    let configuration: ListenerConfiguration
    let notifier: ServiceNotifier
    let site: Site
    let start: ContinuousClock.Instant
    let logger: Logger

    func run() async throws {
        makeSocketDirectory()
        do {
            try await listener.bind()
        } catch let error as ListenerService.BindError {
            throw Self.explained(error)
        }
        listener.setReady(true)
        notifier.ready(status: "Serving at \(site.url)")
        let milliseconds = Int64((ContinuousClock.now - start) / .milliseconds(1))
        logger.notice("ready", metadata: .facts([.uri: site.url, .durationMilliseconds: "\(milliseconds)"]))
        try await listener.run()
    }

    /// systemd makes /run/gantry for its service; whoever starts the server by hand has it made here, if he may.
    private func makeSocketDirectory() {
        guard let path = configuration.unixSocket, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
            return
        }
        _ = mkdir(String(path[..<slash]), 0o750)  // what cannot be made, `bind` names
    }

    private static func explained(_ error: ListenerService.BindError) -> CommandError {
        let sentence = "\(error)"
        if error.reason == String(cString: strerror(EADDRINUSE)) {
            return CommandError(
                .conflict,
                "\(sentence); another program listens there (ss -ltnp): end it, or choose another listener.port")
        }
        if error.reason == String(cString: strerror(EACCES)) {
            return CommandError(
                .denied, "\(sentence); a port below 1024 needs CAP_NET_BIND_SERVICE, a socket a directory of its own")
        }
        return CommandError(.failed, sentence)
    }
}
