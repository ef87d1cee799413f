// `filterAnd` as a request brings it: predicates, groups and the `latest` marker. Only the shape is checked here; what
// a column is and what its values mean is the compiler's part.

import WAMP

/// One entry of `filterAnd`, or of a group's `filters`.
indirect enum FilterNode: Sendable, Hashable {
    case predicate(Predicate)
    case group(Combinator, [FilterNode])
    /// `{"latest": true}`, and the older `{"column": "latest_flag", "value": true}`.
    case latest
    /// `latest_flag` compared with anything else: no constraint.
    case noConstraint

    enum Combinator: String, Sendable, Hashable { case and = "AND", or = "OR" }

    struct Predicate: Sendable, Hashable {
        var column: String
        var comparison: Comparison
        /// nil when the request has none, or null.
        var value: Value?
        /// How a leaf of a json column is compared; the column's own type stands above it elsewhere.
        var dataType: DataType?
    }

    enum Comparison: String, Sendable, Hashable {
        case equal = "=", unequal = "!=", unequalToo = "<>"
        case less = "<", lessOrEqual = "<=", greater = ">", greaterOrEqual = ">="
        case like = "LIKE", ilike = "ILIKE", notLike = "NOT LIKE", notILike = "NOT ILIKE"
        case isIn = "IN", isNotIn = "NOT IN"
        case isNull = "IS NULL", isNotNull = "IS NOT NULL"
        case isCurrentUser = "IS CURRENT USER"
    }
}

extension FilterNode {
    /// Filters of one request, groups counted in: enough for any form, too few to keep the planner busy.
    static let countMax = 200
    static let depthMax = 16

    /// Reads `filterAnd`; nil and null are no filter.
    static func list(_ value: Value?, path: String) throws(Refusal) -> [FilterNode] {
        guard let value, value != .null else { return [] }
        guard let entries = value.list else { throw Refusal(.runtimeError, "filterAnd: expected a list", path: path) }
        var count = 0
        return try nodes(entries, path: path, depth: 0, count: &count)
    }

    private static func nodes(
        _ entries: [Value], path: String, depth: Int, count: inout Int
    ) throws(Refusal) -> [FilterNode] {
        guard depth < depthMax else {
            throw Refusal(.invalidFilter, "groups are nested deeper than \(depthMax)", path: path)
        }
        count += entries.count
        guard count <= countMax else {
            throw Refusal(.invalidFilter, "more than \(countMax) filters", path: path)
        }
        var nodes: [FilterNode] = []
        for (index, entry) in entries.enumerated() {
            nodes.append(try node(entry, path: "\(path)[\(index)]", depth: depth, count: &count))
        }
        return nodes
    }

    private static func node(
        _ entry: Value, path: String, depth: Int, count: inout Int
    ) throws(Refusal) -> FilterNode {
        guard let fields = entry.dictionary?.filter({ $0.value != .null }) else {
            throw Refusal(.runtimeError, "filterAnd: expected a predicate, a group or {\"latest\": true}", path: path)
        }
        if fields["latest"] == true { return .latest }
        let isGroup = fields["combinator"] != nil || fields["filters"] != nil
        guard !isGroup || (fields["column"] == nil && fields["operator"] == nil) else {
            throw Refusal(
                .invalidFilter, "a filter is both a group and a predicate; send one of them", path: path)
        }
        guard isGroup else { return try predicate(fields, path: path) }
        guard let combinator = fields["combinator"]?.string.flatMap(Combinator.init(rawValue:)) else {
            throw Refusal(.runtimeError, "combinator: expected AND or OR", path: path + ".combinator")
        }
        guard let filters = fields["filters"]?.list else {
            throw Refusal(.runtimeError, "filters: expected a list", path: path + ".filters")
        }
        return .group(combinator, try nodes(filters, path: path + ".filters", depth: depth + 1, count: &count))
    }

    private static func predicate(_ fields: [String: Value], path: String) throws(Refusal) -> FilterNode {
        guard let column = fields["column"]?.string else {
            throw Refusal(.runtimeError, "column: expected a string", path: path + ".column")
        }
        if column == "latest_flag" {
            return [true, 1, "true", "1"].contains(fields["value"] ?? .null) ? .latest : .noConstraint
        }
        guard let comparison = fields["operator"]?.string.flatMap(Comparison.init(rawValue:)) else {
            throw Refusal(.runtimeError, "operator: expected one of = != <> < <= > >= LIKE … IS NOT NULL", path: path)
        }
        if let value = fields["value"], !isComparable(value) {
            throw Refusal(
                .runtimeError, "value: expected a string, number, boolean or a list of them", path: path + ".value")
        }
        return .predicate(
            Predicate(
                column: column, comparison: comparison, value: fields["value"],
                dataType: fields["dataType"]?.string.flatMap(DataType.init(rawValue:))))
    }

    private static func isComparable(_ value: Value) -> Bool {
        switch value {
        case .bool, .integer, .unsigned, .double, .string: true
        case .list(let elements): elements.allSatisfy { $0.list == nil && isComparable($0) }
        case .null, .bytes, .dictionary: false
        }
    }
}
