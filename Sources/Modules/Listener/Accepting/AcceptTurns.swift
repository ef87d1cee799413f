import NIOCore
import Synchronization

/// The event loops of a port, which accept its connections in turns.
///
/// Each loop has a server socket of its own, all of them on one queue of the kernel's; only that of the loop whose turn
/// it is reads. A connection is served by the loop that has accepted it, so none is handed from thread to thread.
final class AcceptTurns: Sendable {
    /// An event for the handlers of server sockets: whose turn it is may have changed.
    struct Passed: Sendable {}

    private struct State: Sendable {
        var shares: LoopShares
        var sockets: [any Channel] = []
    }

    private let state: Mutex<State>

    init(loopCount: Int) { state = Mutex(State(shares: LoopShares(loopCount: loopCount))) }

    /// Tells the server sockets of each loop, in the loops' order.
    func begin(_ sockets: [any Channel]) {
        state.withLock { $0.sockets = sockets }
        for socket in sockets { socket.pipeline.fireUserInboundEventTriggered(Passed()) }
    }

    func isTurn(of loop: Int) -> Bool { state.withLock { $0.shares.turn == loop } }

    /// Counts a connection until it closes.
    func accepted(_ channel: any Channel, on loop: Int) {
        let concerned = state.withLock { state -> [any Channel] in
            let before = state.shares.turn
            state.shares.accepted(on: loop)
            let turn = state.shares.turn
            guard turn != before, !state.sockets.isEmpty else { return [] }
            return [state.sockets[before], state.sockets[turn]]
        }
        for socket in concerned { socket.pipeline.fireUserInboundEventTriggered(Passed()) }
        channel.closeFuture.whenComplete { _ in self.state.withLock { $0.shares.closed(on: loop) } }
    }
}
