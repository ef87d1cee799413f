// What `history.transformed.<table>` is asked: checked, with human reasons, and compiled against the table.

import WAMP

/// One request for rows.
struct HistoryRequest: Sendable, Hashable {
    /// The most rows of one answer; the vendor's limit.
    static let limitMax = 10_000

    var limit: Int
    var offset: Int
    /// In milliseconds, the start included.
    var start: Int64?
    /// In milliseconds, excluded.
    var end: Int64?
    var condition: Condition?
    /// Only the newest row of each entity, or the newest row of all where there are no entities.
    var wantsLatest: Bool
    /// What each row of the answer has, in this order.
    var columns: [OutputColumn]
}

/// A column of an answer.
struct OutputColumn: Sendable, Hashable {
    var id: String
    var dataType: DataType
    /// Shows the row's sequence rather than a stored column.
    var isSequence = false
    /// Only these parts of a json column; nil for all of it.
    var parts: JSONParts?
}

extension HistoryRequest {
    /// Reads the one argument of the call. null counts as absent everywhere, as the older clients need.
    init(_ arguments: [Value], _ schema: TableSchema, currentUser: String?) throws(Refusal) {
        guard arguments.count == 1, let fields = arguments[0].dictionary?.filter({ $0.value != .null }) else {
            throw Refusal(
                .runtimeError, "expected one dictionary: {limit, offset?, timeRange?, filterAnd?, columns?}",
                path: "$input")
        }
        limit = try Self.count(fields["limit"], "limit", max: Self.limitMax)
        offset =
            try fields["offset"].map { offset throws(Refusal) in
                try Self.count(offset, "offset", max: Int(UInt32.max))
            } ?? 0
        (start, end) = try TimeRange.read(fields["timeRange"])
        let nodes = try FilterNode.list(fields["filterAnd"], path: "$input[0].filterAnd")
        wantsLatest = nodes.contains(.latest)
        condition = try Condition.compile(nodes.filter { $0 != .latest }, schema, currentUser: currentUser)
        let asked = try Self.strings(fields["columns"], "columns").filter { !$0.isBlank && $0 != "latest_flag" }
        let paths = try Self.strings(fields["columnPaths"], "columnPaths").filter { !$0.isBlank }
        columns = try Self.columns(asked, paths, schema, wantsLatest: wantsLatest)
        if wantsLatest, !schema.keepsLatest {
            limit = min(limit, 1)
            offset = 0
        }
    }

    private static func count(_ value: Value?, _ name: String, max: Int) throws(Refusal) -> Int {
        guard let count = value?.integer, count >= 0, count <= max else {
            throw Refusal(.runtimeError, "\(name): expected a whole number from 0 to \(max)", path: "$input[0].\(name)")
        }
        return Int(count)
    }

    private static func strings(_ value: Value?, _ name: String) throws(Refusal) -> [String] {
        guard let value else { return [] }
        guard let list = value.list, case let strings = list.compactMap(\.string), strings.count == list.count else {
            throw Refusal(.runtimeError, "\(name): expected a list of strings", path: "$input[0].\(name)")
        }
        return strings
    }

    /// All columns, or those that are asked for and always `tsp`, `device_key` and `authid`.
    private static func columns(
        _ asked: [String], _ paths: [String], _ schema: TableSchema, wantsLatest: Bool
    ) throws(Refusal) -> [OutputColumn] {
        var ids = asked
        if asked.isEmpty {
            ids = (schema.showsSequence ? ["id"] : []) + schema.storedColumns.map(\.id)
        } else {
            ids += ["tsp", "device_key", "authid"] + (wantsLatest ? schema.entityKey : [])
        }
        let parts = JSONParts.trees(paths)
        var columns: [OutputColumn] = []
        for id in ids where !columns.contains(where: { $0.id == id }) {
            if id == "id", schema.showsSequence {
                columns.append(OutputColumn(id: id, dataType: .bigint, isSequence: true))
                continue
            }
            guard let column = schema.column(id) else {
                throw Refusal(
                    .runtimeError, "columns: \(schema.name) has no column \"\(id.prefix(64))\"",
                    path: "$input[0].columns")
            }
            var output = OutputColumn(id: id, dataType: column.dataType)
            let isKey = wantsLatest && schema.entityKey.contains(id)
            if column.dataType == .json, asked.contains(id), !isKey { output.parts = parts[id] ?? nil }
            columns.append(output)
        }
        return columns
    }
}

/// `timeRange`: `[start, end)`, each a number of milliseconds, an ISO 8601 text or null.
enum TimeRange {
    static func read(_ value: Value?) throws(Refusal) -> (start: Int64?, end: Int64?) {
        guard let value, value != .null else { return (nil, nil) }
        guard let bounds = value.list, bounds.count == 2 else {
            throw Refusal(.runtimeError, "timeRange: expected [start, end]", path: "$input[0].timeRange")
        }
        return (try bound(bounds[0]), try bound(bounds[1]))
    }

    /// A bound between two milliseconds counts as the later one: a row has whole milliseconds.
    private static func bound(_ value: Value) throws(Refusal) -> Int64? {
        switch value {
        case .null: return nil
        case .integer(let integer): return integer
        case .double(let double):
            if let integer = Int64(exactly: double.rounded(.up)) { return integer }
        case .string(let text):
            if let milliseconds = Timestamp.parse(text) { return milliseconds }
        default: break
        }
        throw Refusal(
            .runtimeError, "timeRange: expected milliseconds since 1970, an ISO 8601 text or null",
            path: "$input[0].timeRange")
    }
}

/// The parts of a json column that an answer has: keys, and below them more keys or everything.
indirect enum JSONParts: Sendable, Hashable {
    case whole
    case keys([String: JSONParts])

    private static let keysMax = 50

    /// What `columnPaths` asks for, by column; a column that is named whole is whole.
    static func trees(_ paths: [String]) -> [String: JSONParts?] {
        var trees: [String: JSONParts?] = [:]
        for path in paths {
            let reference = ColumnReference(path)
            if reference.path.isEmpty {
                trees[reference.column] = .some(nil)
            } else if case .some(nil) = trees[reference.column] {
                continue
            } else {
                let tree = (trees[reference.column] ?? nil) ?? .keys([:])
                trees[reference.column] = tree.adding(reference.path[...])
            }
        }
        return trees.mapValues { tree in tree.flatMap { $0.isTooWide ? nil : $0 } }
    }

    private func adding(_ path: ArraySlice<String>) -> JSONParts {
        guard case .keys(var keys) = self, let key = path.first else { return .whole }
        keys[key] = path.count == 1 ? .whole : (keys[key] ?? .keys([:])).adding(path.dropFirst())
        return .keys(keys)
    }

    private var isTooWide: Bool {
        guard case .keys(let keys) = self else { return false }
        return keys.count > Self.keysMax || keys.values.contains(where: \.isTooWide)
    }

    /// The asked keys and nothing else; a key that is not there is null.
    func pruned(_ value: Value) -> Value {
        guard case .keys(let keys) = self else { return value }
        return .dictionary(
            Dictionary(uniqueKeysWithValues: keys.map { key, parts in (key, parts.pruned(value[key] ?? .null)) }))
    }
}

extension String {
    fileprivate var isBlank: Bool { allSatisfy(\.isWhitespace) }
}
