// How one chunk answers a request. Rows are clustered by (bucket, device, time, sequence): the newest are found by walking
// the buckets backwards. Of one device a bucket's rows lie in order; those of all devices are sorted here, because SQLite
// would carry whole rows through its sorter, where only their times have to be compared.

import WAMP

/// A request as SQL against one bucket of a chunk, whose number is parameter 1.
struct HistoryPlan: Sendable, Hashable {
    /// The bucket's rows, the newest first.
    var sorted: String
    /// The same rows as they lie, each behind its time and sequence; nil when they lie in order.
    var unsorted: String?
    /// The parameters from 2 on.
    var values: [SQLValue]
    /// The buckets that may hold rows, both included.
    var buckets: ClosedRange<Int64>

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
        var clauses = ["\(ChunkSchema.bucket) = ?1"]
        if let device { clauses.append("device_key = \(device)") }
        clauses.append("tsp >= \(start) AND tsp < \(end)")
        values = []
        if let condition = request.condition {
            let filter = FilterCompiler.sql(condition, columns: columns)
            clauses.append(filter.text)
            values = filter.values
        }
        let list = Self.list(request.columns, columns)
        let rows = "FROM rows WHERE \(clauses.joined(separator: " AND "))"
        sorted = """
            SELECT \(list) \(rows) ORDER BY tsp DESC, \(ChunkSchema.sequence) DESC \
            LIMIT \(request.offset + request.limit)
            """
        unsorted = device == nil ? "SELECT tsp, \(ChunkSchema.sequence), \(list) \(rows)" : nil
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
