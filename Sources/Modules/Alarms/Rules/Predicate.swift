package import WAMP

/// The vendor's filter operators, as they are spelled. (`IS CURRENT USER` makes no sense where nobody asks.)
package enum FilterOperator: String, Sendable, Hashable, CaseIterable {
    case equal = "="
    case notEqual = "!="
    case unequal = "<>"
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
    case like = "LIKE"
    case notLike = "NOT LIKE"
    case ilike = "ILIKE"
    case notIlike = "NOT ILIKE"
    case `in` = "IN"
    case notIn = "NOT IN"
    case isNull = "IS NULL"
    case isNotNull = "IS NOT NULL"

    /// `<`, `<=`, `>` and `>=`: the ones with a threshold, which a deadband can move.
    var hasThreshold: Bool {
        switch self {
        case .less, .lessOrEqual, .greater, .greaterOrEqual: true
        default: false
        }
    }
}

/// One comparison of a column: `{column, operator, value}`.
package struct Predicate: Sendable, Hashable {
    package let column: ColumnPath
    package let `operator`: FilterOperator
    /// As it was written; null for `IS NULL` and `IS NOT NULL`.
    package let value: Value
    /// How far the column must come back over a threshold before the condition is false again, in the column's unit.
    package let deadband: Double

    /// `value`, ready for comparing: one, or for `IN` one for each element.
    private let operands: [Operand]
    private let pattern: LikePattern?

    /// - Parameter value: a scalar; a list for `IN`; a text for `LIKE`. The reader of rules has checked it.
    package init(_ column: ColumnPath, _ operator: FilterOperator, _ value: Value = .null, deadband: Double = 0) {
        self.column = column
        self.operator = `operator`
        self.value = value
        self.deadband = deadband
        operands = (value.list ?? [value]).map(Operand.init)
        switch `operator` {
        case .like, .notLike: pattern = value.string.map { LikePattern($0, ignoresCase: false) }
        case .ilike, .notIlike: pattern = value.string.map { LikePattern($0, ignoresCase: true) }
        default: pattern = nil
        }
    }

    /// True, false, or nil for SQL's unknown.
    func holds(for columns: [String: Value], relaxed: Bool) -> Bool? {
        let found = column.value(in: columns)
        switch `operator` {
        case .isNull: return found == .null
        case .isNotNull: return found != .null
        case .equal: return order(of: found).map { $0 == .same }
        case .notEqual, .unequal: return order(of: found).map { $0 != .same }
        case .less: return order(of: found, movedBy: relaxed ? -deadband : 0).map { $0 == .less }
        case .lessOrEqual: return order(of: found, movedBy: relaxed ? -deadband : 0).map { $0 != .greater }
        case .greater: return order(of: found, movedBy: relaxed ? deadband : 0).map { $0 == .greater }
        case .greaterOrEqual: return order(of: found, movedBy: relaxed ? deadband : 0).map { $0 != .less }
        case .like, .ilike: return isLike(found)
        case .notLike, .notIlike: return isLike(found).map { !$0 }
        case .in: return isIn(found)
        case .notIn: return isIn(found).map { !$0 }
        }
    }

    /// - Parameter deadband: moving the value towards true is moving the threshold the other way.
    private func order(of found: Value, movedBy deadband: Double = 0) -> Order? {
        guard let operand = operands.first else { return nil }
        if deadband != 0, let number = found.double { return operand.order(of: .double(number + deadband)) }
        return operand.order(of: found)
    }

    private func isLike(_ found: Value) -> Bool? {
        guard let pattern, case .string(let text) = found else { return nil }
        return pattern.matches(text)
    }

    /// One that is the same decides; otherwise one that cannot be compared makes it unknown.
    private func isIn(_ found: Value) -> Bool? {
        var isUnknown = false
        for operand in operands {
            switch operand.order(of: found) {
            case .same: return true
            case nil: isUnknown = true
            case .less, .greater: break
            }
        }
        return isUnknown ? nil : false
    }
}
