import WAMP

/// How a column's value stands to an operand.
enum Order: Sendable, Hashable { case less, same, greater }

/// The written side of a comparison. Types meet as in SQL with a quoted literal: a text that is a number is compared
/// with a number as one, `true` with a boolean as one. What has no order is unknown.
struct Operand: Sendable, Hashable {
    private let value: Value
    /// The number or the truth that a text says; the value itself when it is no text.
    private let literal: Value

    init(_ value: Value) {
        self.value = value
        literal = value.string.map(Value.init(literal:)) ?? value
    }

    /// - Returns: nil for unknown: either side is NULL, or the two cannot be compared.
    func order(of found: Value) -> Order? {
        switch (found, value) {
        case (.string(let left), .string(let right)):
            return left.utf8.elementsEqual(right.utf8)
                ? .same : left.utf8.lexicographicallyPrecedes(right.utf8) ? .less : .greater
        default: break
        }
        switch (found, literal) {
        case (.integer(let left), .integer(let right)): return Self.order(left, right)
        case (.unsigned(let left), .unsigned(let right)): return Self.order(left, right)
        case (.bool(let left), .bool(let right)): return Self.order(left ? 1 : 0, right ? 1 : 0)
        default:
            guard let left = found.double, let right = literal.double, !left.isNaN, !right.isNaN else { return nil }
            return Self.order(left, right)
        }
    }

    private static func order<Number: Comparable>(_ left: Number, _ right: Number) -> Order {
        left < right ? .less : left == right ? .same : .greater
    }
}

extension Value {
    /// What an unquoted text means: a number, true, false, null; anything else is the text itself.
    init(literal text: String) {
        let isNumeric = !text.isEmpty && text.utf8.allSatisfy { "0123456789+-.eE".utf8.contains($0) }
        switch text {
        case "true": self = .bool(true)
        case "false": self = .bool(false)
        case "null", "~", "": self = .null
        default:
            if isNumeric, let integer = Int64(text) {
                self = .integer(integer)
            } else if isNumeric, let double = Double(text), double.isFinite {
                self = .double(double)
            } else {
                self = .string(text)
            }
        }
    }
}
