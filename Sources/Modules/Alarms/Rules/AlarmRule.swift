import WAMP

/// What an engineer writes down: when is a device's row an alarm, and how bad is it.
package struct AlarmRule: Sendable, Hashable {
    /// Unique within the realm.
    package var name: String
    /// The table whose rows are evaluated.
    package var table: String
    /// At least one; the highest severity whose condition matches wins.
    package var conditions: [Severity: AlarmCondition]
    /// The alarm goes when its condition goes. Otherwise it is latched: it stays until somebody resets it.
    package var resolvesByItself: Bool
    package var delay: ConditionDelay
    package var isEnabled: Bool
    /// What the alarm says; the rule's name when there is none.
    package var message: MessageTemplate?

    package init(
        name: String, table: String, conditions: [Severity: AlarmCondition], resolvesByItself: Bool = true,
        delay: ConditionDelay = ConditionDelay(), isEnabled: Bool = true, message: MessageTemplate? = nil
    ) {
        self.name = name
        self.table = table
        self.conditions = conditions
        self.resolvesByItself = resolvesByItself
        self.delay = delay
        self.isEnabled = isEnabled
        self.message = message
    }
}

extension AlarmRule {
    var latches: Bool { !resolvesByItself }

    /// The highest severity that matches a row; nil when none does.
    ///
    /// A condition that the row does not decide (a column is NULL, SQL's unknown) does not raise an alarm, and does
    /// not clear the one that it has raised.
    /// - Parameter current: the severity at which the alarm is active: conditions up to it are relaxed by their
    ///   deadband.
    func severity(of row: AlarmRow, while current: Severity?) -> Severity? {
        for severity in Severity.worstFirst {
            guard let condition = conditions[severity] else { continue }
            let isRelaxed = current.map { severity <= $0 } ?? false
            let holds = condition.holds(for: row.columns, relaxed: isRelaxed)
            if holds ?? (severity == current) { return severity }
        }
        return nil
    }

    /// What a row has to say for itself.
    func evidence(_ row: AlarmRow, _ severity: Severity?, now: Timestamp) -> Evidence {
        var values: [String: Value] = [:]
        for column in columns { values[column.text] = column.value(in: row.columns).clipped }
        return Evidence(
            rowTime: min(row.time, now), sequence: row.sequence,
            message: message?.rendered(row.columns, severity) ?? name, values: values)
    }

    /// The columns that the rule looks at, each once.
    var columns: [ColumnPath] {
        var columns: [ColumnPath] = []
        let all = Severity.worstFirst.compactMap { conditions[$0] }.flatMap(\.columns) + (message?.columns ?? [])
        for column in all where !columns.contains(column) { columns.append(column) }
        return columns
    }
}

extension Value {
    /// Enough of a value to show it in a list: an alarm is no place for megabytes.
    fileprivate var clipped: Value {
        switch self {
        case .null, .bool, .integer, .unsigned: self
        case .double(let number): number.isFinite ? self : .null
        case .string(let text): .string(String(text.prefix(200)))
        case .bytes, .list, .dictionary: .null
        }
    }
}
