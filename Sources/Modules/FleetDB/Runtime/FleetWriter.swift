// The one writer of all realms and tables. It takes what has queued while it worked, writes it, commits each chunk that
// got rows, and only then publishes and answers, in the order of arrival: commit, PUBLISH transformed, YIELD. There is no
// timer: when nothing waits, a single row is committed at once.

import Logging
import ModuleKit
import WAMP

actor FleetWriter {
    private let executor = QueueExecutor(label: "fleetdb.writer")
    private let queue: IngestQueue
    private let clock: @Sendable () -> Int64
    private let logger: Logger
    private let freeBytes: @Sendable () -> Int64?
    private var diskGuard: DiskGuard
    private var tables: [ObjectIdentifier: TableWriter] = [:]
    private var batch: UInt64 = 0
    private var rows = RowBatch()
    private var diskCheckedAt: Int64?

    private static let openChunksMax = 64

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Parameters:
    ///   - clock: milliseconds since 1970.
    ///   - freeBytes: room on the data directory's disk.
    init(
        queue: IngestQueue, diskGuard: DiskGuard, logger: Logger, clock: @escaping @Sendable () -> Int64,
        freeBytes: @escaping @Sendable () -> Int64?
    ) {
        self.queue = queue
        self.diskGuard = diskGuard
        self.logger = logger
        self.clock = clock
        self.freeBytes = freeBytes
    }

    // MARK: Batches

    /// Works until the queue is empty.
    func drain() {
        while true {
            let requests = queue.takeBatch()
            guard !requests.isEmpty else { break }
            var rest = requests[...]
            while !rest.isEmpty {
                rest = rest.dropFirst(process(rest))
                if !rest.isEmpty { closeLeastRecent() }
            }
        }
        closeLeastRecent()
    }

    private enum Outcome {
        case accepted(TableWriter.Accepted)
        case refused(Refusal)
        /// The store failed; the table's whole part of the batch is gone.
        case failed(any Error)
    }

    /// Writes and answers requests: all of them, or as many as keep the number of open files within bounds.
    ///
    /// - Returns: how many; at least one.
    private func process(_ waiting: ArraySlice<AppendRequest>) -> Int {
        batch += 1
        rows.clear()
        checkDisk()
        let now = clock()
        var outcomes: [Outcome] = []
        outcomes.reserveCapacity(waiting.count)
        var failures: [ObjectIdentifier: any Error] = [:]
        var touched: [TableWriter] = []
        for request in waiting {
            outcomes.append(write(request, now: now, &failures, &touched))
            if touched.reduce(0, { $0 + $1.openChunkCount }) > Self.openChunksMax * 2 { break }
        }
        let requests = waiting.prefix(outcomes.count)
        for writer in touched where failures[ObjectIdentifier(writer.table)] == nil {
            do {
                try writer.commit(batch: batch)
            } catch {
                fail(writer, error, &failures)
            }
        }
        finish(requests, outcomes, failures)
        return requests.count
    }

    private func write(
        _ request: AppendRequest, now: Int64, _ failures: inout [ObjectIdentifier: any Error],
        _ touched: inout [TableWriter]
    ) -> Outcome {
        let id = ObjectIdentifier(request.table)
        guard !diskGuard.refuses else { return .refused(.storageFull) }
        guard failures[id] == nil else { return .refused(.storageFull) }
        guard let writer = tables[id] else {
            return .refused(Refusal(.unavailable, "\(request.table.schema.name) is closed"))
        }
        if !touched.contains(where: { $0 === writer }) { touched.append(writer) }
        do {
            let retention = RetentionPlan(
                retentionMilliseconds: request.table.schema.retentionMilliseconds, now: now)
            return .accepted(
                try writer.write(request.payload, request.form, request.author, retention: retention, into: &rows))
        } catch let refusal as Refusal {
            return .refused(refusal)
        } catch {
            fail(writer, error, &failures)
            return .failed(error)
        }
    }

    private func fail(_ writer: TableWriter, _ error: any Error, _ failures: inout [ObjectIdentifier: any Error]) {
        failures[ObjectIdentifier(writer.table)] = error
        writer.rollBack(after: error)
        logger.error(
            "rows were not stored",
            metadata: .facts([
                .realm: writer.table.realm, .table: writer.table.schema.name, .error: "\(error)",
            ]))
    }

    // MARK: Answers

    private func finish(
        _ requests: ArraySlice<AppendRequest>, _ outcomes: [Outcome], _ failures: [ObjectIdentifier: any Error]
    ) {
        // The alarms first: who has an answer can rely on their having been told.
        var commits = CommitEvents()
        for (request, outcome) in zip(requests, outcomes) where failures[ObjectIdentifier(request.table)] == nil {
            if case .accepted(let accepted) = outcome { commits.add(request.table, request.feed, accepted) }
        }
        commits.publish(&rows)
        for (request, outcome) in zip(requests, outcomes) {
            answer(request, failures[ObjectIdentifier(request.table)].map(Outcome.failed) ?? outcome)
        }
    }

    private func answer(_ request: AppendRequest, _ outcome: Outcome) {
        let serializer = request.payload.serializer
        switch outcome {
        case .accepted(let accepted):
            let feed = request.feed
            if request.form == .single {
                feed.session.publish(feed.transformed, rows.single(accepted.rows), options: feed.options)
                request.invocation?.yield(AppendAnswer.single(serializer))
            } else {
                feed.session.publish(feed.transformedBulk, rows.bulk(accepted.rows), options: feed.options)
                request.invocation?.yield(AppendAnswer.bulk(serializer, count: accepted.rows.count))
            }
        case .refused(let refusal):
            if let invocation = request.invocation {
                invocation.fail(refusal.error(serializer))
            } else {
                logRefused(request, refusal)
            }
        case .failed(let error):
            let isFull = (error as? SQLiteError)?.isFull == true
            let refusal = isFull ? Refusal.storageFull : Refusal(.runtimeError, "the row could not be stored")
            request.invocation?.fail(refusal.error(serializer))
        }
    }

    /// A published row has nobody to tell: its error becomes a row of `error-logs`.
    private func logRefused(_ request: AppendRequest, _ refusal: Refusal) {
        let name = request.table.schema.name
        guard refusal.uri != .storageFull, name != TableSchema.errorLogs.name,
            let errorLogs = tables.values.first(where: {
                $0.table.realm == request.table.realm && $0.table.schema.name == TableSchema.errorLogs.name
            })?.table
        else { return }
        let row: Value = [
            "tsp": .integer(clock()), "msg": .string("row refused: \(refusal.reason)"),
            "source": .string("fleetdb \(name)"), "level": "error",
        ]
        _ = queue.append(
            AppendRequest(
                table: errorLogs, form: .single, payload: Payload([row]), author: request.author,
                feed: TableFeed(request.feed.session, errorLogs.schema)))
    }

    private func checkDisk() {
        let now = clock()
        // A clock that was set back counts as a second gone by.
        if let diskCheckedAt, (diskCheckedAt..<diskCheckedAt + 1000).contains(now) { return }
        diskCheckedAt = now
        guard let free = freeBytes(), diskGuard.observe(freeBytes: free) else { return }
        if diskGuard.refuses {
            logger.error("disk is nearly full, new rows are refused", metadata: .facts([.count: "\(free)"]))
        } else {
            logger.notice("disk has room again, rows are stored", metadata: .facts([.count: "\(free)"]))
        }
    }

    // MARK: Tables

    /// Opens a table for writing.
    ///
    /// - Throws: `TemplateError`, `SQLiteError` or `SystemError`.
    func open(_ table: Table) throws {
        tables[ObjectIdentifier(table)] = try TableWriter(table, logger: logger)
    }

    /// Closes tables; requests for them that still wait are refused.
    func close(_ closing: [Table]) {
        for table in closing { tables.removeValue(forKey: ObjectIdentifier(table))?.close() }
    }

    func closeAll() {
        for writer in tables.values { writer.close() }
        tables.removeAll()
    }

    /// Gives up the chunks beyond each table's `dropAfter`, and closes those that nobody writes any more.
    ///
    /// - Returns: the files to delete.
    func retain() -> [String] {
        let now = clock()
        var removed: [String] = []
        for writer in tables.values {
            let table = writer.table
            let plan = RetentionPlan(retentionMilliseconds: table.schema.retentionMilliseconds, now: now)
            do {
                removed += try writer.remove(plan.expired(table.layout))
            } catch {
                logger.error(
                    "expired rows were not removed",
                    metadata: .facts([.realm: table.realm, .table: table.schema.name, .error: "\(error)"]))
            }
            writer.close(through: batchAtLastRetention)
        }
        batchAtLastRetention = batch
        return removed
    }

    private var batchAtLastRetention: UInt64 = 0

    private var openChunkCount: Int { tables.values.reduce(0) { $0 + $1.openChunkCount } }

    /// Keeps the number of open files bounded, whatever the number of tables.
    private func closeLeastRecent() {
        var count = openChunkCount
        while count > Self.openChunksMax {
            guard let oldest = tables.values.compactMap(\.leastRecent).min() else { return }
            for writer in tables.values { writer.close(through: oldest) }
            let left = openChunkCount
            // What cannot be closed now is tried again after the next batch.
            guard left < count else { return }
            count = left
        }
    }
}

extension Refusal {
    static let storageFull = Refusal(
        .storageFull, "the disk is nearly full: new rows are refused until space is freed")
}

/// `fleetdb.commit.<table>` `[sequence of the last row, [row, …]]`: for the alarms, one event per table and commit, or more
/// where that would be too long a message.
private struct CommitEvents {
    private var events: [Event] = []

    private struct Event {
        let table: ObjectIdentifier
        let feed: TableFeed
        let serializer: Serializer
        var rows: [EncodedRows]
        var byteCount: Int
        var lastSequence: Int64
    }

    /// Half of what a message may have; a single request has its own bound.
    private static let bytesMax = 8 << 20

    mutating func add(_ table: Table, _ feed: TableFeed, _ accepted: TableWriter.Accepted) {
        let id = ObjectIdentifier(table)
        // The rows of one event are of one serializer, and a table's events keep their order.
        if let index = events.lastIndex(where: { $0.table == id }),
            events[index].serializer == accepted.rows.serializer,
            events[index].byteCount + accepted.rows.range.count <= Self.bytesMax
        {
            events[index].byteCount += accepted.rows.range.count
            events[index].rows.append(accepted.rows)
            events[index].lastSequence = accepted.lastSequence
        } else {
            events.append(
                Event(
                    table: id, feed: feed, serializer: accepted.rows.serializer, rows: [accepted.rows],
                    byteCount: accepted.rows.range.count, lastSequence: accepted.lastSequence))
        }
    }

    func publish(_ batch: inout RowBatch) {
        for event in events {
            let payload = batch.commit(event.rows, event.serializer, lastSequence: event.lastSequence)
            event.feed.session.publish(event.feed.commit, payload, options: PublishOptions())
        }
    }
}
