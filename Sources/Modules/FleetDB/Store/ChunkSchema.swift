// What a chunk's file looks like inside. Names that begin with @ are FleetDB's own: no column id can.
//
//     rows     the rows, clustered by (bucket, device, time, sequence)
//     commits  which sequences were committed together and in which buckets they lie: the way back from a sequence to
//              its rows, at the price of one small row per commit instead of an index
//     chunk    one row: the range of time and the bucket's width

enum ChunkSchema {
    /// "GTFC", in the file's header.
    static let applicationID: Int32 = 0x4754_4643
    static let bucket = "\"@bucket\""
    static let sequence = "\"@sequence\""
    /// A commit writes whole pages, and with many devices at once nearly each of its rows lies on one of its own: half
    /// the page is half of what goes to the disk. Bulks and ranges cost the same with 4 KiB as with 8.
    private static let pageBytes = 4096
    /// Pages of the WAL that go back into the file at once: 32 MiB.
    static let checkpointPages = 8_000

    /// The columns after the key and `authid`.
    static func values(_ schema: TableSchema) -> [Column] { schema.columns.filter { $0.id != "tsp" } }

    /// - Precondition: a new file; the page size can be chosen only once.
    static func create(_ schema: TableSchema, _ chunk: Chunk, bucketWidth: Int64) -> [String] {
        let columns = values(schema).map { ", \(SQLFragment.name($0.id)) \($0.dataType.storage)" }.joined()
        var statements = [
            "PRAGMA page_size=\(pageBytes)",
            "PRAGMA journal_mode=WAL",
            "PRAGMA synchronous=FULL",
            "BEGIN IMMEDIATE",
            """
            CREATE TABLE rows (\(bucket) INTEGER NOT NULL, device_key INTEGER NOT NULL, tsp INTEGER NOT NULL, \
            \(sequence) INTEGER NOT NULL, authid TEXT\(columns), \
            PRIMARY KEY (\(bucket), device_key, tsp, \(sequence))) STRICT, WITHOUT ROWID
            """,
            """
            CREATE TABLE commits (first INTEGER PRIMARY KEY, last INTEGER NOT NULL, row_count INTEGER NOT NULL, \
            bucket_min INTEGER NOT NULL, bucket_max INTEGER NOT NULL) STRICT
            """,
            "CREATE TABLE chunk (starts INTEGER NOT NULL, ends INTEGER NOT NULL, bucket_width INTEGER NOT NULL) STRICT",
            "INSERT INTO chunk VALUES (\(chunk.start), \(chunk.end), \(bucketWidth))",
        ]
        if schema.keepsLatest {
            let key = schema.entityKey.map(SQLFragment.name).joined(separator: ", ")
            statements.append("CREATE UNIQUE INDEX one_row_per_entity_and_time ON rows (\(key), tsp)")
        }
        return statements + [
            "PRAGMA application_id=\(applicationID)", "PRAGMA user_version=1", "COMMIT",
        ]
    }

    /// Inserts rows, each with the parameters of `binder`.
    ///
    /// Several rows come with OR FAIL: else SQLite would copy every page that the statement touches, to be able to take
    /// back its first rows when a later one fails. The savepoint of a bulk does that already.
    static func insert(_ plan: RowPlan, rows: Int = 1) -> String {
        let names = valueIndices(plan).map { ", \(SQLFragment.name(plan.schema.columns[$0].id))" }.joined()
        let marks = Array(repeating: "?", count: binder(plan).parameters.count).joined(separator: ", ")
        let values = Array(repeating: "(\(marks))", count: rows).joined(separator: ", ")
        let verb = rows > 1 ? "INSERT OR FAIL" : "INSERT"
        return "\(verb) INTO rows (\(bucket), device_key, tsp, \(sequence), authid\(names)) VALUES \(values)"
    }

    /// The parameters of one row of `insert`.
    static func binder(_ plan: RowPlan) -> RowBinder {
        RowBinder(parameters: [.bucket, .deviceKey, .tsp, .sequence, .authid] + valueIndices(plan).map { .cell($0) })
    }

    private static func valueIndices(_ plan: RowPlan) -> [Int] {
        plan.schema.columns.indices.filter { $0 != plan.tsp }
    }

    /// The columns that a chunk written under an older template lacks.
    static func additions(_ schema: TableSchema, present: [String: String]) throws(SQLiteError) -> [String] {
        values(schema).filter { present[$0.id] == nil }.map {
            "ALTER TABLE rows ADD COLUMN \(SQLFragment.name($0.id)) \($0.dataType.storage)"
        }
    }

    /// The columns of the file's `rows`, with their storage types.
    static func columns(_ connection: SQLiteConnection) throws(SQLiteError) -> [String: String] {
        let statement = try connection.prepare("SELECT name, type FROM pragma_table_info('rows')")
        var columns: [String: String] = [:]
        while try statement.step() { columns[statement.string(0)] = statement.string(1) }
        return columns
    }
}
