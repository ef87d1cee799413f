// What systemd is told (sd_notify(3)): ready, stopping, alive. One datagram each on the socket that $NOTIFY_SOCKET
// names; without the variable nothing happens. libsystemd is not needed for five lines of protocol.

import ServiceLifecycle

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Tells the service manager how the server is, and feeds its watchdog.
struct ServiceNotifier: Service {
    private let socketPath: String?
    /// How often the watchdog is fed, half of what it waits for; nil when it is off or not ours.
    let watchdogInterval: Duration?

    /// - Parameter environment: NOTIFY_SOCKET, and WATCHDOG_USEC with WATCHDOG_PID, as systemd sets them.
    init(environment: [String: String]) {
        self.socketPath = environment["NOTIFY_SOCKET"].flatMap { $0.hasPrefix("/") || $0.hasPrefix("@") ? $0 : nil }
        let isForUs = environment["WATCHDOG_PID"].map { $0 == String(getpid()) } ?? true
        let microseconds = environment["WATCHDOG_USEC"].flatMap { Int64($0) } ?? 0
        self.watchdogInterval = isForUs && microseconds > 0 ? .microseconds(microseconds / 2) : nil
    }

    /// The port is open and every module is prepared.
    func ready(status: String) { send("READY=1\nSTATUS=\(status)") }

    /// The server has begun to end: no restart, no new work.
    func stopping() { send("STOPPING=1") }

    /// Feeds the watchdog from the threads that also serve, so that a process whose threads hang is restarted.
    func run() async throws {
        guard let watchdogInterval else {
            try await gracefulShutdown()
            return stopping()
        }
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                send("WATCHDOG=1")
                try? await Task.sleep(for: watchdogInterval)
            }
        }
        stopping()
    }

    private func send(_ message: String) {
        #if canImport(Glibc)
        guard let socketPath else { return }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var path = Array(socketPath.utf8)
        guard path.count < MemoryLayout.size(ofValue: address.sun_path) else { return }
        if path.first == UInt8(ascii: "@") { path[0] = 0 }  // a name in the abstract namespace
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + path.count)
        let bytes = Array(message.utf8)
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                _ = sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), generic, length)
            }
        }
        #endif
    }
}
