// From a sequence to the rows behind it: what the alarms read when they have missed events.

import WAMP

/// Reads the rows of a table in the order of their sequences.
struct CommitScan {
    private let table: Table
    private let columns: [OutputColumn]

    /// Rows of one page.
    static let limitMax = 10_000
    /// Bytes of one page, but for a single row that is longer: half of what a message may have.
    static let bytesMax = 8 << 20

    init(_ table: Table) {
        self.table = table
        columns = table.schema.storedColumns.map { OutputColumn(id: $0.id, dataType: $0.dataType) }
    }

    /// One row with its sequence, encoded.
    private struct Row {
        var sequence: Int64
        var bytes: [UInt8]
    }

    /// `[{"rows": [row, …], "sequences": [n, …], "sequence": n, "more": bool}]`: at most `limit` rows behind `sequence`,
    /// the oldest first, fewer if they are long, and how far they tell everything: the last row's sequence, or where there
    /// are no more the table's.
    func page(
        since sequence: Int64, limit: Int, _ serializer: Serializer, open: (String) throws -> FileReader?
    ) throws -> Payload {
        // Read first: what is committed while this reads belongs to the next page.
        let committed = table.committedSequence
        var rows: [Row] = []
        // Behind the last row of a chunk that has more, a page would have holes.
        var horizon = Int64.max
        if sequence < committed, limit > 0 {
            for chunk in table.layout.chunks {
                guard let file = try open(table.path(chunk)) else { continue }
                let (part, isCut) = try read(file, since: sequence, through: committed, limit, serializer)
                rows += part
                if isCut, let last = part.last { horizon = min(horizon, last.sequence) }
            }
        }
        rows.sort { $0.sequence < $1.sequence }
        let found = rows.count
        rows.removeAll { $0.sequence > horizon }
        var byteCount = 0
        let fitting = rows.prefix { row in
            defer { byteCount += row.bytes.count }
            return byteCount == 0 || byteCount + row.bytes.count <= Self.bytesMax
        }
        rows.removeLast(max(0, rows.count - min(limit, fitting.count)))
        let isPartial = rows.count == limit || rows.count < found || horizon != .max
        let through = isPartial ? rows.last?.sequence ?? committed : committed
        var writer = ValueWriter(serializer)
        writer.beginList(1)
        writer.beginDictionary(4)
        writer.key("rows")
        writer.beginList(rows.count)
        for row in rows { writer.raw(row.bytes.span) }
        writer.endList()
        writer.key("sequences")
        writer.beginList(rows.count)
        for row in rows { writer.integer(row.sequence) }
        writer.endList()
        writer.key("sequence")
        writer.integer(through)
        writer.key("more")
        writer.bool(isPartial)
        writer.endDictionary()
        writer.endList()
        return Payload(serializer: serializer, arguments: writer.bytes)
    }

    /// The first rows of one chunk behind a sequence: as many commits as it takes, and whether it may have more because
    /// they are long.
    private func read(
        _ file: FileReader, since sequence: Int64, through committed: Int64, _ limit: Int, _ serializer: Serializer
    ) throws(SQLiteError) -> (rows: [Row], isCut: Bool) {
        guard let commits = try commits(file, since: sequence, through: committed, limit) else { return ([], false) }
        let statement = try file.connection.prepare(
            """
            SELECT \(ChunkSchema.sequence), \(HistoryPlan.list(columns, file.columns)) FROM rows \
            WHERE \(ChunkSchema.bucket) BETWEEN \(commits.buckets.lowerBound) AND \(commits.buckets.upperBound) \
            AND \(ChunkSchema.sequence) > \(sequence) AND \(ChunkSchema.sequence) <= \(commits.last) \
            ORDER BY \(ChunkSchema.sequence) LIMIT \(limit)
            """)
        var rows: [Row] = []
        let keys = RowKeys(columns.map(\.id), serializer)
        var writer = ValueWriter(serializer)
        var byteCount = 0
        while try statement.step() {
            guard byteCount <= Self.bytesMax else { return (rows, true) }
            writer.reset()
            writer.beginDictionary(keys.count)
            for index in columns.indices {
                keys.write(index, to: &writer)
                statement.write(Int32(index) + 1, columns[index].dataType, &writer)
            }
            writer.endDictionary()
            byteCount += writer.bytes.count
            rows.append(Row(sequence: statement.integer(0), bytes: writer.bytes))
        }
        return (rows, false)
    }

    private func commits(
        _ file: FileReader, since sequence: Int64, through committed: Int64, _ limit: Int
    ) throws(SQLiteError) -> (buckets: ClosedRange<Int64>, last: Int64)? {
        let statement = try file.connection.prepare(
            """
            SELECT last, row_count, bucket_min, bucket_max FROM commits \
            WHERE first >= ifnull((SELECT max(first) FROM commits WHERE first <= ?1), 0) AND last > ?1 AND first <= ?2 \
            ORDER BY first
            """)
        statement.bind(sequence, at: 1)
        statement.bind(committed, at: 2)
        var found: (buckets: ClosedRange<Int64>, last: Int64)?
        var count: Int64 = 0
        // The first commit may lie partly before the sequence, so it does not count towards the limit.
        while count < Int64(limit), try statement.step() {
            if found != nil { count += statement.integer(1) }
            let buckets = statement.integer(2)...max(statement.integer(2), statement.integer(3))
            let lower = min(found?.buckets.lowerBound ?? buckets.lowerBound, buckets.lowerBound)
            let upper = max(found?.buckets.upperBound ?? buckets.upperBound, buckets.upperBound)
            found = (lower...upper, statement.integer(0))
        }
        return found
    }
}
