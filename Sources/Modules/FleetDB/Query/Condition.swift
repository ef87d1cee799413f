// A request's filters, checked against the table: every column is there, every value is read as its column's type.
// What does not constrain anything is gone. SQL's own three-valued logic does the rest.

import WAMP

/// A filter that is ready to become SQL.
indirect enum Condition: Sendable, Hashable {
    case all([Condition])
    case any([Condition])
    case constant(Bool)
    /// Neither true nor false, whatever the row: a comparison with something that cannot be read as the type.
    case unknown
    case isNull(Operand, Bool)
    case compare(Operand, Operator, ComparableValue)
    /// nil stands for an element that cannot be read as the type.
    case isIn(Operand, [ComparableValue?], negated: Bool)
    case like(Operand, pattern: String, ignoresCase: Bool, negated: Bool)

    enum Operator: String, Sendable, Hashable {
        case equal = "=", unequal = "<>", less = "<", lessOrEqual = "<=", greater = ">", greaterOrEqual = ">="
    }

    /// What is compared: a column, or a value inside a json column.
    struct Operand: Sendable, Hashable {
        var column: String
        /// Empty for the column itself.
        var path: [String] = []
        /// How its values are read.
        var dataType: DataType
    }
}

extension Condition {
    /// The longest pattern of LIKE, in bytes, and the most `%` in it: matching time grows with their product.
    static let patternBytesMax = 512
    static let wildcardsMax = 16

    /// Checks filters against a table.
    ///
    /// - Parameter currentUser: the authid that `IS CURRENT USER` means.
    /// - Returns: nil when nothing is left that constrains.
    static func compile(
        _ nodes: [FilterNode], _ schema: TableSchema, currentUser: String?
    ) throws(Refusal) -> Condition? {
        let parts = try conditions(nodes, schema, currentUser)
        return parts.isEmpty ? nil : parts.count == 1 ? parts[0] : .all(parts)
    }

    private static func conditions(
        _ nodes: [FilterNode], _ schema: TableSchema, _ currentUser: String?
    ) throws(Refusal) -> [Condition] {
        var conditions: [Condition] = []
        for node in nodes {
            switch node {
            case .noConstraint: break
            // Top-level markers choose what is read and are taken out before; inside a group one is simply true.
            case .latest: conditions.append(.constant(true))
            case .group(let combinator, let children):
                let parts = try self.conditions(children, schema, currentUser)
                guard !parts.isEmpty else { continue }
                conditions.append(combinator == .and ? .all(parts) : .any(parts))
            case .predicate(let predicate):
                if let condition = try condition(predicate, schema, currentUser) { conditions.append(condition) }
            }
        }
        return conditions
    }

    /// nil drops the predicate: an unknown column, or a number that is none, constrains nothing (the vendor's rule).
    private static func condition(
        _ predicate: FilterNode.Predicate, _ schema: TableSchema, _ currentUser: String?
    ) throws(Refusal) -> Condition? {
        let reference = ColumnReference(predicate.column)
        guard let column = schema.column(reference.column) else { return nil }
        var operand = Operand(column: column.id, dataType: column.dataType)
        if !reference.path.isEmpty, column.dataType == .json {
            operand.path = reference.path
            let asked = predicate.dataType == .json ? nil : predicate.dataType
            operand.dataType = asked ?? ComparableValue.inferredType(predicate.value)
        }
        let value = predicate.value
        switch predicate.comparison {
        case .isNull: return .isNull(operand, true)
        case .isNotNull: return .isNull(operand, false)
        case .like: return try like(operand, value, ignoresCase: false, negated: false)
        case .notLike: return try like(operand, value, ignoresCase: false, negated: true)
        case .ilike: return try like(operand, value, ignoresCase: true, negated: false)
        case .notILike: return try like(operand, value, ignoresCase: true, negated: true)
        case .isIn: return isIn(operand, value, negated: false)
        case .isNotIn: return isIn(operand, value, negated: true)
        case .isCurrentUser: return compare(operand, .equal, currentUser.map(Value.string))
        case .equal: return compare(operand, .equal, value)
        case .unequal, .unequalToo: return compare(operand, .unequal, value)
        case .less: return compare(operand, .less, value)
        case .lessOrEqual: return compare(operand, .lessOrEqual, value)
        case .greater: return compare(operand, .greater, value)
        case .greaterOrEqual: return compare(operand, .greaterOrEqual, value)
        }
    }

    private static func compare(_ operand: Operand, _ comparison: Operator, _ value: Value?) -> Condition? {
        guard let right = ComparableValue(value, as: operand.dataType) else {
            return operand.dataType.isNumber ? nil : .unknown
        }
        if operand.dataType == .json, comparison != .equal, comparison != .unequal { return .unknown }
        return .compare(operand, comparison, right)
    }

    private static func isIn(_ operand: Operand, _ value: Value?, negated: Bool) -> Condition? {
        let elements = elements(value)
        guard !elements.isEmpty else { return .constant(negated) }
        let readable = elements.map { ComparableValue($0, as: operand.dataType) }
        if operand.dataType.isNumber, readable.contains(nil) { return nil }
        return .isIn(operand, readable, negated: negated)
    }

    /// A list, or a text with commas.
    private static func elements(_ value: Value?) -> [Value] {
        guard let value, value != .null else { return [] }
        if let list = value.list { return list }
        guard let text = ComparableValue.scalarText(value) else { return [] }
        return text.split(separator: ",", omittingEmptySubsequences: false).map { .string(String($0)) }
    }

    private static func like(
        _ operand: Operand, _ value: Value?, ignoresCase: Bool, negated: Bool
    ) throws(Refusal) -> Condition {
        guard [.string, .bigint, .boolean].contains(operand.dataType) else { return .unknown }
        guard let value, let pattern = ComparableValue.scalarText(value) else { return .unknown }
        guard pattern.utf8.count <= patternBytesMax,
            pattern.utf8.count(where: { $0 == UInt8(ascii: "%") }) <= wildcardsMax
        else {
            throw Refusal(
                .invalidFilter,
                "a LIKE pattern has at most \(patternBytesMax) bytes and \(wildcardsMax) times %")
        }
        guard let pattern = LikePattern(pattern) else { return .unknown }
        return .like(operand, pattern: pattern.text, ignoresCase: ignoresCase, negated: negated)
    }
}

extension DataType {
    var isNumber: Bool { self == .numeric || self == .bigint }
}

/// SQL's LIKE: `%` is any text, `_` one character, `\` takes the next one literally.
struct LikePattern: Sendable, Hashable {
    let text: String
    private let parts: [Part]

    private enum Part: Sendable, Hashable {
        case any, one
        case literal(Unicode.Scalar)
    }

    /// nil when the pattern ends with the escape: it then matches nothing and fails to match nothing.
    init?(_ text: String) {
        var parts: [Part] = []
        var isEscaped = false
        for scalar in text.unicodeScalars {
            switch scalar {
            case _ where isEscaped:
                parts.append(.literal(scalar))
                isEscaped = false
            case "\\": isEscaped = true
            case "%": if parts.last != .any { parts.append(.any) }
            case "_": parts.append(.one)
            default: parts.append(.literal(scalar))
            }
        }
        guard !isEscaped else { return nil }
        self.text = text
        self.parts = parts
    }

    /// The pattern for SQLite's GLOB, which tells upper from lower case as LIKE does in PostgreSQL.
    var glob: String {
        var glob = ""
        for part in parts {
            switch part {
            case .any: glob += "*"
            case .one: glob += "?"
            case .literal(let scalar):
                if "*?[".unicodeScalars.contains(scalar) {
                    glob += "[\(scalar)]"
                } else {
                    glob.unicodeScalars.append(scalar)
                }
            }
        }
        return glob
    }
}
