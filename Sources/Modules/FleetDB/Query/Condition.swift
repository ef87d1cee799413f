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
    /// Values of one IN: all filters together stay below what a statement of SQLite may have, and json is compared one by
    /// one.
    static let elementsMax = 1000
    static let jsonElementsMax = 100
    static let valuesMax = 30_000

    /// Checks filters against a table.
    ///
    /// - Parameter currentUser: the authid that `IS CURRENT USER` means.
    /// - Returns: nil when nothing is left that constrains.
    static func compile(
        _ nodes: [FilterNode], _ schema: TableSchema, currentUser: String?
    ) throws(Refusal) -> Condition? {
        let parts = try conditions(nodes, schema, currentUser)
        guard parts.reduce(0, { $0 + $1.valueCount }) <= valuesMax else {
            throw Refusal(.invalidFilter, "more than \(valuesMax) values to compare with")
        }
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
        case .isIn: return try isIn(operand, value, negated: false)
        case .isNotIn: return try isIn(operand, value, negated: true)
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

    private static func isIn(_ operand: Operand, _ value: Value?, negated: Bool) throws(Refusal) -> Condition? {
        let elements = elements(value)
        let countMax = operand.dataType == .json ? jsonElementsMax : elementsMax
        guard elements.count <= countMax else {
            throw Refusal(.invalidFilter, "IN: at most \(countMax) values of a \(operand.dataType.rawValue)")
        }
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

extension Condition {
    /// About how many values its SQL has.
    private var valueCount: Int {
        switch self {
        case .all(let parts), .any(let parts): parts.reduce(0) { $0 + $1.valueCount }
        case .isIn(let operand, let elements, _): operand.dataType == .json ? elements.count * 3 : elements.count + 2
        case .constant, .unknown: 0
        case .isNull, .compare, .like: 3
        }
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

    /// Whether a text is of the pattern: one byte after the other, with one place to go back to.
    ///
    /// - Parameters:
    ///   - text: UTF-8.
    ///   - ignoresCase: that of ASCII letters.
    ///   - isOver: asked now and then, as the time grows with the product of both lengths.
    /// - Returns: nil when `isOver` has said so.
    func matches(_ text: Span<UInt8>, ignoresCase: Bool, unless isOver: () -> Bool = { false }) -> Bool? {
        var position = 0, part = 0
        /// Where the last `%` stands, and up to where it reaches.
        var back: (part: Int, position: Int)?
        var steps = 0
        while position < text.count {
            steps += 1
            if steps & 0xFFFF == 0, isOver() { return nil }
            if part < parts.count {
                switch parts[part] {
                case .any:
                    back = (part, position)
                    part += 1
                    continue
                case .one:
                    position = Self.next(position, text)
                    part += 1
                    continue
                case .literal(let scalar):
                    if let end = Self.end(of: scalar, at: position, text, ignoresCase) {
                        position = end
                        part += 1
                        continue
                    }
                }
            }
            guard let (any, reached) = back else { return false }
            position = Self.next(reached, text)
            back = (any, position)
            part = any + 1
        }
        return parts[part...].allSatisfy { $0 == .any }
    }

    /// Behind the character at a position.
    private static func next(_ position: Int, _ text: Span<UInt8>) -> Int {
        var next = position + 1
        while next < text.count, text[next] & 0xC0 == 0x80 { next += 1 }
        return next
    }

    private static func end(
        of scalar: Unicode.Scalar, at position: Int, _ text: Span<UInt8>, _ ignoresCase: Bool
    ) -> Int? {
        var position = position
        for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter {
            guard position < text.count else { return nil }
            let other = text[position]
            guard byte == other || ignoresCase && folded(byte) == folded(other) else { return nil }
            position += 1
        }
        return position
    }

    private static func folded(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}
