// How one chunk answers a request. Rows are clustered by (bucket, device, time, sequence): over all devices the newest
// rows are found by walking the buckets backwards and sorting inside each; of one device, by a seek into each bucket.

/// A request as SQL against one chunk.
struct HistoryPlan: Sendable, Hashable {
    /// With one bucket at a time, its number is parameter 1.
    var sql: String
    var values: [SQLValue]
    /// The buckets that may hold rows, both included.
    var buckets: ClosedRange<Int64>
    /// Whether the statement runs once for each bucket, the newest first.
    var isPerBucket: Bool

    /// - Parameters:
    ///   - columns: the columns of the chunk's file.
    ///   - cutoff: rows before it are gone.
    /// - Returns: nil when the chunk cannot hold what is asked for.
    init?(_ request: HistoryRequest, _ chunk: Chunk, bucketWidth: Int64, columns: Set<String>, cutoff: Int64?) {
        let start = max(request.start ?? .min, chunk.start, cutoff ?? .min)
        let end = min(request.end ?? .max, chunk.end)
        guard start < end, bucketWidth > 0 else { return nil }
        buckets = floorDivide(start, bucketWidth)...floorDivide(end - 1, bucketWidth)
        let device = request.condition?.onlyDevice
        isPerBucket = device != nil
        var clauses: [String] = []
        values = []
        if let device {
            clauses = ["\(ChunkSchema.bucket) = ?1", "device_key = \(device)"]
        } else {
            clauses = ["\(ChunkSchema.bucket) BETWEEN \(buckets.lowerBound) AND \(buckets.upperBound)"]
        }
        clauses.append("tsp >= \(start) AND tsp < \(end)")
        if let condition = request.condition {
            let filter = FilterCompiler.sql(condition, columns: columns)
            clauses.append(filter.text)
            values = filter.values
        }
        let order =
            isPerBucket
            ? "tsp DESC, \(ChunkSchema.sequence) DESC"
            : "\(ChunkSchema.bucket) DESC, tsp DESC, \(ChunkSchema.sequence) DESC"
        sql = """
            SELECT \(Self.list(request.columns, columns)) FROM rows WHERE \(clauses.joined(separator: " AND ")) \
            ORDER BY \(order) LIMIT \(request.offset + request.limit)
            """
    }

    /// The same request against the latest rows of an entity table.
    static func latest(_ request: HistoryRequest, columns: Set<String>) -> SQLFragment {
        var clauses = ["1"]
        var values: [SQLValue] = []
        if let start = request.start { clauses.append("tsp >= \(start)") }
        if let end = request.end { clauses.append("tsp < \(end)") }
        if let condition = request.condition {
            let filter = FilterCompiler.sql(condition, columns: columns)
            clauses.append(filter.text)
            values = filter.values
        }
        return SQLFragment(
            """
            SELECT \(list(request.columns, columns)) FROM latest WHERE \(clauses.joined(separator: " AND ")) \
            ORDER BY tsp DESC, \(ChunkSchema.sequence) DESC LIMIT \(request.offset + request.limit)
            """, values)
    }

    static func list(_ output: [OutputColumn], _ columns: Set<String>) -> String {
        output.map { column in
            if column.isSequence { return ChunkSchema.sequence }
            return columns.contains(column.id) ? SQLFragment.name(column.id) : "NULL"
        }.joined(separator: ", ")
    }
}

extension Condition {
    /// The one device that rows must be of, if the condition says so.
    var onlyDevice: Int64? {
        switch self {
        case .compare(let operand, .equal, .integer(let device)) where operand.column == "device_key": device
        case .all(let parts): parts.lazy.compactMap(\.onlyDevice).first
        default: nil
        }
    }
}
