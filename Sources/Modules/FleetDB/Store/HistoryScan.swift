// Walks the rows that a request asks for, newest first, from file to file.

import WAMP

/// One request under way. Belongs to one reader; holds at most one bucket's statement open.
final class HistoryScan: RowSource {
    private let table: Table
    private let request: HistoryRequest
    private let cutoff: Int64?
    private let open: (String, _ isChunk: Bool) throws -> FileReader?
    private let keys: RowKeys
    private let dataTypes: [DataType]
    /// The chunks that are still to come, the oldest first.
    private var chunks: [Chunk]
    private var walk: BucketWalk?
    /// Rows that come in order.
    private var statement: SQLiteStatement?
    /// Rows that were put in order.
    private var newest = NewestRows(limit: 0)
    private var row: ValueWriter
    private var skipsLeft: Int
    private var rowsLeft: Int
    private var nanosecondsLeft: Int64
    private var deadline = Int64.max

    /// The buckets of a chunk, the newest first.
    private struct BucketWalk {
        var next: Int64
        let first: Int64
        /// The newest bucket before a given one that has rows.
        let before: SQLiteStatement
        let sorted: SQLiteStatement
        let unsorted: SQLiteStatement?
    }

    /// - Parameters:
    ///   - cutoff: rows before it are gone; the latest rows of entities never are.
    ///   - nanosecondsMax: how long all reading together may take.
    ///   - open: the file of a path, from the reader's cache; nil leaves it out.
    init(
        _ table: Table, _ request: HistoryRequest, _ serializer: Serializer, cutoff: Int64?, nanosecondsMax: Int64,
        open: @escaping (String, _ isChunk: Bool) throws -> FileReader?
    ) throws {
        self.table = table
        self.request = request
        self.cutoff = cutoff
        self.open = open
        keys = RowKeys(request.columns.map(\.id), serializer)
        dataTypes = request.columns.map(\.dataType)
        row = ValueWriter(serializer)
        skipsLeft = request.offset
        rowsLeft = request.limit
        nanosecondsLeft = nanosecondsMax
        chunks = []
        if request.wantsLatest, table.schema.keepsLatest {
            guard let file = try open(table.directory + "/" + TableFile.name, false) else { return }
            let query = HistoryPlan.latest(request, columns: file.columns)
            let statement = try file.connection.prepare(query.text)
            statement.bind(query.values)
            self.statement = statement
        } else {
            let start = max(request.start ?? .min, cutoff ?? .min)
            chunks = table.layout.newestFirst(from: start, to: request.end ?? .max).reversed()
        }
    }

    func read(into answer: inout HistoryAnswer) throws -> Payload? {
        let started = monotonicNanoseconds()
        deadline = started &+ nanosecondsLeft
        defer { nanosecondsLeft &-= monotonicNanoseconds() &- started }
        while rowsLeft > 0 {
            if let range = newest.takeNewest() {
                guard takesRow() else { continue }
                let rows = newest.bytes
                if let full = try answer.add(rows.span.extracting(range)) { return full }
            } else if let statement, try statement.step(until: deadline) {
                guard takesRow() else { continue }
                row.reset()
                write(statement, from: 0, to: &row)
                if let full = try answer.add(row.bytes.span) { return full }
            } else if try !nextBucket() {
                guard let chunk = chunks.popLast() else { return nil }
                try begin(chunk)
            }
        }
        return nil
    }

    /// Counts a row; false when the offset passes over it.
    private func takesRow() -> Bool {
        guard skipsLeft == 0 else {
            skipsLeft -= 1
            return false
        }
        rowsLeft -= 1
        return true
    }

    // MARK: Buckets

    private func begin(_ chunk: Chunk) throws {
        guard let file = try open(table.path(chunk), true),
            let plan = HistoryPlan(
                request, chunk, bucketWidth: file.bucketWidth, columns: file.columns, cutoff: cutoff)
        else { return }
        let before = try file.connection.prepare(
            "SELECT max(\(ChunkSchema.bucket)) FROM rows WHERE \(ChunkSchema.bucket) <= ?")
        let sorted = try file.connection.prepare(plan.sorted)
        sorted.bind(plan.values, from: 2)
        let unsorted = try plan.unsorted.map { try file.connection.prepare($0) }
        unsorted?.bind(plan.values, from: 2)
        walk = BucketWalk(
            next: plan.buckets.upperBound, first: plan.buckets.lowerBound, before: before, sorted: sorted,
            unsorted: unsorted)
    }

    /// Goes to the next bucket that has rows; false when the chunk has no more.
    private func nextBucket() throws(SQLiteError) -> Bool {
        statement = nil
        newest = NewestRows(limit: 0)
        guard var walk else { return false }
        walk.before.bind(walk.next, at: 1)
        defer { walk.before.reset() }
        guard try walk.before.step(), !walk.before.isNull(0), case let bucket = walk.before.integer(0),
            bucket >= walk.first
        else {
            self.walk = nil
            return false
        }
        walk.next = bucket - 1
        self.walk = walk
        if let unsorted = walk.unsorted, let rows = try newestRows(unsorted, bucket) {
            newest = rows
        } else {
            walk.sorted.reset()
            walk.sorted.bind(bucket, at: 1)
            statement = walk.sorted
        }
        return true
    }

    /// The rows of a bucket that the answer still wants, in order; nil when they are too big for that.
    private func newestRows(_ statement: SQLiteStatement, _ bucket: Int64) throws(SQLiteError) -> NewestRows? {
        var rows = NewestRows(limit: skipsLeft + rowsLeft)
        statement.bind(bucket, at: 1)
        defer { statement.reset() }
        while try statement.step(until: deadline) {
            let (tsp, sequence) = (statement.integer(0), statement.integer(1))
            guard rows.admits(tsp: tsp, sequence: sequence) else { continue }
            row.reset()
            write(statement, from: 2, to: &row)
            rows.add(tsp: tsp, sequence: sequence, row.bytes.span)
            guard !rows.isFull else { return nil }
        }
        rows.sort()
        return rows
    }

    // MARK: Rows

    /// Writes the current row of a statement, whose columns begin at `first`.
    private func write(_ statement: SQLiteStatement, from first: Int32, to writer: inout ValueWriter) {
        writer.beginDictionary(keys.count)
        for index in dataTypes.indices {
            keys.write(index, to: &writer)
            if dataTypes[index] == .json, let parts = request.columns[index].parts {
                Self.write(parts, statement, first + Int32(index), &writer)
            } else {
                statement.write(first + Int32(index), dataTypes[index], &writer)
            }
        }
        writer.endDictionary()
    }

    private static func write(
        _ parts: JSONParts, _ statement: SQLiteStatement, _ index: Int32, _ writer: inout ValueWriter
    ) {
        guard !statement.isNull(index), let value = try? Value.decode(statement.utf8(index), .json) else {
            return writer.null()
        }
        writer.value(parts.pruned(value))
    }
}

extension SQLiteStatement {
    /// Writes a column's value as its type wants it.
    func write(_ index: Int32, _ dataType: DataType, _ writer: inout ValueWriter) {
        guard !isNull(index) else { return writer.null() }
        switch dataType {
        case .numeric: RowWriter.real(real(index), &writer)
        case .bigint, .timestamp, .boolean: RowWriter.integer(integer(index), dataType, &writer)
        case .string, .json: withText(index) { RowWriter.text($0, dataType, &writer) }
        }
    }
}
