import ModuleKit
import Testing
import WAMP

@testable import FleetDB

/// Random rows and random requests: what the store answers is what a model answers that looks at one row after the
/// other and knows nothing of SQL.
@Suite struct FilterPropertyTests {
    static let columns: [(String, String)] = [
        ("n", "numeric"), ("b", "bigint"), ("s", "string"), ("f", "boolean"), ("t", "timestamp"), ("j", "json"),
    ]

    @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
    func `history answers what a look at every row answers`(seed: UInt64) async throws {
        var random = SplitMix(seed: seed)
        let room = FleetRoom()
        try await room.start(template(Self.columns, with: ["chunkTimeInterval": "10 minutes"]))
        var rows: [ModelRow] = []
        for batch in 0..<6 {
            let bulk = (0..<60).map { _ in ModelRow(at: FleetRoom.noon, using: &random) }
            _ = try await room.appendBulk(
                "sensordata", bulk.map(\.written), serializer: Serializer.allCases[batch % 3])
            rows += bulk
        }
        for _ in 0..<150 {
            var request = FilterModel.request(using: &random, around: FleetRoom.noon)
            request["limit"] = [1, 5, 50, 10_000].randomElement(using: &random)
            request["offset"] = [0, 0, 3, 40].randomElement(using: &random)
            let answer = try await room.history("sensordata", request)
            let expected = FilterModel.answer(request, rows)
            let isRight = answer == expected
            let difference = zip(answer, expected).first { $0 != $1 }
            #expect(isRight, "\(answer.count) for \(expected.count) rows, first \(difference as Any), of \(request)")
        }
    }
}

/// A row as it is written, and as it must come back.
struct ModelRow: Sendable {
    var written: Value
    var stored: [String: Value]

    init(at noon: Int64, using random: inout SplitMix) {
        let tsp = noon + Int64.random(in: -1_800_000..<1_800_000, using: &random) / 1000 * 1000
        var values: [String: Value] = [:]
        func put(_ id: String, _ choices: [Value?]) {
            if let value = choices.randomElement(using: &random) ?? nil { values[id] = value }
        }
        put("n", [nil, .null, 0, 1, -2, 0.5, 1.25, 1_000_000_000])
        put("b", [nil, .null, 0, 1, -7, 42, .integer(.max)])
        put("s", [nil, .null, "", "a", "ab", "A", "ä", "a%b", "a_b", "a*b", "[x]", "10", "true"])
        put("f", [nil, .null, true, false])
        put("t", [nil, .null, .integer(noon), .integer(noon + 1000), 0])
        put(
            "j",
            [
                nil, .null, [:], [1, "1", true], ["a": 1], ["a": "x"], ["a": ["b": 2.5]], ["a": ["b": "2.5"]],
                ["a": nil],
                ["a": [10, 20]], 5, "text",
            ])
        let device = Int64.random(in: 0..<4, using: &random)
        written = .dictionary(values.merging(["tsp": .integer(tsp), "DEVICE_KEY": .integer(device)]) { $1 })
        stored = values
        for id in FilterPropertyTests.columns.map(\.0) where stored[id] == nil { stored[id] = .null }
        stored["tsp"] = .integer(tsp)
        stored["device_key"] = .integer(device)
        stored["authid"] = "SER-1"
    }
}

/// The contract of `history.transformed`, one row at a time.
enum FilterModel {
    // MARK: Requests

    static func request(using random: inout SplitMix, around noon: Int64) -> [String: Value] {
        var request: [String: Value] = [:]
        let filters = (0..<Int.random(in: 0...3, using: &random)).map { _ in filter(using: &random, noon, depth: 0) }
        request["filterAnd"] = .list(filters)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: request["timeRange"] = [.integer(noon - 600_000), .integer(noon + 300_500)]
        case 1: request["timeRange"] = ["2026-11-21T11:50:00Z", nil]
        default: break
        }
        return request
    }

    private static func filter(using random: inout SplitMix, _ noon: Int64, depth: Int) -> Value {
        if depth < 2, Int.random(in: 0..<4, using: &random) == 0 {
            let children = (0..<Int.random(in: 1...3, using: &random)).map { _ in
                filter(using: &random, noon, depth: depth + 1)
            }
            return ["combinator": Bool.random(using: &random) ? "AND" : "OR", "filters": .list(children)]
        }
        let columns = [
            "n", "b", "s", "f", "t", "j", "j.a", "j.a.b", "j['a'][0]", "device_key", "authid", "tsp", "nobody",
        ]
        let operators = [
            "=", "!=", "<>", "<", "<=", ">", ">=", "LIKE", "NOT LIKE", "ILIKE", "NOT ILIKE", "IN", "NOT IN", "IS NULL",
            "IS NOT NULL",
        ]
        let values: [Value] = [
            0, 1, -2, 0.5, "1", "a", "A", "a%", "%b", "a_b", "a\\_b", "[x]", "*", "true", "false", "ä", true, false,
            2.5,
            "2.5", .integer(noon), "2026-11-21T12:00:00Z", "10", "{\"a\": 1}", "SER-1", "\\",
        ]
        let column = columns.randomElement(using: &random) ?? "n"
        let comparison = operators.randomElement(using: &random) ?? "="
        var fields: [String: Value] = ["column": .string(column), "operator": .string(comparison)]
        if comparison.hasSuffix("IN") {
            fields["value"] = .list(
                (0..<Int.random(in: 0...3, using: &random)).compactMap { _ in values.randomElement(using: &random) })
        } else if !comparison.hasPrefix("IS") {
            fields["value"] = values.randomElement(using: &random)
        }
        return .dictionary(fields)
    }

    // MARK: Answers

    static func answer(_ request: [String: Value], _ rows: [ModelRow]) -> [Value] {
        let range = request["timeRange"]?.list ?? [nil, nil]
        let start = range[0].integer ?? range[0].string.flatMap(Timestamp.parse) ?? .min
        let end = range[1].integer ?? .max
        let filters = request["filterAnd"]?.list ?? []
        let kept = rows.enumerated().filter { _, row in
            let tsp = row.stored["tsp"]?.integer ?? 0
            return tsp >= start && tsp < end && filters.allSatisfy { truth($0, row.stored) ?? .true == .true }
        }
        let newest = kept.sorted { left, right in
            let (a, b) = (left.element.stored["tsp"]?.integer ?? 0, right.element.stored["tsp"]?.integer ?? 0)
            return (a, left.offset) > (b, right.offset)
        }
        let offset = Int(request["offset"]?.integer ?? 0)
        let limit = Int(request["limit"]?.integer ?? 0)
        return newest.dropFirst(offset).prefix(limit).reversed().map { .dictionary($0.element.stored) }
    }

    enum Truth { case `true`, `false`, unknown }

    /// nil when the filter constrains nothing.
    static func truth(_ filter: Value, _ row: [String: Value]) -> Truth? {
        if let children = filter["filters"]?.list {
            let truths = children.compactMap { truth($0, row) }
            guard !truths.isEmpty else { return nil }
            if filter["combinator"] == "OR" {
                return truths.contains(.true) ? .true : truths.contains(.unknown) ? .unknown : .false
            }
            return truths.contains(.false) ? .false : truths.contains(.unknown) ? .unknown : .true
        }
        let reference = ColumnReference(filter["column"]?.string ?? "")
        let types = Dictionary(
            uniqueKeysWithValues: FilterPropertyTests.columns + [
                ("device_key", "bigint"), ("authid", "string"), ("tsp", "timestamp"),
            ])
        guard var type = types[reference.column].flatMap(DataType.init(rawValue:)) else { return nil }
        if !reference.path.isEmpty, type == .json { type = ComparableValue.inferredType(filter["value"]) }
        var value = row[reference.column] ?? .null
        for step in type == .json && reference.path.isEmpty ? [] : reference.path
        where types[reference.column] == "json" {
            value =
                value[step] ?? value.list.flatMap { list in
                    Int(step).flatMap { list.indices.contains($0) ? list[$0] : nil }
                } ?? .null
        }
        return compare(value, filter["operator"]?.string ?? "", filter["value"], type)
    }

    private static func compare(_ left: Value, _ comparison: String, _ right: Value?, _ type: DataType) -> Truth? {
        switch comparison {
        case "IS NULL": return left == .null ? .true : .false
        case "IS NOT NULL": return left == .null ? .false : .true
        case "LIKE", "NOT LIKE", "ILIKE", "NOT ILIKE": return like(left, comparison, right, type)
        case "IN", "NOT IN":
            let elements = right?.list ?? []
            if elements.isEmpty { return comparison == "IN" ? .false : .true }
            if type == .numeric || type == .bigint, elements.contains(where: { ComparableValue($0, as: type) == nil }) {
                return nil
            }
            guard left != .null else { return .unknown }
            let truths = elements.map { equal(left, $0, type) }
            let hit: Truth = truths.contains(.true) ? .true : truths.contains(.unknown) ? .unknown : .false
            return comparison == "IN" ? hit : not(hit)
        default:
            guard ComparableValue(right, as: type) != nil else {
                return type == .numeric || type == .bigint ? nil : .unknown
            }
            if comparison == "=" { return equal(left, right, type) }
            if comparison == "!=" || comparison == "<>" { return not(equal(left, right, type)) }
            guard let a = ComparableValue(left, as: type), let b = ComparableValue(right, as: type),
                let order = order(a, b)
            else { return .unknown }
            switch comparison {
            case "<": return order < 0 ? .true : .false
            case "<=": return order <= 0 ? .true : .false
            case ">": return order > 0 ? .true : .false
            default: return order >= 0 ? .true : .false
            }
        }
    }

    private static func not(_ truth: Truth) -> Truth {
        switch truth {
        case .true: .false
        case .false: .true
        case .unknown: .unknown
        }
    }

    private static func equal(_ left: Value, _ right: Value?, _ type: DataType) -> Truth {
        if type == .json, case .json(let json)? = ComparableValue(right, as: .json) {
            return left == .null ? .unknown : left.isSameJSON(as: json) ? .true : .false
        }
        guard let a = ComparableValue(left, as: type), let b = ComparableValue(right, as: type) else { return .unknown }
        return order(a, b) == 0 ? .true : .false
    }

    private static func order(_ a: ComparableValue, _ b: ComparableValue) -> Int? {
        switch (a, b) {
        case (.text(let x), .text(let y)):
            let (x, y) = (Array(x.utf8), Array(y.utf8))
            return x == y ? 0 : x.lexicographicallyPrecedes(y) ? -1 : 1
        case (.integer(let x), .integer(let y)): return x == y ? 0 : x < y ? -1 : 1
        case (.integer(let x), .real(let y)): return Double(x) == y ? 0 : Double(x) < y ? -1 : 1
        case (.real(let x), .integer(let y)): return x == Double(y) ? 0 : x < Double(y) ? -1 : 1
        case (.real(let x), .real(let y)): return x == y ? 0 : x < y ? -1 : 1
        default: return nil
        }
    }

    private static func like(_ left: Value, _ comparison: String, _ right: Value?, _ type: DataType) -> Truth {
        guard [.string, .bigint, .boolean].contains(type), let pattern = right.flatMap(ComparableValue.scalarText)
        else {
            return .unknown
        }
        let text: String
        switch (type, ComparableValue(left, as: type)) {
        case (.string, .text(let value)): text = value
        case (.bigint, .integer(let value)): text = String(value)
        case (.boolean, .integer(let value)): text = value == 1 ? "true" : "false"
        default: return .unknown
        }
        let ignoresCase = comparison.hasSuffix("ILIKE")
        func fold(_ text: String) -> [Unicode.Scalar] { Array((ignoresCase ? text.lowercased() : text).unicodeScalars) }
        guard let hit = matches(fold(pattern)[...], fold(text)[...]) else { return .unknown }
        return hit != comparison.hasPrefix("NOT") ? .true : .false
    }

    /// nil when the pattern ends with its escape.
    private static func matches(_ pattern: ArraySlice<Unicode.Scalar>, _ text: ArraySlice<Unicode.Scalar>) -> Bool? {
        guard pattern.reversed().prefix(while: { $0 == "\\" }).count % 2 == 0 else { return nil }
        func match(_ p: ArraySlice<Unicode.Scalar>, _ t: ArraySlice<Unicode.Scalar>) -> Bool {
            guard let first = p.first else { return t.isEmpty }
            switch first {
            case "%": return (0...t.count).contains { match(p.dropFirst(), t.dropFirst($0)) }
            case "_": return !t.isEmpty && match(p.dropFirst(), t.dropFirst())
            case "\\": return t.first == p.dropFirst().first && match(p.dropFirst(2), t.dropFirst())
            default: return t.first == first && match(p.dropFirst(), t.dropFirst())
            }
        }
        return match(pattern, text)
    }
}
