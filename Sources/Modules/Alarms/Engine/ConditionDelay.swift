// On-delay and off-delay: a condition must have lasted before an alarm is raised, and must have been gone before it
// returns. The time is the server's, from the arrival of the row that said so; a row that says the opposite calls
// the wait off. (A row's own time would be the device's clock, and nobody could tell when it has run out.)

/// What a row says that differs from where the alarm stands, and since when rows have been saying so.
package struct ObservedChange: Sendable, Hashable {
    /// What the alarm is to become; nil is a return to normal.
    package var severity: Severity?
    package var since: Timestamp
    package var evidence: Evidence

    package init(severity: Severity?, since: Timestamp, evidence: Evidence) {
        self.severity = severity
        self.since = since
        self.evidence = evidence
    }

    /// Whether it makes the alarm worse than `current`.
    func isRise(from current: Severity?) -> Bool { severity.isWorse(than: current) }
}

/// How long a rule waits before it believes a change.
package struct ConditionDelay: Sendable, Hashable {
    package var on: Duration
    package var off: Duration

    package init(on: Duration = .zero, off: Duration = .zero) {
        self.on = on
        self.off = off
    }

    /// The change with its wait: it began with the first row that was worse (or better) than the alarm is; the last
    /// row decides what the alarm becomes.
    func continuing(_ pending: ObservedChange?, with change: ObservedChange, current: Severity?) -> ObservedChange {
        guard let pending, pending.isRise(from: current) == change.isRise(from: current) else { return change }
        var continued = change
        // The clock may have been set back since.
        continued.since = min(pending.since, change.since)
        return continued
    }

    /// When a change takes effect, if no row calls it off.
    func deadline(of change: ObservedChange, current: Severity?) -> Timestamp {
        change.since + (change.isRise(from: current) ? on : off)
    }
}

extension Severity? {
    /// Nil, which is no alarm at all, is better than any.
    func isWorse(than other: Severity?) -> Bool {
        guard let self else { return false }
        return other.map { self > $0 } ?? true
    }
}
