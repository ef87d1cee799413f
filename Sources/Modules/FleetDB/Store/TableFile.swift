// A table's own file beside its chunks, `table.db`: what must outlive every chunk.
//
//   - The sequence that was used last. The chunks say it too (`commits`), so it is written only when they may stop
//     saying it: when a chunk is closed or removed. After a stop without a close it is found in the chunks that were
//     open: they still have their WAL beside them.
//   - The columns' types and the entity key, which chunks are built on and a new template cannot change.
//   - The latest row of each entity. It is derived: the chunks are the truth, and a commit is answered when they have
//     it. So this file is not synced at each commit; `applied` says how far it is, and what it lacks after a power cut is
//     read again from the chunks.

import WAMP

/// The writing side of `table.db`. Belongs to the writer.
final class TableFile {
    static let name = "table.db"
    /// "GTFT", in the file's header.
    private static let applicationID: Int64 = 0x4754_4654

    private let connection: SQLiteConnection
    private let schema: TableSchema
    /// The highest sequence that was given to a row, as far as this file knows.
    private(set) var used: Int64
    /// The sequence up to which the latest rows are right.
    private var applied: Int64
    private let latest: Latest?
    private var isInTransaction = false

    private struct Latest {
        var upsert: SQLiteStatement
        var upsertBinder: RowBinder
        var find: SQLiteStatement
        var findBinder: RowBinder
        var setApplied: SQLiteStatement
    }

    /// - Throws: `TemplateError` when the template contradicts what is stored.
    init(_ table: Table) throws {
        schema = table.schema
        let path = table.directory + "/" + Self.name
        var isNew = Directory.size(path) == 0
        if isNew { try Directory.createFile(path) }
        connection = try SQLiteConnection(path: path, isNew ? .create : .write)
        // A process that ended while it created the file has left it empty inside.
        isNew = try isNew || connection.integer("SELECT count(*) FROM sqlite_schema") == 0
        if isNew {
            for statement in Self.creation(schema) { try connection.execute(statement) }
        }
        guard try connection.integer("PRAGMA application_id") == Self.applicationID else {
            throw SQLiteError(code: 26, message: "is no table of FleetDB", path: path)
        }
        try connection.execute("PRAGMA synchronous=NORMAL")
        try connection.execute("PRAGMA cache_size=-4096")
        try connection.execute("PRAGMA temp_store=MEMORY")
        try Self.adapt(connection, schema)
        used = try connection.integer("SELECT used FROM state") ?? 0
        applied = try connection.integer("SELECT applied FROM state") ?? 0
        latest = schema.keepsLatest ? try Self.prepareLatest(connection, table.plan) : nil
    }

    /// Makes everything in this file durable: the latest rows as they are, and the sequence that was used last.
    func sync(used sequence: Int64) throws(SQLiteError) {
        // FULL for this commit alone: it syncs the whole WAL.
        try connection.execute("PRAGMA synchronous=FULL")
        try connection.execute("UPDATE state SET used = \(sequence)")
        try connection.execute("PRAGMA synchronous=NORMAL")
        used = sequence
    }

    // MARK: Latest rows

    func beginRequest(_ form: RowReader.Form) throws(SQLiteError) {
        guard latest != nil else { return }
        if !isInTransaction {
            try connection.execute("BEGIN IMMEDIATE")
            isInTransaction = true
        }
        try connection.execute("SAVEPOINT request")
    }

    func endRequest() throws(SQLiteError) {
        guard latest != nil else { return }
        try connection.execute("RELEASE request")
    }

    func undoRequest() throws(SQLiteError) {
        guard latest != nil else { return }
        try connection.execute("ROLLBACK TO request")
        try connection.execute("RELEASE request")
    }

    /// Gives the columns that a row lacks the values of its entity's latest row.
    func fill(_ reader: inout RowReader, _ payload: Payload) throws(SQLiteError) {
        guard let latest, isEntity(reader), reader.cells.contains(.absent) else { return }
        var found: [(Int, FoundCell)] = []
        let statement = latest.find
        let (head, cells) = (reader.head(sequence: 0), reader.cells)
        try CellBytes.with(reader, payload) { bytes throws(SQLiteError) in
            latest.findBinder.bind(statement, head, cells.span, bytes)
            defer { statement.reset() }
            guard try statement.step() else { return }
            for (index, cell) in cells.enumerated() where cell == .absent {
                found.append((index, FoundCell(statement, Int32(index), schema.columns[index].dataType)))
            }
        }
        for (index, cell) in found {
            switch cell {
            case .plain(let cell): reader.inherit(cell, column: index)
            case .text(let utf8): reader.inherit(reader.keep(utf8), column: index)
            }
        }
    }

    private enum FoundCell {
        case plain(Cell)
        case text([UInt8])

        init(_ statement: SQLiteStatement, _ index: Int32, _ dataType: DataType) {
            guard !statement.isNull(index) else {
                self = .plain(.null)
                return
            }
            switch dataType {
            case .numeric: self = .plain(.real(statement.real(index)))
            case .bigint, .timestamp, .boolean: self = .plain(.integer(statement.integer(index)))
            case .string, .json: self = .text(statement.utf8(index))
            }
        }
    }

    /// Keeps a row as its entity's latest, unless a younger one is there.
    func keepLatest(_ reader: borrowing RowReader, _ payload: Payload, sequence: Int64) throws(SQLiteError) {
        guard let latest, isEntity(reader) else { return }
        let (head, cells) = (reader.head(sequence: sequence), reader.cells)
        try CellBytes.with(reader, payload) { bytes throws(SQLiteError) in
            latest.upsertBinder.bind(latest.upsert, head, cells.span, bytes)
            try latest.upsert.run()
        }
    }

    func commit(applied sequence: Int64) throws(SQLiteError) {
        guard let latest, isInTransaction else { return }
        latest.setApplied.bind(sequence, at: 1)
        try latest.setApplied.run()
        try connection.execute("COMMIT")
        latest.upsert.clear()
        latest.find.clear()
        isInTransaction = false
        applied = sequence
    }

    func rollBack() {
        latest?.upsert.clear()
        latest?.find.clear()
        guard isInTransaction else { return }
        isInTransaction = false
        try? connection.execute("ROLLBACK")
    }

    /// Reads what the latest rows lack from the chunks that were not closed.
    ///
    /// - Returns: whether they lacked something.
    func catchUp(_ chunkPaths: [String], used sequence: Int64) throws(SQLiteError) -> Bool {
        guard schema.keepsLatest, applied < sequence else { return false }
        for path in chunkPaths { try copyLatest(from: SQLiteConnection(path: path, .read)) }
        try connection.execute("UPDATE state SET applied = \(sequence)")
        applied = sequence
        return true
    }

    private func copyLatest(from chunk: SQLiteConnection) throws(SQLiteError) {
        let present = try ChunkSchema.columns(chunk)
        let names = Self.latestNames(schema)
        let select = names.map { $0.hasPrefix("\"@") || present[$0] != nil ? quoted($0) : "NULL" }.joined(
            separator: ", ")
        let rows = try chunk.prepare("SELECT \(select) FROM rows WHERE \(ChunkSchema.sequence) > \(applied)")
        let upsert = try connection.prepare(Self.upsert(schema))
        let keys = schema.entityKey.compactMap { key in names.firstIndex(of: key) }
        try connection.execute("BEGIN IMMEDIATE")
        while try rows.step() {
            guard keys.allSatisfy({ !rows.isNull(Int32($0)) }) else { continue }
            for index in names.indices { upsert.bind(rows.value(Int32(index)), at: Int32(index) + 1) }
            try upsert.run()
        }
        try connection.execute("COMMIT")
    }

    /// Whether the row names its entity; one that does not is nobody's latest.
    private func isEntity(_ reader: borrowing RowReader) -> Bool {
        let cells = reader.cells
        return reader.plan.entityKey.allSatisfy { index in
            guard index < cells.count else { return true }
            return switch cells[index] {
            case .absent, .null: false
            default: true
            }
        }
    }
}

// MARK: - Schema

extension TableFile {
    /// The columns of `latest`: those of the stored row, and the sequence.
    private static func latestNames(_ schema: TableSchema) -> [String] {
        [ChunkSchema.sequence, "device_key", "authid"] + schema.columns.map(\.id)
    }

    private static func creation(_ schema: TableSchema) -> [String] {
        [
            "PRAGMA page_size=4096", "PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", "BEGIN IMMEDIATE",
            "CREATE TABLE state (used INTEGER NOT NULL, applied INTEGER NOT NULL, entity_key TEXT NOT NULL) STRICT",
            "INSERT INTO state VALUES (0, 0, '\(schema.entityKey.joined(separator: ","))')",
            "CREATE TABLE columns (id TEXT PRIMARY KEY, data_type TEXT NOT NULL) STRICT, WITHOUT ROWID",
            "PRAGMA application_id=\(applicationID)", "PRAGMA user_version=1", "COMMIT",
        ]
    }

    /// Brings the file to a template that may have columns more than the one before.
    private static func adapt(_ connection: SQLiteConnection, _ schema: TableSchema) throws {
        let path = "data.tables.\(schema.name)"
        let entityKey = schema.entityKey.joined(separator: ",")
        guard try connection.text("SELECT entity_key FROM state") == entityKey else {
            throw TemplateError(path + ".maintainLatestFlagFor", "cannot be changed once the table is there")
        }
        var known: [String: String] = [:]
        let statement = try connection.prepare("SELECT id, data_type FROM columns")
        while try statement.step() { known[statement.string(0)] = statement.string(1) }
        for column in schema.columns {
            guard let dataType = known[column.id], dataType != column.dataType.rawValue else { continue }
            throw TemplateError(
                "\(path).columns.\(column.id).dataType",
                "is \(dataType) in the store and cannot become \(column.dataType.rawValue); use another id")
        }
        let new = schema.columns.filter { known[$0.id] == nil }
        guard !new.isEmpty || known.isEmpty else { return }
        try connection.execute("BEGIN IMMEDIATE")
        for column in new {
            try connection.execute("INSERT INTO columns VALUES ('\(column.id)', '\(column.dataType.rawValue)')")
        }
        if schema.keepsLatest { try adaptLatest(connection, schema, new, isFirst: known.isEmpty) }
        try connection.execute("COMMIT")
    }

    private static func adaptLatest(
        _ connection: SQLiteConnection, _ schema: TableSchema, _ new: [Column], isFirst: Bool
    ) throws(SQLiteError) {
        guard isFirst else {
            for column in new {
                try connection.execute("ALTER TABLE latest ADD COLUMN \(quoted(column.id)) \(column.dataType.storage)")
            }
            return
        }
        let columns = schema.columns.map { "\(quoted($0.id)) \($0.dataType.storage)" }.joined(separator: ", ")
        let key = schema.entityKey.map(quoted).joined(separator: ", ")
        try connection.execute(
            """
            CREATE TABLE latest (\(ChunkSchema.sequence) INTEGER NOT NULL, device_key INTEGER NOT NULL, authid TEXT, \
            \(columns), PRIMARY KEY (\(key))) STRICT, WITHOUT ROWID
            """)
    }

    private static func upsert(_ schema: TableSchema) -> String {
        let names = latestNames(schema).map(quoted)
        let key = schema.entityKey.map(quoted).joined(separator: ", ")
        let sets = names.map { "\($0)=excluded.\($0)" }.joined(separator: ", ")
        let marks = names.map { _ in "?" }.joined(separator: ", ")
        let sequence = ChunkSchema.sequence
        return """
            INSERT INTO latest (\(names.joined(separator: ", "))) VALUES (\(marks)) ON CONFLICT (\(key)) \
            DO UPDATE SET \(sets) WHERE (excluded.tsp, excluded.\(sequence)) > (latest.tsp, latest.\(sequence))
            """
    }

    private static func prepareLatest(_ connection: SQLiteConnection, _ plan: RowPlan) throws(SQLiteError) -> Latest {
        let schema = plan.schema
        let columns = schema.columns.map { quoted($0.id) }.joined(separator: ", ")
        let key = schema.entityKey.map { "\(quoted($0)) = ?" }.joined(separator: " AND ")
        return Latest(
            upsert: try connection.prepare(upsert(schema)),
            upsertBinder: RowBinder(
                parameters: [.sequence, .deviceKey, .authid] + schema.columns.indices.map { .cell($0) }),
            find: try connection.prepare("SELECT \(columns) FROM latest WHERE \(key)"),
            findBinder: RowBinder(
                parameters: plan.entityKey.map { $0 < schema.columns.count ? .cell($0) : .deviceKey }),
            setApplied: try connection.prepare("UPDATE state SET applied = ?"))
    }
}

/// A column's name in SQL; FleetDB's own come quoted already.
private func quoted(_ name: String) -> String { name.hasPrefix("\"") ? name : SQLFragment.name(name) }
