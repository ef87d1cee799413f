// A series while its rows come in, in whatever order: one cell per bucket, group and metric.

import WAMP

/// The buckets of one answer.
struct SeriesTable: Sendable {
    private let request: SeriesRequest
    private var buckets: [Key: [Cell]] = [:]
    /// About how much memory the buckets take.
    private var byteCount = 0
    private static let bytesMax = 64 << 20

    private struct Key: Sendable, Hashable {
        /// In milliseconds: the bucket's start.
        var tsp: Int64
        var groups: [SQLValue]
    }

    /// What a metric knows of the rows so far.
    fileprivate struct Cell: Sendable {
        var count: Int64 = 0
        /// Exact as long as it can be.
        var wholeSum: Int64? = 0
        var sum = 0.0
        /// The smallest, largest, first or last value.
        var value = SQLValue.null
        var place: (tsp: Int64, sequence: Int64)?
    }

    init(_ request: SeriesRequest) {
        self.request = request
    }

    /// Adds a row.
    ///
    /// - Parameters:
    ///   - groups: the values of `groupBy`.
    ///   - values: one for each metric.
    /// - Throws: when there are more groups than an answer may have.
    mutating func add(tsp: Int64, sequence: Int64, groups: [SQLValue], values: [SQLValue]) throws(Refusal) {
        let offset = (tsp - request.start) * 1000
        let bucket = request.start * 1000 + floorDivide(offset, request.widthMicroseconds) * request.widthMicroseconds
        let key = Key(tsp: floorDivide(bucket, 1000), groups: groups)
        if buckets[key] == nil {
            guard buckets.count < SeriesRequest.rowsMax else {
                throw Refusal(
                    .seriesTooManyGroups,
                    "the series has more than \(SeriesRequest.rowsMax) rows; take fewer buckets or coarser groups")
            }
            byteCount += MemoryLayout<Cell>.stride * request.metrics.count
            byteCount += groups.reduce(128) { $0 + $1.textByteCount }
        }
        let empty = request.metrics.map { _ in Cell() }
        byteCount += Self.add(values, (tsp, sequence), request.metrics, &buckets[key, default: empty])
        guard byteCount <= Self.bytesMax else {
            throw Refusal(
                .resultTooLarge,
                "the series takes more than \(Self.bytesMax >> 20) MiB; take fewer buckets, metrics or coarser groups")
        }
    }

    /// - Returns: how many bytes of text there are more by it.
    private static func add(
        _ values: [SQLValue], _ place: (tsp: Int64, sequence: Int64), _ metrics: [SeriesRequest.Metric],
        _ cells: inout [Cell]
    ) -> Int {
        var growth = 0
        for index in metrics.indices {
            let metric = metrics[index]
            let before = cells[index].value.textByteCount
            defer { growth += cells[index].value.textByteCount - before }
            if [.first, .last].contains(metric.method) {
                let isFirst = metric.method == .first
                if let known = cells[index].place, isFirst ? known <= place : known >= place { continue }
                cells[index].place = place
                cells[index].value = values[index]
                continue
            }
            let isNumeric = !metric.reference.path.isEmpty && metric.method != .count
            let value = isNumeric ? number(values[index]) : values[index]
            guard value != .null else { continue }
            cells[index].count += 1
            switch metric.method {
            case .average, .sum: cells[index].add(value)
            case .min: if cells[index].count == 1 || value.precedes(cells[index].value) { cells[index].value = value }
            case .max: if cells[index].count == 1 || cells[index].value.precedes(value) { cells[index].value = value }
            case .count, .first, .last: break
            }
        }
        return growth
    }

    /// A value inside json comes as a text.
    private static func number(_ value: SQLValue) -> SQLValue {
        guard case .text(let text) = value else { return value }
        return ComparableValue(.string(text), as: .numeric)?.sqlValue ?? .null
    }

    /// The rows of the answer, the newest bucket first, as histories come; the groups of a bucket ascend.
    func rowsNewestFirst() -> [@Sendable (inout ValueWriter) -> Void] {
        let keys = buckets.keys.sorted { left, right in
            left.tsp != right.tsp ? left.tsp > right.tsp : Self.precedes(left.groups, right.groups)
        }
        return keys.map { key in { write(key, &$0) } }
    }

    private static func precedes(_ left: [SQLValue], _ right: [SQLValue]) -> Bool {
        for (a, b) in zip(left, right) where a != b { return a == .null ? false : b == .null ? true : a.precedes(b) }
        return false
    }

    private func write(_ key: Key, _ writer: inout ValueWriter) {
        writer.beginDictionary(1 + request.groupBy.count + request.metrics.count)
        writer.key("tsp")
        writer.integer(key.tsp)
        for (reference, value) in zip(request.groupBy, key.groups) {
            writer.key(reference.text)
            Self.write(value, reference.path.isEmpty ? reference.dataType : .string, &writer)
        }
        for (metric, cell) in zip(request.metrics, buckets[key] ?? []) {
            writer.key(metric.name)
            let reference = metric.reference
            switch metric.method {
            case .count: writer.integer(cell.count)
            case .average:
                let average = cell.count > 0 ? SQLValue.real(cell.sum / Double(cell.count)) : .null
                Self.write(average, .numeric, &writer)
            case .sum: Self.write(cell.count > 0 ? cell.total : .null, .numeric, &writer)
            case .min, .max:
                Self.write(cell.value, reference.path.isEmpty ? reference.dataType : .numeric, &writer)
            case .first, .last:
                Self.write(cell.value, reference.path.isEmpty ? reference.dataType : .string, &writer)
            }
        }
        writer.endDictionary()
    }

    private static func write(_ value: SQLValue, _ dataType: DataType, _ writer: inout ValueWriter) {
        switch value {
        case .null: writer.null()
        case .integer(let value): RowWriter.integer(value, dataType, &writer)
        case .real(let value): RowWriter.real(value, &writer)
        case .text(let value): RowWriter.text(Array(value.utf8).span, dataType, &writer)
        }
    }
}

fileprivate extension SeriesTable.Cell {
    mutating func add(_ value: SQLValue) {
        switch value {
        case .integer(let integer):
            sum += Double(integer)
            wholeSum = wholeSum.flatMap {
                let (total, overflows) = $0.addingReportingOverflow(integer)
                return overflows ? nil : total
            }
        case .real(let real):
            sum += real
            wholeSum = nil
        case .null, .text: break
        }
    }

    var total: SQLValue { wholeSum.map(SQLValue.integer) ?? .real(sum) }
}

extension SQLValue {
    fileprivate var textByteCount: Int { if case .text(let text) = self { text.utf8.count } else { 0 } }

    /// The order of MIN and MAX, which compare values of one type.
    fileprivate func precedes(_ other: SQLValue) -> Bool {
        switch (self, other) {
        case (.integer(let left), .integer(let right)): left < right
        case (.real(let left), .real(let right)): left < right
        case (.integer(let left), .real(let right)): Double(left) < right
        case (.real(let left), .integer(let right)): left < Double(right)
        case (.text(let left), .text(let right)): left.utf8.lexicographicallyPrecedes(right.utf8)
        default: false
        }
    }
}
