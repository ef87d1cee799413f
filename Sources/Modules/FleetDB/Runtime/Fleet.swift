// Everything of FleetDB that all realms share: the writer, the readers, the way in.

import Logging
import ModuleKit
import Synchronization
import WAMP

/// The running store.
final class Fleet: Sendable {
    let directory: String
    let logger: Logger
    private let chunkMilliseconds: Int64
    private let queue: IngestQueue
    private let writer: FleetWriter
    private let readers: [FleetReader]
    private let turn = Atomic<Int>(0)

    private static let readerCount = 2

    /// - Parameters:
    ///   - directory: `<data>/fleetdb`.
    ///   - clock: milliseconds since 1970.
    ///   - freeBytes: room on the disk; nil when nobody says.
    init(
        directory: String, configuration: FleetDBConfiguration, logger: Logger, clock: @escaping @Sendable () -> Int64,
        freeBytes: @escaping @Sendable () -> Int64?
    ) {
        self.directory = directory
        self.logger = logger
        chunkMilliseconds = configuration.chunkMilliseconds
        let queue = IngestQueue(configuration.queue)
        self.queue = queue
        writer = FleetWriter(
            queue: queue,
            diskGuard: DiskGuard(
                refuseBelowBytes: configuration.diskRefuseBelowBytes, resumeAtBytes: configuration.diskResumeAtBytes),
            logger: logger, clock: clock, freeBytes: freeBytes)
        readers = (0..<Self.readerCount).map {
            FleetReader(
                label: "fleetdb.reader.\($0)", queryNanosecondsMax: configuration.queryNanosecondsMax, logger: logger,
                clock: clock)
        }
    }

    /// Queues rows for the writer. Returns at once; the answer comes after the commit.
    func append(_ request: AppendRequest) {
        guard queue.append(request) else { return }
        Task { [writer] in await writer.drain() }
    }

    /// A session that feeds the writer: it is kept from receiving while the queue is full.
    func attach(_ session: any ClientSession) { queue.attach(session) }
    func detach(_ session: any ClientSession) { queue.detach(session) }

    /// A reader, each in its turn.
    var reader: FleetReader { readers[turn.add(1, ordering: .relaxed).oldValue % readers.count] }

    // MARK: Tables

    /// Opens the tables of a realm, creates those that are not there; all of them or none.
    func open(_ schemas: [TableSchema], realm: String) async throws -> [Table] {
        try Directory.create(directory)
        try Directory.create(directory + "/" + realm)
        var tables: [Table] = []
        do {
            for schema in schemas {
                let table = Table(
                    realm: realm, schema: schema, directory: "\(directory)/\(realm)/\(schema.name)",
                    chunkMilliseconds: chunkMilliseconds)
                try await writer.open(table)
                tables.append(table)
            }
        } catch {
            await writer.close(tables)
            throw error
        }
        return tables
    }

    func close(_ tables: [Table], realm: String) async {
        await writer.close(tables)
        for reader in readers { await reader.forget(below: "\(directory)/\(realm)") }
    }

    /// Removes what lies beyond each table's `dropAfter`.
    func retain() async {
        let removed = await writer.retain()
        guard !removed.isEmpty else { return }
        for reader in readers { await reader.forget(removed) }
        // Not on the writer's thread: to delete a big file takes its time. A process that ends before finds it again.
        for path in removed { Directory.removeDatabase(path) }
        logger.info("expired chunks removed", metadata: .facts([.count: "\(removed.count)"]))
    }

    /// Answers what has queued, and closes every file.
    func shutDown() async {
        await writer.drain()
        await writer.closeAll()
    }
}
