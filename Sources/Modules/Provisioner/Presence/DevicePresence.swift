// Presence, live: the session meta events of every app realm move the board. A handler of events must not wait, so what
// takes time stands in a stream, which PresenceRecorder reads: in the order in which things happened.

import ModuleKit
import Synchronization
import WAMP

final class DevicePresence: Sendable {
    private let board = Mutex(PresenceBoard())
    private let milliseconds: @Sendable () -> Int64
    /// The serial number of each device that came or went.
    let changes: AsyncStream<String>
    private let changed: AsyncStream<String>.Continuation

    /// - Parameter milliseconds: the time, since 1970.
    init(milliseconds: @escaping @Sendable () -> Int64) {
        self.milliseconds = milliseconds
        (changes, changed) = AsyncStream.makeStream()
    }

    func entry(of serial: String) -> PresenceBoard.Entry? { board.withLock { $0[serial] } }
    func deviceCount(in realm: String) -> Int { board.withLock { $0.count(in: realm) } }
    func forget(_ serial: String) { board.withLock { $0.forget(serial) } }
    /// Nothing more will be told.
    func finish() { changed.finish() }

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
            board.withLock { $0.joined(serial, realm: realm, session: session, address: address, at: now) }
            changed.yield(serial)
        }
        _ = try await session.subscribe("wamp.session.on_leave", options: SubscribeOptions()) { [self] event in
            guard
                let session = (try? event.payload.decodedArguments())?.first?.integer.flatMap(UInt64.init(exactly:))
            else { return }
            let now = milliseconds()
            guard let serial = board.withLock({ $0.left(session, realm: realm, at: now) }) else { return }
            changed.yield(serial)
        }
    }

    /// The `authrole` of an app on a device, the vendor's word.
    private static let deviceRole = "app"
}
