import Dispatch
import Logging
import ModuleKit
import Synchronization

/// Writes what realms keep behind them to disk, and gives it back after a restart.
///
/// Write-behind: a realm hands its changes over under its own lock, which costs an append, and they are committed in
/// batches, a tenth of a second after the first one at the latest. So a crash loses what was published in the last
/// moments and nothing before, and the file always shows a realm as it was at one moment. An orderly end loses nothing.
///
/// The realms' memory is the truth, and the file follows it. When the disk fails, or is so slow that more would wait
/// than `Pace.pendingBytesMax`, waiting changes are thrown away and the realm is written as a whole once that works
/// again: so routing never waits for a disk, and no queue grows. A realm that keeps nothing opens no file.
//
// Unchecked: `writer` is confined to `queue`; everything else is immutable or behind a lock.
final class EventJournal: @unchecked Sendable {
    /// What there is to be kept of a realm, all of it. Called without a lock of the journal.
    typealias Whole = @Sendable () -> [KeptEventChange]

    fileprivate struct State {
        var pending: [EventStore.RealmChange] = []
        var pendingBytes = 0
        var realms: [String: Whole] = [:]
        /// Realms of which the file is not what it would be if everything had been written.
        var outOfStep: Set<String> = []
        var isScheduled = false
        var isClosed = false
    }

    /// The file, while it is open. Confined to the queue.
    private struct Writer {
        var store: EventStore?
        /// How often writing has failed, one time after the other.
        var failureCount = 0
    }

    /// The limits of what waits, and for how long.
    struct Pace: Sendable {
        var delayMilliseconds = 100
        /// After a failure; twice as long after the next one, and so on up to sixteen times.
        var retryMilliseconds = 4000
        var pendingBytesMax = 32 << 20
    }

    private let path: String
    private let pace: Pace
    private let logger: Logger
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "router.events")
    private var writer = Writer()

    /// - Parameter directory: of the router, in the data directory; it is there.
    init(directory: String, pace: Pace = Pace(), logger: Logger) {
        path = directory + "/events.db"
        self.pace = pace
        self.logger = logger
    }

    // MARK: Realms

    /// What an earlier process has kept of a realm; nil when that cannot be read. Waits for the disk.
    func contents(of realm: String) -> [(event: KeptEvent, shelf: EventShelf)]? {
        queue.sync {
            do {
                guard writer.store != nil || EventStore.exists(path) else { return [] }
                let contents = try open().contents(of: realm)
                if contents.unreadableCount > 0 {
                    logger.error(
                        "some kept events cannot be read and are left out",
                        metadata: .facts([.realm: realm, .path: path, .count: "\(contents.unreadableCount)"]))
                }
                return contents.events
            } catch {
                logger.error(
                    "kept events cannot be read; the realm keeps events in memory only",
                    metadata: .facts([.realm: realm, .path: path, .error: "\(error)"]))
                return nil
            }
        }
    }

    /// Deletes what there is of realms that are gone for good. Returns at once; realms are read behind it.
    func forgetRealms(where isGone: @escaping @Sendable (String) -> Bool) {
        queue.async {
            do {
                guard self.writer.store != nil || EventStore.exists(self.path) else { return }
                let store = try self.open()
                for (realm, rowCount) in try store.realms() where isGone(realm) {
                    try store.forget(realm)
                    self.logger.notice(
                        "a realm is not configured any more, its kept events are deleted",
                        metadata: .facts([.realm: realm, .count: "\(rowCount)"]))
                }
            } catch {
                self.logger.error(
                    "kept events of realms that are gone cannot be deleted",
                    metadata: .facts([.path: self.path, .error: "\(error)"]))
            }
        }
    }

    /// A realm begins to hand over its changes.
    func attach(_ realm: String, whole: @escaping Whole) {
        let schedules = state.withLock { state in
            state.realms[realm] = whole
            guard state.outOfStep.contains(realm), !state.isScheduled else { return false }
            state.isScheduled = true
            return true
        }
        if schedules { schedule(pace.delayMilliseconds) }
    }

    /// A realm is closed. What it has handed over is written, and stays for when it is opened again.
    func detach(_ realm: String) {
        state.withLock { $0.realms[realm] = nil }
    }

    /// Takes changes, in their order. Called under the realm's lock: it appends, and returns.
    func append(_ changes: [KeptEventChange], of realm: String) {
        let schedules = state.withLock { state in
            guard !state.isClosed, !state.outOfStep.contains(realm) else { return false }
            for change in changes {
                state.pending.append(EventStore.RealmChange(realm: realm, change: change))
                state.pendingBytes += change.byteCount
            }
            if state.pendingBytes > pace.pendingBytesMax {
                state.settle()
                // Not only just below it, or it would be settled again with the next change.
                if state.pendingBytes > pace.pendingBytesMax / 2 { state.giveUp(realm) }
            }
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        if schedules { schedule(pace.delayMilliseconds) }
    }

    /// Drops what waits of a realm, because a whole that comes after it is about to be written. Called under the
    /// realm's lock.
    func discard(_ realm: String) {
        state.withLock { state in
            state.remove(realm)
            state.outOfStep.remove(realm)
        }
    }

    // MARK: Writing

    /// Writes everything that waits and closes the file; what comes later is not kept.
    func close() async {
        await withCheckedContinuation { continuation in
            queue.async {
                self.write()
                self.state.withLock { $0.isClosed = true }
                do {
                    try self.writer.store?.close()
                } catch {
                    self.failed(error)
                }
                self.writer.store = nil
                continuation.resume()
            }
        }
    }

    /// Whether the last batch could not be written.
    var isFailing: Bool { queue.sync { writer.failureCount > 0 } }

    private func schedule(_ milliseconds: Int) {
        queue.asyncAfter(deadline: .now() + .milliseconds(milliseconds)) { self.write() }
    }

    /// One batch. On the queue.
    private func write() {
        let outOfStep = state.withLock { state in
            state.isScheduled = false
            return state.isClosed ? [] : state.outOfStep
        }
        var written: Set<String> = []
        do {
            var whole: [String: [KeptEventChange]] = [:]
            if !outOfStep.isEmpty {
                // Before a realm is asked for all that it keeps: that holds it up, and may be in vain.
                _ = try open()
                for realm in outOfStep {
                    // Its realm is gone: what the file has of it stays.
                    guard let events = state.withLock({ $0.realms[realm] }) else { continue }
                    written.insert(realm)
                    whole[realm] = events()
                }
            }
            let changes = state.withLock { state in
                defer {
                    state.pending = []
                    state.pendingBytes = 0
                }
                return state.pending
            }.settled
            guard !changes.isEmpty || !whole.isEmpty else { return }
            written.formUnion(changes.lazy.map(\.realm))
            try open().write(changes, whole: whole)
            if writer.failureCount > 0 {
                logger.notice("kept events are written again", metadata: .facts([.path: path]))
            }
            writer.failureCount = 0
        } catch {
            failed(error)
            let schedules = state.withLock { state in
                for realm in written.union(state.pending.map(\.realm)) { state.giveUp(realm) }
                defer { state.isScheduled = true }
                return !state.isScheduled && !state.isClosed
            }
            if schedules { schedule(pace.retryMilliseconds << min(writer.failureCount - 1, 4)) }
        }
    }

    private func open() throws -> EventStore {
        if let store = writer.store { return store }
        let store = try EventStore(path: path, logger: logger)
        writer.store = store
        return store
    }

    /// Told once for each episode: a full disk refuses every batch.
    private func failed(_ error: any Error) {
        writer.failureCount += 1
        guard writer.failureCount == 1 else { return }
        logger.error(
            "kept events cannot be written; events are routed all the same",
            metadata: .facts([.path: path, .error: "\(error)"]))
    }
}

extension EventJournal.State {
    mutating func settle() {
        pending = pending.settled
        count()
    }

    mutating func remove(_ realm: String) {
        pending.removeAll { $0.realm == realm }
        count()
    }

    private mutating func count() {
        pendingBytes = pending.reduce(0) { $0 + $1.change.byteCount }
    }

    mutating func giveUp(_ realm: String) {
        remove(realm)
        outOfStep.insert(realm)
    }
}

extension KeptEventChange {
    /// About how much memory it takes while it waits.
    fileprivate var byteCount: Int {
        switch self {
        case .kept(let event, _): event.byteCount
        case .dropped: 64
        }
    }
}

extension [EventStore.RealmChange] {
    /// Without the events that came and went while they waited.
    fileprivate var settled: [EventStore.RealmChange] {
        var kept: Set<Place> = []
        var passing: Set<Place> = []
        for waiting in self {
            switch waiting.change {
            case .kept: kept.insert(Place(waiting))
            case .dropped: if kept.contains(Place(waiting)) { passing.insert(Place(waiting)) }
            }
        }
        return passing.isEmpty ? self : filter { !passing.contains(Place($0)) }
    }
}

/// Where a kept event is on disk.
private struct Place: Hashable {
    var realm: String
    var shelf: EventShelf
    var sequence: UInt64

    init(_ waiting: EventStore.RealmChange) {
        realm = waiting.realm
        switch waiting.change {
        case .kept(let event, let shelf): (self.shelf, sequence) = (shelf, event.sequence)
        case .dropped(let sequence, let shelf): (self.shelf, self.sequence) = (shelf, sequence)
        }
    }

    /// Realms are few; their names are long.
    func hash(into hasher: inout Hasher) {
        hasher.combine(shelf)
        hasher.combine(sequence)
    }
}
