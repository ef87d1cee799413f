package import WAMP
import ModuleKit

extension AlarmRule {
    /// The rule as it is written, every key with its value: what the reader has read, it reads again.
    package var value: Value {
        var fields: [String: Value] = [
            "name": .string(name),
            "table": .string(table),
            "auto_resolve": .bool(resolvesByItself),
            "on_delay": .string(Quantity.text(delay.on)),
            "off_delay": .string(Quantity.text(delay.off)),
            "enabled": .bool(isEnabled),
            "message": message.map { .string($0.text) } ?? .null,
        ]
        let severities = conditions.map { ($0.key.name, $0.value.listed) }
        fields["severities"] = .dictionary(Dictionary(severities, uniquingKeysWith: { $1 }))
        return .dictionary(fields)
    }
}

extension AlarmCondition {
    /// As the filters of a severity: a list, all of which must match.
    fileprivate var listed: Value {
        if case .all(let conditions) = self { return .list(conditions.map(\.value)) }
        return .list([value])
    }

    private var value: Value {
        switch self {
        case .predicate(let predicate): predicate.filter
        case .all(let conditions): ["combinator": "AND", "filters": .list(conditions.map(\.value))]
        case .any(let conditions): ["combinator": "OR", "filters": .list(conditions.map(\.value))]
        }
    }
}

extension Predicate {
    fileprivate var filter: Value {
        var fields: [String: Value] = ["column": .string(column.text), "operator": .string(`operator`.rawValue)]
        if value != .null { fields["value"] = value }
        if deadband != 0 { fields["deadband"] = .double(deadband) }
        return .dictionary(fields)
    }
}
