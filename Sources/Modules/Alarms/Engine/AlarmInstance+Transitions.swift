// What can happen to one alarm, each as a function from the alarm to its transition. Nothing is changed here: the
// transition holds the alarm as it would be, and counts once it has been stored.

extension AlarmInstance {
    /// A row of the alarm's device has arrived. Nil when it changes nothing.
    func evaluated(_ row: AlarmRow, by rule: AlarmRule, now: Timestamp) -> AlarmTransition? {
        let current = state.activeSeverity
        var severity = rule.severity(of: row, while: current)
        // A latched alarm that is still there never gets milder.
        if rule.latches, severity != nil, let current, !severity.isWorse(than: current) { severity = current }
        guard severity != current else { return pending == nil ? nil : waiting(nil, now: now) }

        var change = ObservedChange(severity: severity, since: now, evidence: rule.evidence(row, severity, now: now))
        if !change.isRise(from: current), isLate(change.evidence, now: now) { return nil }
        change = rule.delay.continuing(pending, with: change, current: current)
        guard rule.delay.deadline(of: change, current: current) > now else {
            return changed(change, by: rule, now: now)
        }
        return change.severity == pending?.severity && pending != nil ? nil : waiting(change, now: now)
    }

    /// The time has come for a pending change, or for the end of the shelf. One step at a time: ask again after it.
    ///
    /// - Parameter isUnread: rows of the alarm's table are still to be evaluated, one may call the change off.
    func elapsed(_ rule: AlarmRule, now: Timestamp, isUnread: Bool) -> AlarmTransition? {
        if let shelf, shelf.until <= now {
            return step(.shelfExpired, at: now, comment: shelf.reason) { $0.shelf = nil }
        }
        if var moved = pending, moved.since > now {
            // The clock was set back: what has waited until then is forgotten, and no more than that.
            moved.since = now
            return waiting(moved, now: now)
        }
        guard !isUnread, let pending, rule.delay.deadline(of: pending, current: state.activeSeverity) <= now
        else { return nil }
        return changed(pending, by: rule, now: now)
    }

    func acknowledge(
        _ rule: AlarmRule, by caller: Caller, comment: String, now: Timestamp
    ) throws(AlarmRefusal) -> AlarmTransition {
        guard let next = state.acknowledged(latches: rule.latches) else {
            if state == .normal { throw AlarmRefusal(.nothingToAcknowledge) }
            throw AlarmRefusal(.alreadyAcknowledged(by: occurrence?.acknowledgement?.caller.authid ?? "somebody"))
        }
        return step(.acknowledged, at: now, by: caller, comment: comment) {
            $0.state = next
            $0.occurrence?.acknowledgement = Remark(caller: caller, at: now, text: comment)
        }
    }

    func reset(
        _ rule: AlarmRule, by caller: Caller, comment: String, now: Timestamp
    ) throws(AlarmRefusal) -> AlarmTransition {
        guard let next = state.reset() else {
            switch state {
            case .normal: throw AlarmRefusal(.nothingToReset)
            case _ where !rule.latches: throw AlarmRefusal(.resolvesByItself)
            case .active: throw AlarmRefusal(.conditionIsPresent)
            case .returned: throw AlarmRefusal(.notAcknowledged)
            }
        }
        return step(.reset, at: now, by: caller, comment: comment) { $0.state = next }
    }

    /// - Parameter longest: how far away `until` may be.
    func shelve(
        until: Timestamp, reason: String, by caller: Caller, now: Timestamp, longest: Duration
    ) throws(AlarmRefusal) -> AlarmTransition {
        guard !reason.isEmpty else { throw AlarmRefusal(.shelvingNeedsReason) }
        guard until > now else { throw AlarmRefusal(.expiryInThePast) }
        guard until <= now + longest else { throw AlarmRefusal(.expiryTooFar(max: longest)) }
        return step(.shelved, at: now, by: caller, comment: reason) {
            $0.shelf = Shelf(caller: caller, at: now, until: until, reason: reason)
        }
    }

    func unshelve(by caller: Caller, comment: String, now: Timestamp) throws(AlarmRefusal) -> AlarmTransition {
        guard shelf != nil else { throw AlarmRefusal(.notShelved) }
        return step(.unshelved, at: now, by: caller, comment: comment) { $0.shelf = nil }
    }

    func annotate(_ text: String, by caller: Caller, now: Timestamp) throws(AlarmRefusal) -> AlarmTransition {
        guard !text.isEmpty else { throw AlarmRefusal(.annotationIsEmpty) }
        return step(.annotated, at: now, by: caller, comment: text) {
            $0.annotation = Remark(caller: caller, at: now, text: text)
        }
    }

    /// Its rule was replaced: what waited for the old one's delay waits no more, and what was latched may be free.
    func reconsidered(_ rule: AlarmRule, by caller: Caller, now: Timestamp) -> AlarmTransition? {
        let next = state.conditionEvaluated(state.activeSeverity, latches: rule.latches)
        if next != state {
            return step(.returned, at: now, by: caller) { ($0.state, $0.pending) = (next, nil) }
        }
        return pending == nil ? nil : waiting(nil, now: now)
    }

    /// Its rule no longer watches it. Nil when nobody would notice.
    func retire(by caller: Caller, now: Timestamp) -> AlarmTransition? {
        guard state != .normal || pending != nil || shelf != nil else { return nil }
        return step(.retired, at: now, by: caller) {
            if state.activeSeverity != nil { $0.occurrence?.returnedAt = now }
            $0.state = .normal
            $0.pending = nil
            $0.shelf = nil
        }
    }
}

extension AlarmInstance {
    /// A row older than the one that the alarm stands on (a device sends what it buffered while it was offline): it
    /// may raise an alarm or make it worse, but cannot say that all is well now.
    private func isLate(_ evidence: Evidence, now: Timestamp) -> Bool {
        // One that stands on a row of the future was raised before the clock was set back.
        guard let standing = occurrence?.evidence.rowTime, standing <= now else { return false }
        return evidence.rowTime < standing
    }

    private func waiting(_ change: ObservedChange?, now: Timestamp) -> AlarmTransition {
        step(.waiting, at: now) { $0.pending = change }
    }

    /// A change that has waited long enough.
    private func changed(_ change: ObservedChange, by rule: AlarmRule, now: Timestamp) -> AlarmTransition {
        let next = state.conditionEvaluated(change.severity, latches: rule.latches)
        return step(kind(of: next), at: now, evidence: change.evidence) { alarm in
            alarm.state = next
            alarm.pending = nil
            guard let severity = next.activeSeverity else {
                alarm.occurrence?.returnedAt = now
                return
            }
            if state.activeSeverity == nil {
                alarm.occurrence = Occurrence(raisedAt: now, worst: severity, evidence: change.evidence)
                alarm.raiseCount += 1
            } else {
                alarm.occurrence?.worst = max(severity, occurrence?.worst ?? severity)
                alarm.occurrence?.evidence = change.evidence
                if next.isUnacknowledged { alarm.occurrence?.acknowledgement = nil }
            }
        }
    }

    private func kind(of next: AlarmState) -> AlarmTransition.Kind {
        switch (state.activeSeverity, next.activeSeverity) {
        case (nil, _?): .raised
        case (let before?, let after?): after > before ? .escalated : .deescalated
        case (_, nil): .returned
        }
    }

    private func step(
        _ kind: AlarmTransition.Kind, at now: Timestamp, by caller: Caller? = nil, comment: String? = nil,
        evidence: Evidence? = nil, _ change: (inout AlarmInstance) -> Void
    ) -> AlarmTransition {
        var next = self
        change(&next)
        return AlarmTransition(
            kind, at: now, before: state, alarm: next, caller: caller, comment: comment, evidence: evidence)
    }
}
