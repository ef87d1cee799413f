// One chunk, as the writer has it open: rows go in, a commit makes them durable.

import WAMP

/// The writing side of one chunk's file. Belongs to the writer.
final class ChunkWriter {
    let chunk: Chunk
    let path: String
    /// When the writer last had a row for it, on its own count of batches.
    var lastBatch: UInt64 = 0

    private let connection: SQLiteConnection
    private let insert: SQLiteStatement
    /// Inserts a full group; prepared when the first bulk comes.
    private var insertGroup: SQLiteStatement?
    private let plan: RowPlan
    private let insertCommit: SQLiteStatement
    private let begin: SQLiteStatement
    private let commitTransaction: SQLiteStatement
    private let bucketWidth: Int64
    private let binder: RowBinder
    private var isInTransaction = false
    private var pending: Pending?
    /// `pending` as it was before the request under way.
    private var pendingBefore: Pending?
    private var hasSavepoint = false

    /// What the transaction under way holds; becomes a row of `commits`.
    private struct Pending {
        var first: Int64
        var last: Int64
        var rowCount: Int64
        var bucketMin: Int64
        var bucketMax: Int64

        mutating func add(_ sequence: Int64, _ bucket: Int64) {
            last = sequence
            rowCount += 1
            bucketMin = min(bucketMin, bucket)
            bucketMax = max(bucketMax, bucket)
        }
    }

    /// Opens the chunk's file, or creates it.
    ///
    /// - Parameters:
    ///   - initialBucketWidth: for a new file; an old one keeps its own.
    ///   - isHot: it gets a bigger cache, because it is the one that is written all the time.
    init(_ plan: RowPlan, _ chunk: Chunk, directory: String, initialBucketWidth: Int64, isHot: Bool) throws {
        self.chunk = chunk
        path = directory + "/" + chunk.fileName
        let schema = plan.schema
        var isNew = Directory.size(path) == 0
        let wasClosed = Directory.size(path + "-wal") == 0
        if isNew { try Directory.createFile(path) }
        connection = try SQLiteConnection(path: path, isNew ? .create : .write)
        // A process that ended while it created the file has left it empty inside.
        isNew = try isNew || connection.integer("SELECT count(*) FROM sqlite_schema") == 0
        if isNew {
            for statement in ChunkSchema.create(schema, chunk, bucketWidth: initialBucketWidth) {
                try connection.execute(statement)
            }
        } else {
            try Self.check(connection, wasClosed: wasClosed)
            try connection.execute("PRAGMA synchronous=FULL")
            for statement in try ChunkSchema.additions(schema, present: ChunkSchema.columns(connection)) {
                try connection.execute(statement)
            }
        }
        try connection.execute("PRAGMA wal_autocheckpoint=\(ChunkSchema.checkpointPages)")
        try connection.execute("PRAGMA cache_size=\(isHot ? -16384 : -4096)")
        try connection.execute("PRAGMA temp_store=MEMORY")
        bucketWidth = max(1, try connection.integer("SELECT bucket_width FROM chunk") ?? BucketWidth.initial)
        self.plan = plan
        binder = ChunkSchema.binder(plan)
        insert = try connection.prepare(ChunkSchema.insert(plan))
        insertCommit = try connection.prepare("INSERT INTO commits VALUES (?, ?, ?, ?, ?)")
        begin = try connection.prepare("BEGIN IMMEDIATE")
        commitTransaction = try connection.prepare("COMMIT")
    }

    /// A file that the last process did not close is looked through before anybody trusts it.
    private static func check(_ connection: SQLiteConnection, wasClosed: Bool) throws(SQLiteError) {
        guard try connection.integer("PRAGMA application_id") == Int64(ChunkSchema.applicationID) else {
            throw SQLiteError(code: notADatabase, message: "is no chunk of FleetDB", path: connection.path)
        }
        guard !wasClosed else { return }
        let finding = try connection.text("PRAGMA quick_check(1)")
        guard finding == "ok" else {
            throw SQLiteError(code: notADatabase, message: finding ?? "quick_check says nothing", path: connection.path)
        }
    }

    private static let notADatabase: Int32 = 26

    // MARK: Writing

    /// Opens the transaction, if there is none, and marks the place to which `undo` goes back.
    ///
    /// A single row needs no mark: a statement that fails leaves nothing behind.
    func beginRequest(_ form: RowReader.Form) throws(SQLiteError) {
        if !isInTransaction {
            try begin.run()
            isInTransaction = true
        }
        pendingBefore = pending
        guard form == .bulk else { return }
        try connection.execute("SAVEPOINT request")
        hasSavepoint = true
    }

    /// Writes the rows of a group; their texts lie in `bytes`.
    ///
    /// - Throws: `SQLiteError.isConflict` when an entity has a row of that time; the transaction goes on.
    func insert(_ group: RowGroup, _ bytes: CellBytes) throws(SQLiteError) {
        let statement = group.isFull ? try groupStatement() : insert
        let parameterCount = Int32(binder.parameters.count)
        try group.forEach { index, head, cells throws(SQLiteError) in
            let bucket = floorDivide(head.tsp, bucketWidth)
            note(head.sequence, bucket)
            guard group.isFull else {
                binder.bind(statement, head, cells, bytes, bucket: bucket)
                return try statement.run()
            }
            binder.bind(statement, head, cells, bytes, bucket: bucket, from: 1 + Int32(index) * parameterCount)
        }
        if group.isFull { try statement.run() }
    }

    private func groupStatement() throws(SQLiteError) -> SQLiteStatement {
        if let insertGroup { return insertGroup }
        let statement = try connection.prepare(ChunkSchema.insert(plan, rows: RowGroup.rowsMax))
        insertGroup = statement
        return statement
    }

    private func note(_ sequence: Int64, _ bucket: Int64) {
        guard pending != nil else {
            pending = Pending(first: sequence, last: sequence, rowCount: 1, bucketMin: bucket, bucketMax: bucket)
            return
        }
        pending?.add(sequence, bucket)
    }

    func endRequest() throws(SQLiteError) {
        guard hasSavepoint else { return }
        hasSavepoint = false
        try connection.execute("RELEASE request")
    }

    /// Takes the rows of the request under way back, and leaves those before it.
    func undoRequest() throws(SQLiteError) {
        pending = pendingBefore
        guard hasSavepoint else { return }
        hasSavepoint = false
        try connection.execute("ROLLBACK TO request")
        try connection.execute("RELEASE request")
    }

    /// Returns when the rows are on the disk.
    func commit() throws(SQLiteError) {
        guard isInTransaction else { return }
        if let pending {
            insertCommit.bind(pending.first, at: 1)
            insertCommit.bind(pending.last, at: 2)
            insertCommit.bind(pending.rowCount, at: 3)
            insertCommit.bind(pending.bucketMin, at: 4)
            insertCommit.bind(pending.bucketMax, at: 5)
            try insertCommit.run()
        }
        try commitTransaction.run()
        isInTransaction = false
        pending = nil
        forgetBytes()
    }

    /// Takes back everything since the last commit.
    func rollBack() {
        forgetBytes()
        pending = nil
        hasSavepoint = false
        guard isInTransaction else { return }
        isInTransaction = false
        // SQLite may have rolled back already, which is all that is wanted.
        try? connection.execute("ROLLBACK")
    }

    /// The bytes that the statements have borrowed are about to go.
    private func forgetBytes() {
        insert.clear()
        insertGroup?.clear()
    }

    /// How many rows the chunk has.
    func rowCount() throws(SQLiteError) -> Int64 {
        try connection.integer("SELECT sum(row_count) FROM commits") ?? 0
    }
}
