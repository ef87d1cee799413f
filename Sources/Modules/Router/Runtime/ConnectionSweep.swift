package import NIOCore

/// The time limits of a connection. Every one is a setting (`limits` in gantry.yml).
package struct ConnectionDeadlines: Sendable, Hashable {
    /// From the end of the transport's handshake to WELCOME.
    package var welcome: TimeAmount = .seconds(10)
    /// How long a peer may take nothing of what is written to it.
    package var stall: TimeAmount = .seconds(10)
    /// Silence after which a peer is pinged.
    package var ping: TimeAmount = .seconds(20)
    /// Pings that a peer may leave unanswered before it is taken for gone.
    package var unansweredPingsMax = 2

    package init() {}
}

/// A connection that wants to be looked at once in a while.
protocol SweptConnection: AnyObject {
    func sweep(_ now: NIODeadline, _ deadlines: ConnectionDeadlines)
}

/// The WAMP connections of one event loop, and the one timer that watches over all of them: ten thousand idle
/// sessions need no ten thousand timers.
//
// Unchecked: confined to its event loop, on which the handlers and the timer run.
final class LoopConnections: @unchecked Sendable {
    private var connections: [ObjectIdentifier: any SweptConnection] = [:]
    private let eventLoop: any EventLoop
    private let deadlines: ConnectionDeadlines
    private var timer: RepeatedTask?

    init(_ eventLoop: any EventLoop, _ deadlines: ConnectionDeadlines) {
        self.eventLoop = eventLoop
        self.deadlines = deadlines
    }

    func insert(_ connection: any SweptConnection) {
        connections[ObjectIdentifier(connection)] = connection
        guard timer == nil else { return }
        timer = eventLoop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .seconds(1)) { _ in self.sweep() }
    }

    func remove(_ connection: any SweptConnection) {
        connections[ObjectIdentifier(connection)] = nil
        guard connections.isEmpty else { return }
        timer?.cancel()
        timer = nil
    }

    private func sweep() {
        let now = NIODeadline.now()
        for connection in connections.values { connection.sweep(now, deadlines) }
    }
}
