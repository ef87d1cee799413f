package import WAMP

/// A condition on a row's columns: the vendor's filters, with SQL's three-valued logic.
package indirect enum AlarmCondition: Sendable, Hashable {
    case predicate(Predicate)
    /// AND
    case all([AlarmCondition])
    /// OR
    case any([AlarmCondition])
}

extension AlarmCondition {
    /// True, false, or nil: unknown, because a column that decides is NULL or cannot be compared.
    ///
    /// - Parameter relaxed: thresholds move by their deadband, in favour of true.
    package func holds(for columns: [String: Value], relaxed: Bool) -> Bool? {
        switch self {
        case .predicate(let predicate): predicate.holds(for: columns, relaxed: relaxed)
        case .all(let conditions): Self.decide(conditions, columns, relaxed, decisive: false)
        case .any(let conditions): Self.decide(conditions, columns, relaxed, decisive: true)
        }
    }

    /// AND is decided by one false, OR by one true; undecided, one unknown makes the whole unknown.
    private static func decide(
        _ conditions: [AlarmCondition], _ columns: [String: Value], _ relaxed: Bool, decisive: Bool
    ) -> Bool? {
        var isUnknown = false
        for condition in conditions {
            switch condition.holds(for: columns, relaxed: relaxed) {
            case decisive?: return decisive
            case nil: isUnknown = true
            default: break
            }
        }
        return isUnknown ? nil : !decisive
    }

    /// The columns that it looks at, in the order in which they are written.
    var columns: [ColumnPath] {
        switch self {
        case .predicate(let predicate): [predicate.column]
        case .all(let conditions), .any(let conditions): conditions.flatMap(\.columns)
        }
    }
}
