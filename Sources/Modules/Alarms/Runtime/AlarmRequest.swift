// What somebody can ask of a realm's alarms: each procedure's arguments as a value. Arguments are one dictionary or
// keyword arguments, whichever suits the caller's language; both together are merged.

package import ModuleKit
package import WAMP

/// A call of `alarms.*`, read and checked.
package enum AlarmRequest: Sendable, Hashable {
    case list(AlarmFilter)
    case acknowledge(AlarmKey, comment: String)
    case reset(AlarmKey, comment: String)
    case shelve(AlarmKey, until: ShelfExpiry, reason: String)
    case unshelve(AlarmKey, comment: String)
    case annotate(AlarmKey, text: String)
    case history(JournalQuery)
    case putRules(RuleSource)
    case listRules
    case deleteRule(String)

    /// When a shelf ends: at a point of time, or so much later than now.
    package enum ShelfExpiry: Sendable, Hashable {
        case at(Timestamp)
        case after(Duration)

        func timestamp(now: Timestamp) -> Timestamp {
            switch self {
            case .at(let timestamp): timestamp
            case .after(let duration): now + duration
            }
        }
    }

    /// A rule as it was sent.
    package enum RuleSource: Sendable, Hashable {
        case value(Value)
        case yaml(String)
    }
}

/// Which alarms to list; nil is any.
package struct AlarmFilter: Sendable, Hashable {
    /// A name of `AlarmState`, or one of the summaries below.
    package var state: String?
    package var severity: Severity?
    package var deviceKey: Int64?
    package var rule: String?
    package var limit: Int
    package var offset: Int

    package init(
        state: String? = nil, severity: Severity? = nil, deviceKey: Int64? = nil, rule: String? = nil,
        limit: Int = 10_000, offset: Int = 0
    ) {
        self.state = state
        self.severity = severity
        self.deviceKey = deviceKey
        self.rule = rule
        self.limit = limit
        self.offset = offset
    }

    /// `active`: the condition is there. `unacknowledged`: somebody has to look. `shelved`. `all`: also the normal
    /// ones. Without any: whatever is not normal, and whatever is shelved.
    static let summaries = ["active", "unacknowledged", "shelved", "all"]

    func accepts(_ alarm: AlarmInstance) -> Bool {
        if let severity, alarm.state.severity != severity { return false }
        if let deviceKey, alarm.key.deviceKey != deviceKey { return false }
        if let rule, alarm.key.rule != rule { return false }
        switch state {
        case nil: return alarm.state != .normal || alarm.shelf != nil
        case "all": return true
        case "active": return alarm.state.activeSeverity != nil
        case "unacknowledged": return alarm.state.isUnacknowledged
        case "shelved": return alarm.shelf != nil
        case let name?: return alarm.state.name == name
        }
    }
}

/// The procedures, by the part of their name behind `alarms.`.
package enum AlarmProcedure: String, Sendable, Hashable, CaseIterable {
    case list, acknowledge, reset, shelve, unshelve, annotate, history
    case putRule = "rule.put"
    case listRules = "rule.list"
    case deleteRule = "rule.delete"

    /// On every app realm.
    package var uri: String { "alarms.\(rawValue)" }

    /// Reads the arguments of a call.
    ///
    /// - Throws: `wamp.error.invalid_argument` with a sentence that names the key.
    package func request(_ parameters: Parameters) throws(WAMPError) -> AlarmRequest {
        switch self {
        case .list:
            let states = AlarmState.names + AlarmFilter.summaries
            return .list(
                AlarmFilter(
                    state: try parameters.word("state", of: states), severity: try parameters.severity("severity"),
                    deviceKey: try parameters.optionalInteger("device_key"),
                    rule: try parameters.optionalText("rule"),
                    limit: try parameters.integer("limit", default: 10_000, in: 1...10_000),
                    offset: try parameters.integer("offset", default: 0, in: 0...1_000_000_000)))
        case .acknowledge:
            return .acknowledge(try parameters.alarm(), comment: try parameters.remark("comment"))
        case .reset: return .reset(try parameters.alarm(), comment: try parameters.remark("comment"))
        case .shelve:
            return .shelve(
                try parameters.alarm(), until: try parameters.expiry(), reason: try parameters.remark("reason"))
        case .unshelve: return .unshelve(try parameters.alarm(), comment: try parameters.remark("comment"))
        case .annotate: return .annotate(try parameters.alarm(), text: try parameters.remark("text"))
        case .history:
            return .history(
                JournalQuery(
                    rule: try parameters.optionalText("rule"),
                    deviceKey: try parameters.optionalInteger("device_key"),
                    kind: try parameters.optionalText("kind"), from: try parameters.timestamp("from"),
                    to: try parameters.timestamp("to"),
                    limit: try parameters.integer("limit", default: 100, in: 1...10_000),
                    offset: try parameters.integer("offset", default: 0, in: 0...1_000_000_000)))
        case .putRule: return .putRules(try parameters.rule())
        case .listRules: return .listRules
        case .deleteRule: return .deleteRule(try parameters.text("name"))
        }
    }
}
