import NIOCore
import Synchronization
import WAMPTransport

// The one limiter of all transports, and the list of what has to be closed at shutdown: the same set.

/// Every open connection, whatever it speaks, from before its first byte.
package final class OpenConnections: Sendable {
    private struct State: Sendable {
        var tally: ConnectionTally
        var channels: [UInt64: any Channel] = [:]
        var lastID: UInt64 = 0
        var refused: [ConnectionTally.Refusal: Int] = [:]
        /// Those of the refused that are still open, to be told so.
        var turningAway = 0
    }

    /// To tell the refused costs a file for a moment: beyond so many at once they are closed without a word.
    private static let turningAwayMax = 64

    private let state: Mutex<State>

    package init(limits: ListenerConfiguration.Limits) {
        state = Mutex(State(tally: ConnectionTally(limits: limits)))
    }

    /// How many are open.
    package var count: Int { state.withLock { $0.tally.connections } }
    /// How many of them nobody has authenticated.
    package var unauthenticatedCount: Int { state.withLock { $0.tally.unauthenticated } }
    /// How many connections have been refused since the start.
    package var refusedCount: Int { state.withLock { $0.refused.values.reduce(0, +) } }

    /// Counts a connection until its channel closes, or refuses it.
    func admit(_ channel: any Channel, from address: PeerAddress) throws(ConnectionTally.Refusal) -> Admission {
        let result = state.withLock { state -> Result<UInt64, ConnectionTally.Refusal> in
            do throws(ConnectionTally.Refusal) {
                try state.tally.admit(address.limitKey, isLocal: address == .unix)
            } catch {
                state.refused[error, default: 0] += 1
                return .failure(error)
            }
            state.lastID += 1
            state.channels[state.lastID] = channel
            return .success(state.lastID)
        }
        let admission = Admission(id: try result.get(), address: address, connections: self)
        channel.closeFuture.whenComplete { _ in admission.closed() }
        return admission
    }

    /// Whether a connection that was refused may be told so before it is closed; it counts until then.
    func turnsAway(_ channel: any Channel) -> Bool {
        let isRoom = state.withLock { state in
            guard state.turningAway < Self.turningAwayMax else { return false }
            state.turningAway += 1
            return true
        }
        if isRoom { channel.closeFuture.whenComplete { _ in self.state.withLock { $0.turningAway -= 1 } } }
        return isRoom
    }

    /// The channels that are open at this moment.
    var channels: [any Channel] { state.withLock { Array($0.channels.values) } }

    fileprivate func authenticated() { state.withLock { $0.tally.authenticated() } }

    fileprivate func beganAnew(isLocal: Bool) -> Bool {
        state.withLock { state in
            do throws(ConnectionTally.Refusal) {
                try state.tally.beganAnew(isLocal: isLocal)
                return true
            } catch {
                state.refused[error, default: 0] += 1
                return false
            }
        }
    }

    fileprivate func move(from key: PeerAddress.LimitKey?, to other: PeerAddress.LimitKey?) -> Bool {
        state.withLock { state in
            do throws(ConnectionTally.Refusal) {
                try state.tally.move(from: key, to: other)
                return true
            } catch {
                state.refused[error, default: 0] += 1
                return false
            }
        }
    }

    fileprivate func closed(_ id: UInt64, _ key: PeerAddress.LimitKey?, wasAuthenticated: Bool) {
        state.withLock {
            $0.tally.closed(key, wasAuthenticated: wasAuthenticated)
            $0.channels[id] = nil
        }
    }
}

/// One connection's place among the open ones.
///
/// A connection that speaks HTTP counts as unauthenticated until its first request has come: from then on each request
/// says for itself who sends it. When such a connection becomes a WebSocket, it begins anew.
final class Admission: ConnectionAdmission {
    private enum Stage: UInt8, AtomicRepresentable { case unauthenticated, authenticated, closed }

    private let id: UInt64
    private let addressNow: Mutex<PeerAddress>
    private let connections: OpenConnections
    private let stage = Atomic(Stage.unauthenticated)

    init(id: UInt64, address: PeerAddress, connections: OpenConnections) {
        self.id = id
        addressNow = Mutex(address)
        self.connections = connections
    }

    var address: PeerAddress { addressNow.withLock { $0 } }

    /// The connection is another address's, for which a proxy speaks; false if that has too many already.
    func move(to address: PeerAddress) -> Bool {
        guard connections.move(from: self.address.limitKey, to: address.limitKey) else { return false }
        addressNow.withLock { $0 = address }
        return true
    }

    func authenticated() {
        let (exchanged, _) = stage.compareExchange(
            expected: .unauthenticated, desired: .authenticated, ordering: .sequentiallyConsistent)
        if exchanged { connections.authenticated() }
    }

    /// Counts among the unauthenticated again; false if there is no room.
    func beganAnew() -> Bool {
        guard stage.load(ordering: .sequentiallyConsistent) == .authenticated else { return true }
        guard connections.beganAnew(isLocal: address == .unix) else { return false }
        let (exchanged, _) = stage.compareExchange(
            expected: .authenticated, desired: .unauthenticated, ordering: .sequentiallyConsistent)
        if !exchanged { connections.authenticated() }  // closed meanwhile
        return exchanged
    }

    func closed() {
        let last = stage.exchange(.closed, ordering: .sequentiallyConsistent)
        guard last != .closed else { return }
        connections.closed(id, address.limitKey, wasAuthenticated: last == .authenticated)
    }
}
