// Presence, live: the session meta events of every app realm move the board. A handler of events must not wait, so what
// takes time waits, in the order in which it happened, until PresenceRecorder takes it: all that has gathered at once,
// because after a restart a whole plant comes back within a second.

import ModuleKit
import Synchronization
import WAMP

final class DevicePresence: Sendable {
    private struct State {
        var board = PresenceBoard()
        /// Devices that came or went since somebody asked last, in order, each once.
        var changed: [String] = []
        var isChanged: Set<String> = []

        mutating func change(_ serial: String) {
            if isChanged.insert(serial).inserted { changed.append(serial) }
        }
    }

    private let state = Mutex(State())
    private let milliseconds: @Sendable () -> Int64
    /// Says that there are changes to take; never more than once ahead.
    let changes: AsyncStream<Void>
    private let signal: AsyncStream<Void>.Continuation

    /// - Parameter milliseconds: the time, since 1970.
    init(milliseconds: @escaping @Sendable () -> Int64) {
        self.milliseconds = milliseconds
        (changes, signal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func entry(of serial: String) -> PresenceBoard.Entry? { state.withLock { $0.board[serial] } }
    func deviceCount(in realm: String) -> Int { state.withLock { $0.board.count(in: realm) } }
    func forget(_ serial: String) { state.withLock { $0.board.forget(serial) } }
    /// Nothing more will be told.
    func finish() { signal.finish() }

    /// Takes what has gathered: the devices that came or went, and when each was last seen.
    func takeChanges() -> [(serial: String, lastSeen: Int64)] {
        state.withLock { state in
            defer { (state.changed, state.isChanged) = ([], []) }
            return state.changed.compactMap { serial in state.board[serial].map { (serial, $0.lastSeen) } }
        }
    }

    /// The devices that are here: they are seen now.
    func connected() -> [(serial: String, lastSeen: Int64)] {
        let now = milliseconds()
        return state.withLock { $0.board.connected.map { ($0, now) } }
    }

    /// Watches a realm, from before anybody from outside can be in it.
    func watch(_ session: any ClientSession) async throws(WAMPError) {
        let realm = session.realm
        _ = try await session.subscribe("wamp.session.on_join", options: SubscribeOptions()) { [self] event in
            guard let details = (try? event.payload.decodedArguments())?.first,
                details["authrole"]?.string == Self.deviceRole, let serial = details["authid"]?.string,
                let session = details["session"]?.integer.flatMap(UInt64.init(exactly:))
            else { return }
            let address = details["transport"]?["peer"]?.string
            let now = milliseconds()
            state.withLock { state in
                state.board.joined(serial, realm: realm, session: session, address: address, at: now)
                state.change(serial)
            }
            signal.yield()
        }
        _ = try await session.subscribe("wamp.session.on_leave", options: SubscribeOptions()) { [self] event in
            guard
                let session = (try? event.payload.decodedArguments())?.first?.integer.flatMap(UInt64.init(exactly:))
            else { return }
            let now = milliseconds()
            state.withLock { state in
                if let serial = state.board.left(session, realm: realm, at: now) { state.change(serial) }
            }
            signal.yield()
        }
    }

    /// The `authrole` of an app on a device, the vendor's word.
    private static let deviceRole = "app"
}
