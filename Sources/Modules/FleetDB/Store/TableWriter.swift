// All of a table that the writer has open: its chunks, its own file, the next sequence. One request after the other goes
// in; a commit makes all of them durable, each in its chunk.

import Logging
import ModuleKit
import WAMP

/// The writing side of one table. Belongs to the writer.
final class TableWriter {
    let table: Table
    private let file: TableFile
    private let logger: Logger
    /// The keys of a row as it is published, for each serializer.
    private let keys: [RowKeys]
    private let keepsLatest: Bool
    /// Taken out while a request is written: a local is not copied when it is passed on.
    private var idleReader: RowReader?
    private var chunks: [Chunk: ChunkWriter] = [:]
    /// The chunk of the row before: nearly always the next row's.
    private var current: ChunkWriter?
    /// The chunks that the request, and the transaction under way, have touched.
    private var requestChunks: [ChunkWriter] = []
    private var pendingChunks: [ChunkWriter] = []
    /// Rows of the request that wait to be stored, all in one chunk.
    private var group: RowGroup
    private var groupChunk: ChunkWriter?
    private var nextSequence: Int64
    /// Files of the process before, held open until what was found in them is on the disk.
    private var unsynced: [SQLiteConnection] = []
    /// The last sequence that is not given out again.
    private var committed: Int64
    /// The transaction under way has rows that no chunk keeps.
    private var hasExpiredRows = false

    /// The rows of a request as they are published: with every column, and in one message.
    static let requestBytesMax = 15 << 20
    /// The most chunks that one bulk may be spread over: each costs a file and a sync.
    static let chunksPerRequestMax = 366

    /// Opens the table's own file, creates it if need be.
    ///
    /// - Throws: `TemplateError`, `SQLiteError` or `SystemError`.
    init(_ table: Table, logger: Logger) throws {
        self.table = table
        self.logger = logger
        let names = (table.schema.showsSequence ? ["id"] : []) + table.schema.storedColumns.map(\.id)
        keys = Serializer.allCases.map { RowKeys(names, $0) }
        keepsLatest = table.schema.keepsLatest
        group = RowGroup(cellCount: table.plan.targets.count)
        try Directory.create(table.directory)
        do {
            file = try TableFile(table)
        } catch let error as SQLiteError where error.isDamage {
            // The latest rows are lost with it, as far as the open chunks do not have them.
            try Self.putAside(table.directory + "/" + TableFile.name, error, logger)
            file = try TableFile(table)
        }
        // Without a WAL beside it a chunk was closed, and the table's file knows what it holds.
        let isNew = file.used == 0
        let unclosed = table.layout.chunks.map(table.path).filter { isNew || Directory.exists($0 + "-wal") }
        var used = file.used
        // Who closes such a file last removes its WAL, and with it the sign that somebody has to look: not before what was
        // found is on the disk.
        var held: [SQLiteConnection] = []
        for path in unclosed {
            let chunk = try SQLiteConnection(path: path, .read)
            used = try max(used, chunk.integer("SELECT last FROM commits ORDER BY first DESC LIMIT 1") ?? 0)
            if !isNew { held.append(chunk) }
        }
        committed = used
        nextSequence = used + 1
        let isCaughtUp = try file.catchUp(unclosed, used: used)
        table.setCommitted(used)
        guard isCaughtUp || used > file.used else { return }
        do {
            try file.sync(used: used)
        } catch {
            // A disk without room: what is stored can be read all the same, and is looked for again at the next start.
            logger.warning("files stay open", metadata: .facts([.error: error.description]))
            unsynced = held
        }
    }

    // MARK: Requests

    /// What a request left behind: the rows as they are published, and the sequence of the last one.
    struct Accepted: Sendable {
        var rows: EncodedRows
        var lastSequence: Int64
    }

    /// Writes all rows of a request into the transaction under way, or none of them.
    ///
    /// - Parameters:
    ///   - retention: rows beyond it are published and not kept.
    ///   - batch: where the rows are encoded.
    /// - Throws: `Refusal` when the request is at fault: the transaction goes on. Anything else: the store is, and
    ///   `rollBack` must follow.
    func write(
        _ payload: Payload, _ form: RowReader.Form, _ author: RowAuthor, retention: RetentionPlan,
        into batch: inout RowBatch
    ) throws -> Accepted {
        var reader = idleReader.take() ?? RowReader(table.plan)
        do {
            let rows = try write(payload, form, author, retention, &reader, into: &batch)
            idleReader = consume reader
            return Accepted(rows: rows, lastSequence: nextSequence - 1)
        } catch {
            idleReader = consume reader
            throw error
        }
    }

    private func write(
        _ payload: Payload, _ form: RowReader.Form, _ author: RowAuthor, _ retention: RetentionPlan,
        _ reader: inout RowReader, into batch: inout RowBatch
    ) throws -> EncodedRows {
        try reader.begin(payload, form, author)
        try file.beginRequest(form)
        let sequenceBefore = nextSequence
        let keys = keys[payload.serializer.position]
        let rows: EncodedRows
        do {
            rows = try batch.add(payload.serializer) { writer in
                var count = 0
                let start = writer.bytes.count
                while try reader.next(payload) {
                    try writeRow(&reader, payload, form, retention)
                    encodeRow(reader, payload, keys, &writer)
                    count += 1
                    guard writer.bytes.count - start <= Self.requestBytesMax else {
                        throw Refusal(
                            .invalidArgument,
                            "with all columns the rows are more than \(Self.requestBytesMax >> 20) MiB; send them in parts"
                        )
                    }
                    guard group.isFull || group.isEmpty else { continue }
                    try storeGroup(reader, payload)
                    reader.forgetTexts()
                }
                try storeGroup(reader, payload)
                return count
            }
        } catch {
            group.removeAll()
            try undoRequest()
            nextSequence = sequenceBefore
            guard let conflict = error as? SQLiteError, conflict.isConflict else { throw error }
            throw Refusal.entityKeyConflict(table.schema)
        }
        for chunk in requestChunks { try chunk.endRequest() }
        requestChunks.removeAll(keepingCapacity: true)
        try file.endRequest()
        return rows
    }

    private func writeRow(
        _ reader: inout RowReader, _ payload: Payload, _ form: RowReader.Form, _ retention: RetentionPlan
    ) throws {
        if keepsLatest { try file.fill(&reader, payload) }
        let sequence = nextSequence
        nextSequence += 1
        if retention.isExpired(reader.tsp) {
            hasExpiredRows = true
        } else {
            let chunk = try chunkWriter(for: reader.tsp, form)
            if chunk !== groupChunk { try storeGroup(reader, payload) }
            groupChunk = chunk
            group.append(reader, sequence: sequence)
        }
        if keepsLatest { try file.keepLatest(reader, payload, sequence: sequence) }
    }

    /// Writes the rows that wait into their chunk.
    private func storeGroup(_ reader: borrowing RowReader, _ payload: Payload) throws(SQLiteError) {
        guard !group.isEmpty, let groupChunk else { return }
        try CellBytes.with(reader, payload) { bytes throws(SQLiteError) in try groupChunk.insert(group, bytes) }
        group.removeAll()
    }

    private func undoRequest() throws {
        for chunk in requestChunks { try chunk.undoRequest() }
        requestChunks.removeAll(keepingCapacity: true)
        try file.undoRequest()
    }

    /// The row as its readers will see it: columns in their order, `device_key`, `authid`.
    private func encodeRow(
        _ reader: borrowing RowReader, _ payload: Payload, _ keys: RowKeys, _ writer: inout ValueWriter
    ) {
        writer.beginDictionary(keys.count)
        // Only `error-logs` shows it, as its first key.
        let first = keys.count - reader.cells.count - 2
        if first > 0 {
            keys.write(0, to: &writer)
            writer.integer(nextSequence - 1)
        }
        for index in reader.cells.indices {
            keys.write(first + index, to: &writer)
            encode(reader.cells[index], reader.plan.dataTypes[index], reader.scratch, payload, &writer)
        }
        keys.write(keys.count - 2, to: &writer)
        writer.integer(reader.deviceKey)
        keys.write(keys.count - 1, to: &writer)
        encode(reader.authid, .string, reader.scratch, payload, &writer)
        writer.endDictionary()
    }

    @inline(__always)
    private func encode(
        _ cell: Cell, _ dataType: DataType, _ scratch: [UInt8], _ payload: Payload, _ writer: inout ValueWriter
    ) {
        switch cell {
        case .absent, .null: writer.null()
        case .integer(let value): RowWriter.integer(value, dataType, &writer)
        case .real(let value): RowWriter.real(value, &writer)
        case .text(let place):
            switch place.source {
            case .arguments: RowWriter.text(payload.arguments.span.extracting(place.range.range), dataType, &writer)
            case .argumentsKw: RowWriter.text(payload.argumentsKw.span.extracting(place.range.range), dataType, &writer)
            case .scratch:
                RowWriter.text(scratch.span.extracting(place.range.range), dataType, &writer)
            }
        }
    }

    // MARK: Chunks

    private func chunkWriter(for tsp: Int64, _ form: RowReader.Form) throws -> ChunkWriter {
        let writer: ChunkWriter
        if let current, current.chunk.contains(tsp) {
            writer = current
        } else {
            writer = try openChunk(table.layout.chunk(for: tsp))
            current = writer
        }
        guard !requestChunks.contains(where: { $0 === writer }) else { return writer }
        guard requestChunks.count < Self.chunksPerRequestMax else {
            throw Refusal(
                .invalidArgument,
                "the rows are spread over more than \(Self.chunksPerRequestMax) chunks of time; send them in parts")
        }
        try writer.beginRequest(form)
        requestChunks.append(writer)
        if !pendingChunks.contains(where: { $0 === writer }) { pendingChunks.append(writer) }
        return writer
    }

    private func openChunk(_ chunk: Chunk) throws -> ChunkWriter {
        if let open = chunks[chunk] { return open }
        let isHot = (table.layout.chunks.last ?? chunk) <= chunk
        func open() throws -> ChunkWriter {
            try ChunkWriter(
                table.plan, chunk, directory: table.directory, initialBucketWidth: bucketWidth(before: chunk),
                isHot: isHot)
        }
        let writer: ChunkWriter
        do {
            writer = try open()
        } catch let error as SQLiteError where error.isDamage {
            try Self.putAside(table.path(chunk), error, logger)
            writer = try open()
        }
        chunks[chunk] = writer
        table.insert(chunk)
        return writer
    }

    /// By the rate of the chunk before, if there is one.
    private func bucketWidth(before chunk: Chunk) -> Int64 {
        guard let previous = table.layout.chunks.last(where: { $0 < chunk }) else { return BucketWidth.initial }
        let count =
            if let open = chunks[previous] {
                try? open.rowCount()
            } else {
                try? SQLiteConnection(path: table.path(previous), .read).integer("SELECT sum(row_count) FROM commits")
            }
        return BucketWidth.choose(rows: count ?? 0, spanMilliseconds: previous.end - previous.start)
    }

    private static func putAside(_ path: String, _ error: SQLiteError, _ logger: Logger) throws {
        var number = 1
        while Directory.exists("\(path).bad\(number)") { number += 1 }
        logger.error(
            "damaged file put aside, a new one takes its place",
            metadata: .facts([.path: "\(path).bad\(number)", .error: error.description]))
        try Directory.putAside(path, suffix: ".bad\(number)")
    }

    // MARK: Transactions

    /// Returns when every row since the last commit is on the disk.
    ///
    /// - Throws: when a chunk could not be committed; its rows are gone then. A bulk over several chunks may have
    ///   left rows in those committed before: like any row without an answer it is there once or not at all.
    func commit(batch: UInt64) throws {
        defer { pendingChunks.removeAll(keepingCapacity: true) }
        for chunk in pendingChunks {
            chunk.lastBatch = batch
            try chunk.commit()
            // Whatever fails now, these sequences have been used.
            committed = nextSequence - 1
        }
        try file.commit(applied: nextSequence - 1)
        if hasExpiredRows { try file.sync(used: nextSequence - 1) }
        hasExpiredRows = false
        committed = nextSequence - 1
        table.setCommitted(committed)
    }

    /// Takes everything back since the last commit, and closes what may be damaged.
    func rollBack(after error: any Error) {
        for chunk in pendingChunks { chunk.rollBack() }
        pendingChunks.removeAll()
        nextSequence = committed + 1
        requestChunks.removeAll()
        groupChunk = nil
        file.rollBack()
        hasExpiredRows = false
        guard let error = error as? SQLiteError, error.isDamage else { return }
        // The next row opens the file anew, which looks through it and puts it aside.
        for (chunk, writer) in chunks where writer.path == error.path {
            chunks[chunk] = nil
            try? Self.putAside(writer.path, error, logger)
        }
        current = nil
    }

    // MARK: Files

    var openChunkCount: Int { chunks.count }

    /// The open chunk that was written least recently, by count of batches.
    var leastRecent: UInt64? { chunks.values.map(\.lastBatch).min() }

    /// Closes the chunks that were last written in or before a batch: their WAL goes back into the file.
    func close(through batch: UInt64) {
        let closing = chunks.values.filter { $0.lastBatch <= batch }
        guard !closing.isEmpty else { return }
        do throws(SQLiteError) {
            // First: without their WAL nobody looks into them for the last sequence.
            try file.sync(used: nextSequence - 1)
        } catch {
            return logger.warning("files stay open", metadata: .facts([.error: error.description]))
        }
        unsynced = []
        for writer in closing { forget(writer) }
    }

    private func forget(_ writer: ChunkWriter) {
        chunks[writer.chunk] = nil
        if current === writer { current = nil }
        if groupChunk === writer { groupChunk = nil }
    }

    /// Gives up the chunks that retention has emptied.
    ///
    /// - Returns: their files, which nobody writes any more and which are to be deleted.
    func remove(_ expired: [Chunk]) throws -> [String] {
        guard !expired.isEmpty else { return [] }
        try file.sync(used: nextSequence - 1)
        for chunk in expired {
            if let writer = chunks[chunk] { forget(writer) }
            table.remove(chunk)
        }
        return expired.map(table.path)
    }

    /// Closes everything, as after every commit.
    func close() { close(through: .max) }
}

extension Refusal {
    static func entityKeyConflict(_ schema: TableSchema) -> Refusal {
        let key = schema.entityKey.joined(separator: ", ")
        return Refusal(
            .entityKeyConflict,
            "\(schema.name) keeps one row per (\(key), tsp), and there is one already; give each row its own tsp")
    }
}
