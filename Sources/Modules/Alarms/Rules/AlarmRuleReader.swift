// A rule as an engineer writes it:
//
//     name: Boiler too hot
//     table: sensordata
//     message: "Boiler has {temperature} °C"        # optional
//     auto_resolve: false                           # default true; false is latched: stays until it is reset
//     on_delay: 5s                                  # default 0s
//     off_delay: 30s                                # default 0s
//     enabled: true                                 # default true
//     severities:
//       critical:                                   # the filters of a list must all match
//         - { column: temperature, operator: ">", value: 95, deadband: 2 }
//       major:
//         - combinator: OR
//           filters:
//             - { column: temperature, operator: ">", value: 85, deadband: 2 }
//             - { column: status, operator: IN, value: [hot, failing] }
//
// The reader is pure and stops at the first mistake, which it names by line, key and reason.

package import WAMP
import ModuleKit

/// Reads and checks rules.
package struct AlarmRuleReader: Sendable {
    static let nameCharactersMax = 100
    static let delayMax = Duration.seconds(24 * 3600)
    static let filterCountMax = 100
    static let groupDepthMax = 8

    /// The tables that the rule can watch; nil when nobody knows them, and then any table will do.
    let catalog: TableCatalog?

    package init(catalog: TableCatalog?) { self.catalog = catalog }

    /// A rule file: one rule, or a list of them.
    package func rules(yaml text: String) throws(AlarmRuleError) -> [AlarmRule] {
        let root = try RuleNode.compose(yaml: text)
        guard case .list(let nodes) = root.content else { return [try rule(root)] }
        var rules: [AlarmRule] = []
        for (index, node) in nodes.enumerated() { rules.append(try rule(node, at: "[\(index)]")) }
        return rules
    }

    /// A decoded rule.
    package func rule(_ value: Value) throws(AlarmRuleError) -> AlarmRule { try rule(RuleNode(value)) }

    private func rule(_ node: RuleNode, at path: String = "") throws(AlarmRuleError) -> AlarmRule {
        let keys = [
            "name", "table", "message", "auto_resolve", "on_delay", "off_delay", "enabled", "severities",
        ]
        let fields = try RuleFields(node, at: path, allowing: keys)
        let name = try fields.text("name", lengthMax: Self.nameCharactersMax)
        let table = try fields.text("table", lengthMax: 255)
        let columns = try columns(of: table, fields)
        let message = try message(fields, columns)
        return AlarmRule(
            name: name, table: table, conditions: try severities(fields, columns),
            resolvesByItself: try fields.bool("auto_resolve", default: true),
            delay: ConditionDelay(
                on: try fields.duration("on_delay", max: Self.delayMax),
                off: try fields.duration("off_delay", max: Self.delayMax)),
            isEnabled: try fields.bool("enabled", default: true), message: message)
    }

    private func columns(of table: String, _ fields: RuleFields) throws(AlarmRuleError) -> [String]? {
        guard let catalog else { return nil }
        if let columns = catalog.columns[table] {
            return columns + TableCatalog.rowColumns.filter { !columns.contains($0) }
        }
        let known = catalog.columns.keys.sorted().joined(separator: ", ")
        throw fields.error("table", "the app has no table \(table.debugDescription); it has \(known)")
    }

    private func message(_ fields: RuleFields, _ columns: [String]?) throws(AlarmRuleError) -> MessageTemplate? {
        guard fields.has("message") else { return nil }
        let text = try fields.text("message", lengthMax: 500)
        do {
            let message = try MessageTemplate(text)
            for column in message.columns { try check(column, columns) { fields.error("message", $0) } }
            return message
        } catch let error as AlarmRuleError {
            throw error
        } catch let error as MessageTemplate.NoColumn {
            throw fields.error("message", "expected a column between { and }, found \(error.text.debugDescription)")
        } catch {
            throw fields.error("message", "not readable")
        }
    }

    private func check(
        _ column: ColumnPath, _ columns: [String]?, _ error: (String) -> AlarmRuleError
    ) throws(AlarmRuleError) {
        guard let columns, !columns.contains(column.column) else { return }
        let known = columns.joined(separator: ", ")
        throw error("the table has no column \(column.column.debugDescription); it has \(known)")
    }

    // MARK: Conditions

    private func severities(
        _ fields: RuleFields, _ columns: [String]?
    ) throws(AlarmRuleError) -> [Severity: AlarmCondition] {
        let names = Severity.worstFirst.map(\.name)
        let severities = try RuleFields(fields.node("severities"), at: fields.path("severities"), allowing: names)
        var conditions: [Severity: AlarmCondition] = [:]
        var budget = Self.filterCountMax
        for severity in Severity.worstFirst where severities.has(severity.name) {
            let node = try severities.node(severity.name)
            let path = severities.path(severity.name)
            conditions[severity] = try filters(node, at: path, columns, depth: 0, budget: &budget)
        }
        guard !conditions.isEmpty else {
            throw fields.error("severities", "expected at least one of \(names.joined(separator: ", "))")
        }
        return conditions
    }

    /// A list, all of which must match, or a single filter.
    private func filters(
        _ node: RuleNode, at path: String, _ columns: [String]?, depth: Int, budget: inout Int
    ) throws(AlarmRuleError) -> AlarmCondition {
        guard case .list(let nodes) = node.content else {
            return try filter(node, at: path, columns, depth: depth, budget: &budget)
        }
        let conditions = try list(nodes, of: node, at: path, columns, depth: depth, budget: &budget)
        return conditions.count == 1 ? conditions[0] : .all(conditions)
    }

    private func list(
        _ nodes: [RuleNode], of node: RuleNode, at path: String, _ columns: [String]?, depth: Int, budget: inout Int
    ) throws(AlarmRuleError) -> [AlarmCondition] {
        guard !nodes.isEmpty else {
            throw AlarmRuleError(line: node.line, key: path, reason: "expected at least one filter")
        }
        var conditions: [AlarmCondition] = []
        for (index, node) in nodes.enumerated() {
            let path = "\(path)[\(index)]"
            conditions.append(try filter(node, at: path, columns, depth: depth, budget: &budget))
        }
        return conditions
    }

    private func filter(
        _ node: RuleNode, at path: String, _ columns: [String]?, depth: Int, budget: inout Int
    ) throws(AlarmRuleError) -> AlarmCondition {
        budget -= 1
        guard budget >= 0, depth < Self.groupDepthMax else {
            let bounds = "\(Self.filterCountMax) filters, \(Self.groupDepthMax) deep"
            throw AlarmRuleError(line: node.line, key: path, reason: "expected at most \(bounds)")
        }
        guard case .mapping(let entries) = node.content, entries.contains(where: { $0.key == "filters" }) else {
            return .predicate(try predicate(node, at: path, columns))
        }
        let group = try RuleFields(node, at: path, allowing: ["combinator", "filters"])
        let combinator = try group.text("combinator", oneOf: ["AND", "OR"])
        let filters = try group.node("filters")
        guard case .list(let nodes) = filters.content else {
            throw group.error("filters", "expected a list, found \(filters.found)")
        }
        let path = group.path("filters")
        let conditions = try list(nodes, of: filters, at: path, columns, depth: depth + 1, budget: &budget)
        if conditions.count == 1 { return conditions[0] }
        return combinator == "AND" ? .all(conditions) : .any(conditions)
    }

    private func predicate(
        _ node: RuleNode, at path: String, _ columns: [String]?
    ) throws(AlarmRuleError) -> Predicate {
        // `dataType` is the vendor's filter editor's; the row says its types itself.
        let fields = try RuleFields(
            node, at: path, allowing: ["column", "operator", "value", "deadband", "dataType"])
        guard let column = ColumnPath(try fields.text("column", lengthMax: 255)) else {
            throw fields.error("column", "expected a column, or a path like json.key or json['key'][0]")
        }
        try check(column, columns) { fields.error("column", $0) }
        let spelled = FilterOperator.allCases.map(\.rawValue)
        let word = try fields.text("operator", oneOf: spelled)
        guard let `operator` = FilterOperator(rawValue: word) else {
            throw fields.error("operator", "unknown")
        }
        let value = try OperandReader(fields).value(for: `operator`)
        var deadband = 0.0
        if fields.has("deadband") {
            guard `operator`.hasThreshold, value.double != nil else {
                throw fields.error("deadband", "only <, <=, > and >= with a number have a deadband")
            }
            deadband = try fields.number("deadband", atLeast: 0)
        }
        return Predicate(column, `operator`, value, deadband: deadband)
    }
}

/// Reads the `value` of a filter: which kind it must have depends on the operator.
private struct OperandReader {
    let fields: RuleFields
    init(_ fields: RuleFields) { self.fields = fields }

    func value(for operator: FilterOperator) throws(AlarmRuleError) -> Value {
        switch `operator` {
        case .isNull, .isNotNull:
            guard !fields.has("value") else { throw fields.error("value", "\(`operator`.rawValue) takes none") }
            return .null
        case .in, .notIn:
            let node = try fields.node("value")
            guard case .list(let elements) = node.content, !elements.isEmpty, elements.count <= 1000 else {
                throw fields.error("value", "expected a list of 1 to 1000 values, found \(node.found)")
            }
            var values: [Value] = []
            for element in elements { values.append(try scalar(element)) }
            return .list(values)
        case .like, .notLike, .ilike, .notIlike:
            return .string(try fields.text("value", lengthMax: 255))
        case .equal, .notEqual, .unequal, .less, .lessOrEqual, .greater, .greaterOrEqual:
            return try scalar(try fields.node("value"))
        }
    }

    private func scalar(_ node: RuleNode) throws(AlarmRuleError) -> Value {
        switch node.content {
        case .scalar(.null):
            throw AlarmRuleError(
                line: node.line, key: fields.path("value"),
                reason: "nothing compares with NULL: use IS NULL or IS NOT NULL")
        case .scalar(.double(let number)) where !number.isFinite: break
        case .scalar(.bytes): break
        case .scalar(let value): return value
        case .list, .mapping: break
        }
        throw AlarmRuleError(
            line: node.line, key: fields.path("value"),
            reason: "expected a number, a text, true or false, found \(node.found)")
    }
}
