import Foundation
import Logging
import WAMP

@testable import FleetDB

/// What must hold for a request for rows: it is refused or answered, SQLite takes whatever SQL it becomes, filters side
/// by side are each true of every row, a page is a piece of the whole, and a series counts the same rows.
enum QueryAgreement {
    static func difference(_ bytes: [UInt8]) -> String? {
        var input = InputReader(bytes)
        var request = QueryScript(input: input)
        let fields = request.fields()
        input = request.input
        do {
            return try historyDifference(fields) ?? seriesDifference(fields, &request)
        } catch is Refusal {
            return nil
        } catch let error as SQLiteError where error.isInterrupted {
            return nil
        } catch {
            return "\(error), asked for \(fields)"
        }
    }

    // MARK: Histories

    private static func historyDifference(_ fields: [String: Value]) throws -> String? {
        let asked = try history(fields)
        var whole = fields
        whole["columns"] = nil
        let page = try history(whole)
        whole["offset"] = nil
        whole["limit"] = .integer(Int64(HistoryRequest.limitMax))
        let all = try history(whole)
        guard asked.count == page.count else { return "\(asked.count) rows, and \(page.count) of \(whole)" }
        let offset = Int(fields["offset"]?.integer ?? 0), limit = Int(fields["limit"]?.integer ?? 0)
        guard page == Array(all.dropFirst(offset).prefix(limit)) else { return "not a page of \(all.count): \(fields)" }
        // Refused on their own are none that were taken together.
        let nodes = fields["filterAnd"]?.list ?? []
        let latest = nodes.filter { isLatest($0) }
        var kept: Set<Int64>?
        for node in nodes where !isLatest(node) {
            whole["filterAnd"] = .list(latest + [node])
            let rows = Set(try answered(whole).map(\.sequence))
            kept = kept?.intersection(rows) ?? rows
        }
        if let kept, kept != Set(all.map(\.sequence)) { return "\(all.count) rows where \(kept.count) are: \(fields)" }
        return nil
    }

    private static func isLatest(_ node: Value) -> Bool {
        (try? FilterNode.list(.list([node]), path: "")) == [.latest]
    }

    /// - Throws: a refusal that is a finding.
    private static func answered(_ fields: [String: Value]) throws -> [Row] {
        do {
            return try history(fields)
        } catch let refusal as Refusal {
            throw Finding(text: "a part is refused: \(refusal)")
        }
    }

    private struct Finding: Error, CustomStringConvertible {
        var text: String
        var description: String { text }
    }

    private struct Row: Equatable {
        /// 0 where the columns do not have it.
        var sequence: Int64
        var tsp: Int64
    }

    private static func history(_ fields: [String: Value]) throws -> [Row] {
        let request = try HistoryRequest([.dictionary(fields)], store.table.schema, currentUser: "SER-1")
        let scan = try HistoryScan(store.table, request, cutoff: nil, nanosecondsMax: nanosecondsMax, open: store.open)
        var rows: [Row] = []
        while try scan.next() {
            var writer = ValueWriter(.cbor)
            scan.write(&writer)
            let row = try Value.decode(writer.bytes, .cbor)
            guard let tsp = row["tsp"]?.integer, row.dictionary?.count == request.columns.count else {
                throw Finding(text: "a row \(row)")
            }
            rows.append(Row(sequence: row["id"]?.integer ?? 0, tsp: tsp))
        }
        guard zip(rows, rows.dropFirst()).allSatisfy({ $0.tsp >= $1.tsp }),
            rows.allSatisfy({ request.start ?? .min <= $0.tsp && $0.tsp < request.end ?? .max })
        else { throw Finding(text: "rows out of order or of the range") }
        return rows
    }

    // MARK: Series

    private static func seriesDifference(_ fields: [String: Value], _ script: inout QueryScript) throws -> String? {
        var fields = fields
        fields["filterAnd"] = (fields["filterAnd"]?.list).map { .list($0.filter { !isLatest($0) }) }
        fields.merge(script.seriesFields()) { $1 }
        let request = try SeriesRequest(
            [.dictionary(fields)], store.table.schema, currentUser: "SER-1", now: QueryStore.noon + 86_400_000)
        let series = try SeriesScan.collect(
            store.table, request, cutoff: nil, nanosecondsMax: nanosecondsMax, open: store.open)
        var count: Int64 = 0
        for write in series.rowsNewestFirst() {
            var writer = ValueWriter(.cbor)
            write(&writer)
            count += try Value.decode(writer.bytes, .cbor)["COUNT:tsp"]?.integer ?? 0
        }
        let whole = fields.filter { ["timeRange", "filterAnd"].contains($0.key) }
            .merging(["limit": .integer(Int64(HistoryRequest.limitMax))]) { $1 }
        let rows = try answered(whole).count
        return Int(count) == rows ? nil : "a series of \(count) rows, a history of \(rows): \(fields)"
    }

    // MARK: The table

    private static let nanosecondsMax: Int64 = 1_000_000_000
    /// Of the one thread that libFuzzer has.
    nonisolated(unsafe) private static let store: QueryStore = {
        do { return try QueryStore() } catch { fatalError("no table to ask: \(error)") }
    }()
}

/// A table of some chunks with every kind of value, in a directory of its own.
final class QueryStore {
    /// 2026-11-21T12:00:00Z
    static let noon: Int64 = 1_795_262_400_000
    let table: Table
    private var files: [String: FileReader] = [:]

    init() throws {
        let directory = NSTemporaryDirectory() + "fuzzed-table-" + UUID().uuidString
        var schema = TableSchema(
            name: "t",
            columns: [
                Column("tsp", .timestamp), Column("n", .numeric), Column("b", .bigint), Column("s", .string),
                Column("f", .boolean), Column("t", .timestamp), Column("j", .json),
            ], entityKey: ["device_key"])
        schema.showsSequence = true
        table = Table(realm: "r", schema: schema, directory: directory, chunkMilliseconds: 600_000)
        let writer = try TableWriter(table, logger: Logger(label: "fuzz"))
        var batch = RowBatch()
        _ = try writer.write(
            Payload([.list((0..<70).map(Self.row))], serializer: .messagePack), .bulk,
            RowAuthor(role: "caller", authid: "SER-1"),
            retention: RetentionPlan(retentionMilliseconds: nil, now: Self.noon),
            into: &batch)
        try writer.commit(batch: 1)
        writer.close()
    }

    func open(_ path: String, isChunk: Bool) throws -> FileReader? {
        if let file = files[path] { return file }
        let file = isChunk ? try FileReader(chunk: path) : try FileReader(latest: path)
        files[path] = file
        return file
    }

    private static func row(_ index: Int) -> Value {
        var number = UInt64(index + 1) &* 0x9E37_79B9_7F4A_7C15
        func pick(_ choices: [Value]) -> Value {
            number = (number ^ number >> 29) &* 0xBF58_476D_1CE4_E5B9
            return choices[Int(number >> 33) % choices.count]
        }
        return [
            "tsp": .integer(noon + Int64(index) * 31_000), "DEVICE_KEY": .integer(Int64(index % 7)),
            "n": pick([nil, 0, 1, -2, 0.5, 1.25, 1_000_000_000]), "b": pick([nil, 0, 1, -7, 42, .integer(.max)]),
            "s": pick([nil, "", "a", "ab", "A", "ä", "a%b", "a_b", "a*b", "[x]", "10", "true"]),
            "f": pick([nil, true, false]), "t": pick([nil, .integer(noon), .integer(noon + 1000), 0]),
            "j": pick([
                nil, [:], [1, "1", true], ["a": 1], ["a": "x"], ["a": ["b": 2.5]], ["a": ["b": "2.5"]], ["a": nil],
                ["a": [10, 20]], 5, "text",
            ]),
        ]
    }
}

/// A request that is made of an input's bytes: nearly one that a client would send.
struct QueryScript {
    var input: InputReader

    mutating func fields() -> [String: Value] {
        var fields: [String: Value] = ["limit": input.bit() ? 10_000 : value(0)]
        if input.bit() { fields["offset"] = .integer(Int64(input.byte())) }
        if input.bit() { fields["timeRange"] = input.bit() ? .list([time(), time()]) : value(1) }
        if input.bit() { fields["columns"] = .list(names()) }
        if input.bit() { fields["columnPaths"] = .list(names()) }
        fields["filterAnd"] = filters(0)
        return fields
    }

    /// What a series has beside the rows that it is made of.
    mutating func seriesFields() -> [String: Value] {
        let methods: [Value] = ["AVG", "SUM", "COUNT", "MIN", "MAX", "FIRST", "LAST"]
        var fields: [String: Value] = ["limit": .integer(1 + Int64(input.byte()) * 39)]
        fields["timeRange"] = .list([time(), input.bit() ? time() : .null])
        let metrics = (0..<input.below(4)).map { _ -> Value in ["ref": name(), "method": input.pick(methods)] }
        fields["metrics"] = .list([["ref": "tsp", "method": "COUNT"]] + metrics)
        if input.bit() { fields["bucketMs"] = value(0) }
        if input.bit() { fields["groupBy"] = .list(names()) }
        return fields
    }

    private mutating func names() -> [Value] { (0..<input.below(4)).map { _ in name() } }

    private mutating func name() -> Value {
        input.pick([
            "n", "b", "s", "f", "t", "j", "j.a", "j.a.b", "j['a'][0]", "device_key", "authid", "tsp", "nobody",
            .string(text()),
        ])
    }

    private mutating func time() -> Value {
        switch input.below(4) {
        case 0: .null
        case 1: .integer(QueryStore.noon + Int64(input.byte()) * 10_000)
        case 2: "2026-11-21T12:10:00Z"
        default: value(0)
        }
    }

    private mutating func filters(_ depth: Int) -> Value {
        .list((0..<input.below(4)).map { _ in filter(depth) })
    }

    private mutating func filter(_ depth: Int) -> Value {
        switch input.below(depth < 3 ? 8 : 6) {
        case 0: return ["latest": true]
        case 1: return value(1)
        case 6...: return ["combinator": input.bit() ? "AND" : "OR", "filters": filters(depth + 1)]
        default: break
        }
        let operators: [Value] = [
            "=", "!=", "<>", "<", "<=", ">", ">=", "LIKE", "NOT LIKE", "ILIKE", "NOT ILIKE", "IN", "NOT IN", "IS NULL",
            "IS NOT NULL", "IS CURRENT USER",
        ]
        var fields: [String: Value] = ["column": name(), "operator": input.pick(operators), "value": value(1)]
        if input.bit() {
            fields["dataType"] = input.pick(["numeric", "bigint", "string", "boolean", "timestamp", "json"])
        }
        return .dictionary(fields)
    }

    private mutating func text() -> String { String(decoding: input.bytes(input.below(24)), as: UTF8.self) }

    /// - Parameter depth: how deep lists may be.
    private mutating func value(_ depth: Int) -> Value {
        switch input.below(depth > 0 ? 9 : 7) {
        case 0: .string(text())
        case 1: .integer(Int64(truncatingIfNeeded: input.bytes(8).reduce(0 as UInt64) { $0 << 8 | UInt64($1) }))
        case 2: .double(Double(bitPattern: input.bytes(8).reduce(0) { $0 << 8 | UInt64($1) }))
        case 3: .integer(Int64(input.byte()))
        case 4: .bool(input.bit())
        case 5: .unsigned(.max - UInt64(input.byte()))
        case 6:
            input.pick([
                "1", "a", "a%", "%b", "a_b", "a\\_b", "[x]", "*", "true", "2.5", "{\"a\": 1}", "SER-1", "\\", .null,
                0.5,
                "24.12.2026", "2026-11-21T12:00:00Z", .integer(QueryStore.noon),
            ])
        default: .list((0..<input.below(5)).map { _ in value(depth - 1) })
        }
    }
}
