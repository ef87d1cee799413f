package import WAMP

/// Which alarm: a rule and a device. Unique within a realm.
package struct AlarmKey: Sendable, Hashable {
    package var rule: String
    package var deviceKey: Int64

    package init(rule: String, deviceKey: Int64) {
        self.rule = rule
        self.deviceKey = deviceKey
    }
}

/// Who asked for something, as the router disclosed it.
package struct Caller: Sendable, Hashable {
    package var authid: String
    package var authrole: String

    package init(authid: String, authrole: String) {
        self.authid = authid
        self.authrole = authrole
    }
}

/// What somebody said about an alarm, and when.
package struct Remark: Sendable, Hashable {
    package var caller: Caller
    package var at: Timestamp
    /// Empty when somebody acknowledged without a comment.
    package var text: String

    package init(caller: Caller, at: Timestamp, text: String) {
        self.caller = caller
        self.at = at
        self.text = text
    }
}

/// An alarm that somebody has silenced for a while. It goes on underneath, and comes back by itself.
package struct Shelf: Sendable, Hashable {
    package var caller: Caller
    package var at: Timestamp
    package var until: Timestamp
    package var reason: String

    package init(caller: Caller, at: Timestamp, until: Timestamp, reason: String) {
        self.caller = caller
        self.at = at
        self.until = until
        self.reason = reason
    }
}

/// The row that speaks for a change.
package struct Evidence: Sendable, Hashable {
    /// The row's `tsp`; never later than its evaluation, so that a device whose clock is ahead cannot bind the future.
    package var rowTime: Timestamp
    package var sequence: Int64
    package var message: String
    /// The columns that the rule looks at, as they were in the row.
    package var values: [String: Value]

    package init(rowTime: Timestamp, sequence: Int64, message: String, values: [String: Value]) {
        self.rowTime = rowTime
        self.sequence = sequence
        self.message = message
        self.values = values
    }
}

/// The story of one raise: from the row that raised the alarm to its return and its acknowledgement.
package struct Occurrence: Sendable, Hashable {
    package var raisedAt: Timestamp
    /// The worst severity of this occurrence.
    package var worst: Severity
    /// The row that raised the alarm, or last changed its severity.
    package var evidence: Evidence
    package var returnedAt: Timestamp?
    package var acknowledgement: Remark?

    package init(
        raisedAt: Timestamp, worst: Severity, evidence: Evidence, returnedAt: Timestamp? = nil,
        acknowledgement: Remark? = nil
    ) {
        self.raisedAt = raisedAt
        self.worst = worst
        self.evidence = evidence
        self.returnedAt = returnedAt
        self.acknowledgement = acknowledgement
    }
}

/// The alarm of one rule on one device. There is none until it has been raised (or is about to be) once.
package struct AlarmInstance: Sendable, Hashable {
    package let key: AlarmKey
    package var state: AlarmState
    /// A change that is waiting for its delay.
    package var pending: ObservedChange?
    /// The latest raise; kept after its return, until the next.
    package var occurrence: Occurrence?
    package var shelf: Shelf?
    package var annotation: Remark?
    /// How often it has been raised since it exists.
    package var raiseCount: Int64

    package init(
        _ key: AlarmKey, state: AlarmState = .normal, pending: ObservedChange? = nil, occurrence: Occurrence? = nil,
        shelf: Shelf? = nil, annotation: Remark? = nil, raiseCount: Int64 = 0
    ) {
        self.key = key
        self.state = state
        self.pending = pending
        self.occurrence = occurrence
        self.shelf = shelf
        self.annotation = annotation
        self.raiseCount = raiseCount
    }
}
