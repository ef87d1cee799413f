// The state machine of one alarm, after ISA-18.2 (IEC 62682), as two axes: is the condition there, and has somebody
// seen it. It is a value: what happened goes in, the next state comes out, nil says that it cannot happen here.
//
//     state                    condition comes      condition goes           acknowledge             reset
//     ───────────────────────────────────────────────────────────────────────────────────────────────────────
//     normal                   active unack.        ·                        –                       –
//     active unacknowledged    worse: the same,     returned unack.          active ack.             –
//                              more severe
//     active acknowledged      worse: active        normal                   –                       –
//                              unack.               latched: returned ack.
//     returned unacknowledged  active unack.        ·                        normal                  –
//                                                                            latched: returned ack.
//     returned acknowledged    active unack.        ·                        –                       normal
//     (latched rules only)
//
//     ·  nothing changes       –  cannot be done here
//
// A rule that resolves by itself follows the condition down: the severity is the row's, acknowledged stays
// acknowledged. A latched rule keeps the worst severity that it has seen until somebody resets it. Getting worse is
// always news: the alarm is unacknowledged again. Shelving is not here: it silences an alarm and leaves its state
// alone (`AlarmInstance.shelf`).

/// Where an alarm stands.
package enum AlarmState: Sendable, Hashable {
    /// Nothing is wrong, and nobody has to do anything.
    case normal
    /// The condition is there.
    case active(Severity, acknowledged: Bool)
    /// The condition has gone, and somebody still has to acknowledge it, or (latched rules) to reset it.
    case returned(Severity, acknowledged: Bool)
}

extension AlarmState {
    /// A row has been evaluated, delays and deadband included.
    ///
    /// - Parameters:
    ///   - severity: the highest that matches; nil when none does.
    ///   - latches: the rule does not resolve by itself.
    package func conditionEvaluated(_ severity: Severity?, latches: Bool) -> AlarmState {
        switch (self, severity) {
        case (.normal, nil):
            .normal
        case (.normal, let severity?):
            .active(severity, acknowledged: false)
        case (.returned(let past, _), let severity?):
            .active(latches ? max(past, severity) : severity, acknowledged: false)
        case (.active(let current, let acknowledged), let severity?):
            if severity > current {
                .active(severity, acknowledged: false)
            } else {
                .active(latches ? current : severity, acknowledged: acknowledged)
            }
        case (.active(let current, acknowledged: false), nil):
            .returned(current, acknowledged: false)
        case (.active(let current, acknowledged: true), nil):
            latches ? .returned(current, acknowledged: true) : .normal
        case (.returned(_, acknowledged: false), nil):
            self
        case (.returned(_, acknowledged: true), nil):
            latches ? self : .normal
        }
    }

    /// Somebody has seen it. Nil: there is nothing to acknowledge.
    package func acknowledged(latches: Bool) -> AlarmState? {
        switch self {
        case .normal, .active(_, acknowledged: true), .returned(_, acknowledged: true): nil
        case .active(let severity, acknowledged: false): .active(severity, acknowledged: true)
        case .returned(let severity, acknowledged: false):
            latches ? .returned(severity, acknowledged: true) : .normal
        }
    }

    /// Somebody has released a latched alarm. Nil: the condition is still there, nobody has acknowledged it yet, or
    /// there is nothing to reset.
    package func reset() -> AlarmState? {
        switch self {
        case .returned(_, acknowledged: true): .normal
        case .normal, .active, .returned(_, acknowledged: false): nil
        }
    }
}

extension AlarmState {
    /// The severity while the condition is there.
    package var activeSeverity: Severity? {
        if case .active(let severity, _) = self { severity } else { nil }
    }

    /// The severity as long as the alarm is anybody's business.
    package var severity: Severity? {
        switch self {
        case .normal: nil
        case .active(let severity, _), .returned(let severity, _): severity
        }
    }

    /// Somebody has to look at it.
    package var isUnacknowledged: Bool {
        switch self {
        case .active(_, acknowledged: false), .returned(_, acknowledged: false): true
        case .normal, .active(_, acknowledged: true), .returned(_, acknowledged: true): false
        }
    }

    /// The word on the wire and in the store.
    package var name: String {
        switch self {
        case .normal: "normal"
        case .active(_, acknowledged: false): "active_unacknowledged"
        case .active(_, acknowledged: true): "active_acknowledged"
        case .returned(_, acknowledged: false): "returned_unacknowledged"
        case .returned(_, acknowledged: true): "returned_acknowledged"
        }
    }

    /// All words, for whoever checks a filter.
    package static let names = [
        "normal", "active_unacknowledged", "active_acknowledged", "returned_unacknowledged", "returned_acknowledged",
    ]

    /// The state with that name; nil when the name is unknown, or the severity is there or missing against it.
    package init?(name: String, severity: Severity?) {
        switch (name, severity) {
        case ("normal", nil): self = .normal
        case ("active_unacknowledged", let severity?): self = .active(severity, acknowledged: false)
        case ("active_acknowledged", let severity?): self = .active(severity, acknowledged: true)
        case ("returned_unacknowledged", let severity?): self = .returned(severity, acknowledged: false)
        case ("returned_acknowledged", let severity?): self = .returned(severity, acknowledged: true)
        default: return nil
        }
    }
}
