// What `history.transformed.series.<table>` is asked: aggregates of columns over buckets of time.

import WAMP

/// One request for a series.
struct SeriesRequest: Sendable, Hashable {
    static let limitMax: Int64 = 10_000
    /// The most rows of one answer, over all buckets and groups.
    static let rowsMax = 50_000
    /// The longest name of an answer's column, in bytes: PostgreSQL's, and so the vendor's.
    private static let nameBytesMax = 63

    enum Method: String, Sendable, Hashable {
        case average = "AVG", sum = "SUM", count = "COUNT", min = "MIN", max = "MAX", first = "FIRST", last = "LAST"
    }

    /// A column, or a value inside a json column.
    struct Reference: Sendable, Hashable {
        var text: String
        var column: String
        var dataType: DataType
        var path: [String]
    }

    struct Metric: Sendable, Hashable {
        var method: Method
        var reference: Reference
        /// The column of the answer: `AVG:temperature`.
        var name: String { "\(method.rawValue):\(reference.text)" }
    }

    var metrics: [Metric]
    var groupBy: [Reference]
    /// In milliseconds, included.
    var start: Int64
    /// In milliseconds, excluded.
    var end: Int64
    /// In microseconds: a budget of buckets seldom divides a range into whole milliseconds.
    var widthMicroseconds: Int64
    var condition: Condition?
}

extension SeriesRequest {
    /// - Parameter now: the end of a range that has none.
    init(_ arguments: [Value], _ schema: TableSchema, currentUser: String?, now: Int64) throws(Refusal) {
        guard arguments.count == 1, let fields = arguments[0].dictionary?.filter({ $0.value != .null }) else {
            throw Refusal(.runtimeError, "expected one dictionary: {metrics, limit, timeRange, bucketMs?, groupBy?}")
        }
        guard let limit = fields["limit"]?.integer, (1...Self.limitMax).contains(limit) else {
            throw Refusal(
                .runtimeError, "limit: expected a whole number from 1 to \(Self.limitMax)", path: "$input[0].limit")
        }
        let (asked, askedEnd) = try TimeRange.read(fields["timeRange"])
        guard let asked else {
            throw Refusal(.invalidTimeRange, "a series wants a timeRange with a start")
        }
        start = min(max(asked, Timestamp.range.lowerBound), Timestamp.range.upperBound)
        end = min(askedEnd ?? now, Timestamp.range.upperBound)
        guard askedEnd == nil || end > start else {
            throw Refusal(.invalidTimeRange, "the timeRange's end must be after its start")
        }
        groupBy = try Self.groupBy(fields["groupBy"], schema)
        metrics = try Self.metrics(fields["metrics"], schema, groupBy)
        widthMicroseconds = try Self.width(fields["bucketMs"], span: max(end - start, 1), limit: limit)
        let nodes = try FilterNode.list(fields["filterAnd"], path: "$input[0].filterAnd")
        condition = try Condition.compile(nodes.filter { $0 != .latest }, schema, currentUser: currentUser)
    }

    /// The asked width, made a multiple of itself until the buckets keep within the limit; else the limit's share.
    private static func width(_ asked: Value?, span: Int64, limit: Int64) throws(Refusal) -> Int64 {
        guard let asked else { return max(1, Int64((Double(span) * 1000 / Double(limit)).rounded())) }
        guard let width = asked.double, width >= 1000, width <= Double(Timestamp.range.upperBound) else {
            throw Refusal(.runtimeError, "bucketMs: expected 1000 or more", path: "$input[0].bucketMs")
        }
        let buckets = (Double(span) / width).rounded(.up)
        let factor = max(1, (buckets / Double(limit)).rounded(.up))
        return max(1, Int64((width * factor * 1000).rounded()))
    }

    private static func metrics(
        _ value: Value?, _ schema: TableSchema, _ groupBy: [Reference]
    ) throws(Refusal) -> [Metric] {
        guard let list = value?.list, !list.isEmpty, list.count <= 100 else {
            throw Refusal(
                .runtimeError, "metrics: expected a list of 1 to 100 {ref, method}", path: "$input[0].metrics")
        }
        var metrics: [Metric] = []
        for (index, entry) in list.enumerated() {
            guard let text = entry["ref"]?.string,
                let method = entry["method"]?.string.flatMap(Method.init(rawValue:))
            else {
                throw Refusal(
                    .runtimeError, "metrics: expected {ref, method: AVG, SUM, COUNT, MIN, MAX, FIRST or LAST}",
                    path: "$input[0].metrics[\(index)]")
            }
            let reference = try reference(text, schema, .invalidMetric)
            let metric = Metric(method: method, reference: reference)
            try check(metric, groupBy)
            if !metrics.contains(metric) { metrics.append(metric) }
        }
        return metrics
    }

    private static func check(_ metric: Metric, _ groupBy: [Reference]) throws(Refusal) {
        let (reference, method) = (metric.reference, metric.method)
        func refuse(_ reason: String) -> Refusal { Refusal(.invalidMetric, "\(reference.text): \(reason)") }
        guard metric.name.utf8.count <= nameBytesMax else { throw refuse("\(nameBytesMax) bytes are the longest name") }
        if reference.column == "tsp" {
            guard method == .count else { throw refuse("tsp is the bucket; only COUNT counts it") }
            return
        }
        if groupBy.contains(reference) { throw refuse("is a metric and in groupBy") }
        guard reference.path.isEmpty else { return }
        switch method {
        case .average, .sum:
            guard reference.dataType.isNumber else { throw refuse("\(method.rawValue) wants numbers") }
        case .min, .max:
            guard ![.boolean, .json].contains(reference.dataType) else {
                throw refuse("\(method.rawValue) does not order \(reference.dataType.rawValue)")
            }
        case .count, .first, .last: break
        }
    }

    private static func groupBy(_ value: Value?, _ schema: TableSchema) throws(Refusal) -> [Reference] {
        guard let value else { return [] }
        guard let list = value.list, case let texts = list.compactMap(\.string), texts.count == list.count else {
            throw Refusal(.runtimeError, "groupBy: expected a list of strings", path: "$input[0].groupBy")
        }
        var references: [Reference] = []
        for text in texts {
            let reference = try reference(text, schema, .invalidGroupBy)
            guard reference.column != "tsp", text.utf8.count <= nameBytesMax else {
                throw Refusal(.invalidGroupBy, "\(text.prefix(64)): cannot be a group")
            }
            if !references.contains(reference) { references.append(reference) }
        }
        return references
    }

    private static func reference(_ text: String, _ schema: TableSchema, _ uri: ErrorURI) throws(Refusal) -> Reference {
        let parsed = ColumnReference(text)
        guard let column = schema.column(parsed.column) else {
            throw Refusal(uri, "\(schema.name) has no column \"\(text.prefix(64))\"")
        }
        guard parsed.path.isEmpty || column.dataType == .json else {
            throw Refusal(uri, "\(text.prefix(64)): \(column.id) is no json column")
        }
        return Reference(text: text, column: column.id, dataType: column.dataType, path: parsed.path)
    }

    /// The rows of one chunk that the series is made of: `tsp`, the sequence, then groups and metrics.
    func sql(_ chunk: Chunk, bucketWidth: Int64, columns: Set<String>, cutoff: Int64?) -> SQLFragment? {
        let from = max(start, chunk.start, cutoff ?? .min)
        let to = min(end, chunk.end)
        guard from < to, bucketWidth > 0 else { return nil }
        var values: [SQLValue] = []
        var list = ["tsp", ChunkSchema.sequence]
        for reference in groupBy + metrics.map(\.reference) {
            guard columns.contains(reference.column) else {
                list.append("NULL")
                continue
            }
            let name = SQLFragment.name(reference.column)
            guard !reference.path.isEmpty else {
                list.append(name)
                continue
            }
            list.append("fleetdb_leaf(\(name), ?, 'string')")
            values.append(.text(JSONPath.text(reference.path)))
        }
        let first = floorDivide(from, bucketWidth), last = floorDivide(to - 1, bucketWidth)
        var clauses = ["\(ChunkSchema.bucket) BETWEEN \(first) AND \(last)", "tsp >= \(from) AND tsp < \(to)"]
        if let condition {
            let filter = FilterCompiler.sql(condition, columns: columns)
            clauses.append(filter.text)
            values += filter.values
        }
        return SQLFragment(
            "SELECT \(list.joined(separator: ", ")) FROM rows WHERE \(clauses.joined(separator: " AND "))", values)
    }
}
