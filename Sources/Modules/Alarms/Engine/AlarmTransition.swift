/// One step of one alarm: a line of the journal, and an event for whoever watches.
package struct AlarmTransition: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        case raised, escalated, deescalated, returned
        case acknowledged, reset, shelved, unshelved, annotated
        /// A shelf's time has run out.
        case shelfExpired = "shelf_expired"
        /// Its rule was switched off, deleted, or now watches another table.
        case retired
        /// A delay has begun, or was called off. Kept, so that a restart does not forget it, but nobody's news.
        case waiting
    }

    package var kind: Kind
    package var at: Timestamp
    /// The state before the step.
    package var before: AlarmState
    /// The alarm after the step.
    package var alarm: AlarmInstance
    /// Who did it; nil for what rows and time did.
    package var caller: Caller?
    /// What they said: the comment, the reason, the annotation.
    package var comment: String?
    /// The row that did it.
    package var evidence: Evidence?

    package init(
        _ kind: Kind, at: Timestamp, before: AlarmState, alarm: AlarmInstance, caller: Caller? = nil,
        comment: String? = nil, evidence: Evidence? = nil
    ) {
        self.kind = kind
        self.at = at
        self.before = before
        self.alarm = alarm
        self.caller = caller
        self.comment = comment
        self.evidence = evidence
    }

    /// Whether it belongs into the journal and onto `alarms.on_change`.
    package var isNews: Bool { kind != .waiting }
}

/// Why something cannot be done to an alarm: a sentence for the person who asked.
package struct AlarmRefusal: Error, Sendable, Hashable {
    package enum Reason: Sendable, Hashable {
        case noSuchAlarm(AlarmKey)
        case noSuchRule(String)
        case nothingToAcknowledge
        case alreadyAcknowledged(by: String)
        case nothingToReset
        case resolvesByItself
        case notAcknowledged
        case conditionIsPresent
        case notShelved
        case expiryInThePast
        case expiryTooFar(max: Duration)
        case shelvingNeedsReason
        case annotationIsEmpty
    }

    package var reason: Reason
    package init(_ reason: Reason) { self.reason = reason }
}

extension AlarmRefusal: CustomStringConvertible {
    package var description: String {
        switch reason {
        case .noSuchAlarm(let key): "there is no alarm of rule \"\(key.rule)\" on device \(key.deviceKey)"
        case .noSuchRule(let name): "there is no rule \"\(name)\""
        case .nothingToAcknowledge: "the alarm is normal: there is nothing to acknowledge"
        case .alreadyAcknowledged(let authid): "\(authid) has acknowledged the alarm already"
        case .nothingToReset: "the alarm is normal: there is nothing to reset"
        case .resolvesByItself: "the rule resolves by itself (auto_resolve): acknowledge the alarm instead"
        case .notAcknowledged: "acknowledge the alarm before you reset it"
        case .conditionIsPresent: "the condition is still there: the alarm can be reset when it has gone"
        case .notShelved: "the alarm is not shelved"
        case .expiryInThePast: "until: expected a time in the future, in milliseconds since 1970"
        case .expiryTooFar(let max):
            "until: an alarm can be shelved for \(max.wholeMilliseconds / 3_600_000) hours at most"
        case .shelvingNeedsReason: "reason: required, shelving silences an alarm"
        case .annotationIsEmpty: "text: expected something to note"
        }
    }
}
