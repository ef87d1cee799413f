import Testing

@testable import Appliance

#if canImport(Glibc)
import Glibc

/// What systemd hears, on a socket of the test's own.
struct ServiceNotifierTests {
    /// A datagram socket at a path, and what it has received.
    private struct Ear: ~Copyable {
        let path = "/tmp/gantry-notify-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)

        init() {
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
            withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    _ = bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
        }

        deinit {
            close(descriptor)
            unlink(path)
        }

        /// The next datagram; nil when there is none.
        func next() -> String? {
            var bytes = [UInt8](repeating: 0, count: 1000)
            let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
            return count < 0 ? nil : String(decoding: bytes.prefix(count), as: UTF8.self)
        }
    }

    @Test func `ready and stopping are one datagram each`() {
        let ear = Ear()
        let notifier = ServiceNotifier(environment: ["NOTIFY_SOCKET": ear.path])
        notifier.ready(status: "Serving")
        notifier.stopping()
        #expect(ear.next() == "READY=1\nSTATUS=Serving")
        #expect(ear.next() == "STOPPING=1")
        #expect(ear.next() == nil)
    }

    @Test func `without systemd nothing is sent, and nothing fails`() {
        ServiceNotifier(environment: [:]).ready(status: "Serving")
        ServiceNotifier(environment: ["NOTIFY_SOCKET": "relative"]).stopping()
        let long = "/" + String(repeating: "x", count: 300)
        ServiceNotifier(environment: ["NOTIFY_SOCKET": long]).stopping()
    }

    @Test(arguments: [
        ("30000000", nil, Duration.seconds(15)), ("100000", String(getpid()), .milliseconds(50)),
        ("100000", "1", nil), ("0", nil, nil), ("-1", nil, nil), ("soon", nil, nil),
    ])
    func `the watchdog is fed twice as often as it looks, when it is ours`(
        microseconds: String, processID: String?, interval: Duration?
    ) {
        var environment = ["WATCHDOG_USEC": microseconds]
        environment["WATCHDOG_PID"] = processID
        #expect(ServiceNotifier(environment: environment).watchdogInterval == interval)
    }

    @Test(.timeLimit(.minutes(1))) func `the watchdog is fed while the service runs, and not afterwards`() async throws
    {
        let ear = Ear()
        let notifier = ServiceNotifier(environment: ["NOTIFY_SOCKET": ear.path, "WATCHDOG_USEC": "10000"])
        let run = Task { try await notifier.run() }
        var fed = 0
        while fed < 3 {
            if let datagram = ear.next() {
                #expect(datagram == "WATCHDOG=1")
                fed += 1
            }
            await Task.yield()
        }
        run.cancel()
        _ = await run.result
        var last: String?
        while let datagram = ear.next() { last = datagram }
        #expect(last == "STOPPING=1")
    }
}
#endif
