// Walks the rows that a request asks for, newest first, from file to file.

import WAMP

/// One request under way. Belongs to one reader; holds at most one statement open.
final class HistoryScan {
    private let table: Table
    private let request: HistoryRequest
    private let cutoff: Int64?
    private let open: (String, _ isChunk: Bool) throws -> FileReader?
    private let keys: [[UInt8]]
    /// The chunks that are still to come, the oldest first.
    private var chunks: [Chunk]
    private var statement: SQLiteStatement?
    private var walk: BucketWalk?
    private var skipsLeft: Int
    private var rowsLeft: Int
    private var nanosecondsLeft: Int64

    /// The buckets of a chunk, when each is asked for by itself.
    private struct BucketWalk {
        var next: Int64
        let first: Int64
        /// The newest bucket before a given one that has rows.
        let before: SQLiteStatement
    }

    /// - Parameters:
    ///   - cutoff: rows before it are gone; the latest rows of entities never are.
    ///   - nanosecondsMax: how long all steps together may take.
    ///   - open: the file of a path, from the reader's cache; nil leaves it out.
    init(
        _ table: Table, _ request: HistoryRequest, cutoff: Int64?, nanosecondsMax: Int64,
        open: @escaping (String, _ isChunk: Bool) throws -> FileReader?
    ) throws {
        self.table = table
        self.request = request
        self.cutoff = cutoff
        self.open = open
        keys = request.columns.map { Array($0.id.utf8) }
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

    /// Steps to the next row.
    func next() throws -> Bool {
        guard rowsLeft > 0 else { return false }
        while true {
            if let statement {
                while try statement.step(within: &nanosecondsLeft) {
                    guard skipsLeft == 0 else {
                        skipsLeft -= 1
                        continue
                    }
                    rowsLeft -= 1
                    return true
                }
                if try nextBucket(statement) { continue }
                self.statement = nil
            }
            guard let chunk = chunks.popLast() else { return false }
            try begin(chunk)
        }
    }

    private func begin(_ chunk: Chunk) throws {
        guard let file = try open(table.path(chunk), true),
            let plan = HistoryPlan(
                request, chunk, bucketWidth: file.bucketWidth, columns: file.columns, cutoff: cutoff)
        else { return }
        let statement = try file.connection.prepare(plan.sql)
        guard plan.isPerBucket else {
            statement.bind(plan.values)
            self.statement = statement
            return
        }
        let before = try file.connection.prepare(
            "SELECT max(\(ChunkSchema.bucket)) FROM rows WHERE \(ChunkSchema.bucket) <= ?")
        walk = BucketWalk(next: plan.buckets.upperBound, first: plan.buckets.lowerBound, before: before)
        statement.bind(plan.values, from: 2)
        if try nextBucket(statement) { self.statement = statement }
    }

    /// Starts the statement on the next bucket that has rows; false when there is none.
    private func nextBucket(_ statement: SQLiteStatement) throws(SQLiteError) -> Bool {
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
        statement.reset()
        statement.bind(bucket, at: 1)
        return true
    }

    /// Writes the current row.
    func write(_ writer: inout ValueWriter) {
        guard let statement else { return writer.null() }
        writer.beginDictionary(keys.count)
        for index in keys.indices {
            let key = keys[index]
            writer.key(utf8: key.span)
            let column = request.columns[index]
            if let parts = column.parts {
                Self.write(parts, statement, Int32(index), &writer)
            } else {
                statement.write(Int32(index), column.dataType, &writer)
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
