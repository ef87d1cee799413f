// Conditions as SQL. Every value is bound, every name is one of the table's own. Where SQLite has no such comparison
// (values inside json, json as a whole), a function of `StoreFunctions` reads the value by the same rules as here.

import WAMP

/// Writes conditions as SQL.
enum FilterCompiler {
    /// - Parameter columns: the columns that the file has; an older file may lack some, which are NULL there.
    static func sql(_ condition: Condition, columns: Set<String>) -> SQLFragment {
        switch condition {
        case .all(let parts): joined(parts, " AND ", columns)
        case .any(let parts): joined(parts, " OR ", columns)
        case .constant(let value): SQLFragment(value ? "1" : "0")
        case .unknown: SQLFragment("NULL")
        case .isNull(let operand, let isNull):
            compare(presence(operand, columns), isNull ? " IS NULL" : " IS NOT NULL")
        case .compare(let operand, let comparison, let value):
            Self.comparison(operand, comparison, value, columns)
        case .isIn(let operand, let elements, let negated):
            isIn(operand, elements, negated, columns)
        case .like(let operand, let pattern, let ignoresCase, let negated):
            like(operand, pattern, ignoresCase, negated, columns)
        }
    }

    private static func joined(_ parts: [Condition], _ word: String, _ columns: Set<String>) -> SQLFragment {
        let fragments = parts.map { sql($0, columns: columns) }
        return SQLFragment(
            "(" + fragments.map(\.text).joined(separator: word) + ")", fragments.flatMap(\.values))
    }

    private static func compare(_ left: SQLFragment, _ rest: String, _ values: [SQLValue] = []) -> SQLFragment {
        SQLFragment("(\(left.text)\(rest))", left.values + values)
    }

    // MARK: Operands

    private static func column(_ operand: Condition.Operand, _ columns: Set<String>) -> String {
        columns.contains(operand.column) ? SQLFragment.name(operand.column) : "NULL"
    }

    /// The operand's value, read as its type; NULL when it cannot be.
    private static func value(_ operand: Condition.Operand, _ columns: Set<String>) -> SQLFragment {
        let column = column(operand, columns)
        guard !operand.path.isEmpty else { return SQLFragment(column) }
        return SQLFragment(
            "fleetdb_leaf(\(column), ?, ?)",
            [.text(JSONPath.text(operand.path)), .text(operand.dataType.rawValue)])
    }

    /// Something that is NULL exactly when there is no value at all.
    private static func presence(_ operand: Condition.Operand, _ columns: Set<String>) -> SQLFragment {
        let column = column(operand, columns)
        guard !operand.path.isEmpty else { return SQLFragment(column) }
        return SQLFragment("fleetdb_leaf(\(column), ?, 'any')", [.text(JSONPath.text(operand.path))])
    }

    // MARK: Comparisons

    private static func comparison(
        _ operand: Condition.Operand, _ comparison: Condition.Operator, _ right: ComparableValue, _ columns: Set<String>
    ) -> SQLFragment {
        let left = value(operand, columns)
        guard case .json = right else { return compare(left, " \(comparison.rawValue) ?", [right.sqlValue]) }
        let equals = SQLFragment("fleetdb_json_equal(\(left.text), ?)", left.values + [right.sqlValue])
        return comparison == .equal ? equals : SQLFragment("(NOT \(equals.text))", equals.values)
    }

    private static func isIn(
        _ operand: Condition.Operand, _ elements: [ComparableValue?], _ negated: Bool, _ columns: Set<String>
    ) -> SQLFragment {
        guard operand.dataType != .json else {
            let hits = elements.map { $0.map { Condition.compare(operand, .equal, $0) } ?? .unknown }
            let any = joined(hits, " OR ", columns)
            return negated ? SQLFragment("(NOT \(any.text))", any.values) : any
        }
        let marks = elements.map { _ in "?" }.joined(separator: ", ")
        return compare(
            value(operand, columns), " \(negated ? "NOT IN" : "IN") (\(marks))", elements.map { $0?.sqlValue ?? .null })
    }

    private static func like(
        _ operand: Condition.Operand, _ pattern: String, _ ignoresCase: Bool, _ negated: Bool, _ columns: Set<String>
    ) -> SQLFragment {
        var left = value(operand, columns)
        switch operand.dataType {
        case .bigint: left.text = "CAST(\(left.text) AS TEXT)"
        case .boolean: left.text = "CASE \(left.text) WHEN 1 THEN 'true' WHEN 0 THEN 'false' END"
        default: break
        }
        // CASE has its operand twice nowhere, so the values stay in their order.
        let call = "fleetdb_like(\(left.text), ?, \(ignoresCase ? 1 : 0))"
        return SQLFragment(negated ? "(NOT \(call))" : call, left.values + [.text(pattern)])
    }
}

/// The steps into a json column as one text, for `fleetdb_leaf`.
enum JSONPath {
    private static let separator: Character = "\u{1F}"

    static func text(_ steps: [String]) -> String { steps.joined(separator: String(separator)) }
    static func steps(_ text: String) -> [String] {
        text.split(separator: separator, omittingEmptySubsequences: false).map(String.init)
    }
}

extension ComparableValue {
    /// What is bound for it; json as its text.
    var sqlValue: SQLValue {
        switch self {
        case .integer(let value): .integer(value)
        case .real(let value): .real(value)
        case .text(let value): .text(value)
        case .json(let value): .text(String(decoding: value.encoded(.json), as: UTF8.self))
        }
    }
}
