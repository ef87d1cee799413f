import ModuleKit
import Synchronization
import WAMP

/// What a realm's alarms have to deal with, one after the other.
enum AlarmWork: Sendable {
    /// FleetDB has committed rows.
    case rows(table: String, Payload)
    /// Somebody has called.
    case call(AlarmProcedure, Invocation)
    /// The next page of a table that is behind.
    case catchUp(table: String)
    /// Time has passed.
    case tick
}

/// The queue between a realm's session, whose handlers must not block, and the one who works.
///
/// Rows are bounded by their bytes. When they come faster than they can be dealt with, some are dropped on purpose: they
/// are in FleetDB, their sequences show the gap, and `missed` says so even if no row follows.
final class RealmInbox: Sendable {
    private struct Load {
        var rowBytes = 0
        var hasTick = false
        var missed: Set<String> = []
    }

    /// Of the rows that may wait; one event always may.
    static let rowBytesMax = 16 << 20

    let works: AsyncStream<AlarmWork>
    private let continuation: AsyncStream<AlarmWork>.Continuation
    private let load = Mutex(Load())

    init() {
        (works, continuation) = AsyncStream.makeStream(of: AlarmWork.self)
    }

    func offer(rows: Payload, of table: String) {
        let isTaken = load.withLock { load in
            guard load.rowBytes == 0 || load.rowBytes + rows.arguments.count <= Self.rowBytesMax else {
                load.missed.insert(table)
                return false
            }
            load.rowBytes += rows.arguments.count
            return true
        }
        if isTaken { continuation.yield(.rows(table: table, rows)) }
    }

    func call(_ procedure: AlarmProcedure, _ invocation: Invocation) {
        guard case .terminated = continuation.yield(.call(procedure, invocation)) else { return }
        invocation.fail(WAMPError(.unavailable, Payload([.string("the realm is being closed")])))
    }

    func catchUp(_ table: String) { continuation.yield(.catchUp(table: table)) }

    /// Ticks do not pile up behind work that takes long.
    func tick() {
        let isNew = load.withLock { load in
            defer { load.hasTick = true }
            return !load.hasTick
        }
        if isNew { continuation.yield(.tick) }
    }

    /// Says that a work has been taken off the queue.
    ///
    /// - Returns: the tables of which rows were dropped since the last time.
    func taken(_ work: AlarmWork) -> Set<String> {
        load.withLock { load in
            switch work {
            case .rows(_, let rows): load.rowBytes -= rows.arguments.count
            case .tick: load.hasTick = false
            case .call, .catchUp: break
            }
            defer { load.missed = [] }
            return load.missed
        }
    }

    /// Nothing more will come; what is in the queue is still dealt with.
    func finish() { continuation.finish() }
}
