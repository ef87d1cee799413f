import Testing
import WAMP

@testable import Alarms

/// One alarm and one rule: rows, delays, people.
struct AlarmInstanceTests {
    typealias Kind = AlarmTransition.Kind

    // MARK: Rows

    struct Step: Sendable {
        var from: AlarmState
        var temperature: Value
        var kind: Kind?
        init(_ from: AlarmState, _ temperature: Value, _ kind: Kind?) {
            (self.from, self.temperature, self.kind) = (from, temperature, kind)
        }
    }

    @Test(arguments: [
        Step(.normal, 20, nil), Step(.normal, 90, .raised), Step(.normal, 99, .raised), Step(.normal, nil, nil),
        Step(.active(.major, acknowledged: true), 99, .escalated),
        Step(.active(.major, acknowledged: false), 99, .escalated),
        Step(.active(.critical, acknowledged: true), 90, .deescalated),
        Step(.active(.critical, acknowledged: false), 90, .deescalated),
        Step(.active(.critical, acknowledged: false), 99, nil),
        Step(.active(.critical, acknowledged: true), 20, .returned),
        Step(.active(.critical, acknowledged: false), 20, .returned),
        Step(.active(.critical, acknowledged: false), nil, nil),
        Step(.returned(.critical, acknowledged: false), 20, nil),
        Step(.returned(.critical, acknowledged: false), 90, .raised),
    ])
    func `what a row does to an alarm has a name`(_ step: Step) {
        let transition = alarm(step.from).evaluated(row(step.temperature), by: boiler(), now: start)
        #expect(transition?.kind == step.kind)
        #expect(transition.map { $0.before == step.from } ?? true)
    }

    @Test func `a raise tells its row, its time and its message`() throws {
        let now = start + 3
        let raised = try #require(
            AlarmInstance(AlarmKey(rule: "boiler", deviceKey: 7))
                .evaluated(row(97.5, sequence: 12), by: boiler(), now: now))
        let occurrence = try #require(raised.alarm.occurrence)
        #expect(occurrence.raisedAt == now)
        #expect(occurrence.worst == .critical)
        #expect(occurrence.evidence.rowTime == start)
        #expect(occurrence.evidence.sequence == 12)
        #expect(occurrence.evidence.message == "97.5 °C")
        #expect(occurrence.evidence.values == ["temperature": 97.5])
        #expect(raised.alarm.raiseCount == 1)
        #expect(raised.caller == nil)
    }

    @Test func `an alarm that comes again before it was acknowledged is a new raise`() throws {
        let again = try #require(
            alarm(.returned(.major, acknowledged: false)).evaluated(row(99), by: boiler(), now: start + 60))
        #expect(again.alarm.raiseCount == 2)
        #expect(again.alarm.occurrence?.raisedAt == start + 60)
    }

    @Test func `getting worse forgets the acknowledgement, getting milder keeps it and remembers the worst`() throws {
        let rule = boiler()
        let seen = try alarm(.active(.major, acknowledged: false))
            .acknowledge(rule, by: anna, comment: "on my way", now: start).alarm
        let worse = try #require(seen.evaluated(row(99), by: rule, now: start))
        #expect(worse.alarm.state == .active(.critical, acknowledged: false))
        #expect(worse.alarm.occurrence?.acknowledgement == nil)

        let seenAgain = try worse.alarm.acknowledge(rule, by: anna, comment: "", now: start).alarm
        let milder = try #require(seenAgain.evaluated(row(90), by: rule, now: start))
        #expect(milder.alarm.state == .active(.major, acknowledged: true))
        #expect(milder.alarm.occurrence?.worst == .critical)
        #expect(milder.alarm.occurrence?.acknowledgement != nil)
    }

    @Test func `a latched alarm that gets milder is left as it is`() {
        let alarm = alarm(.active(.critical, acknowledged: true))
        #expect(alarm.evaluated(row(90), by: boiler(latched: true), now: start) == nil)
    }

    @Test(arguments: [(20, nil), (90, nil), (99, nil)] as [(Value, Kind?)])
    func `a row older than the one the alarm stands on cannot clear it`(_ temperature: Value, _ kind: Kind?) {
        let late = row(temperature, at: start + -60)
        #expect(alarm(.active(.critical, acknowledged: false)).evaluated(late, by: boiler(), now: start)?.kind == kind)
    }

    @Test func `a row older than the one the alarm stands on can make it worse`() {
        let late = row(99, at: start + -60)
        #expect(
            alarm(.active(.major, acknowledged: false)).evaluated(late, by: boiler(), now: start)?.kind == .escalated)
    }

    @Test func `a device whose clock is ahead does not bind the future`() throws {
        let ahead = row(99, at: start + 86_400)
        let raised = try #require(
            AlarmInstance(AlarmKey(rule: "boiler", deviceKey: 7)).evaluated(ahead, by: boiler(), now: start))
        let back = raised.alarm.evaluated(row(20, at: start + 1), by: boiler(), now: start + 1)
        #expect(back?.kind == .returned)
    }

    // MARK: Delays

    @Test func `a clock that is set back makes a delay begin anew, and no more than that`() throws {
        let rule = boiler(on: .seconds(5))
        let waiting = try #require(
            AlarmInstance(AlarmKey(rule: "boiler", deviceKey: 7)).evaluated(row(99), by: rule, now: start)
        ).alarm
        let earlier = start + -3600
        let moved = try #require(waiting.elapsed(rule, now: earlier, isUnread: false))
        #expect(moved.kind == .waiting)
        #expect(moved.alarm.elapsed(rule, now: earlier + 4, isUnread: false) == nil)
        #expect(moved.alarm.elapsed(rule, now: earlier + 5, isUnread: false)?.kind == .raised)
        // And what stands on a row of the time before may return.
        let active = try #require(
            AlarmInstance(AlarmKey(rule: "boiler", deviceKey: 7)).evaluated(row(99), by: boiler(), now: start)
        ).alarm
        let back = active.evaluated(row(20, at: earlier + -1), by: boiler(), now: earlier)
        #expect(back?.kind == .returned)
    }

    @Test func `an on-delay waits, and runs out without another row`() throws {
        let rule = boiler(on: .seconds(5))
        let waiting = try #require(
            AlarmInstance(AlarmKey(rule: "boiler", deviceKey: 7)).evaluated(row(99), by: rule, now: start))
        #expect(waiting.kind == .waiting)
        #expect(waiting.alarm.state == .normal)
        #expect(waiting.isNews == false)
        #expect(waiting.alarm.elapsed(rule, now: start + 4, isUnread: false) == nil)
        #expect(waiting.alarm.elapsed(rule, now: start + 5, isUnread: true) == nil)
        let raised = try #require(waiting.alarm.elapsed(rule, now: start + 5, isUnread: false))
        #expect(raised.kind == .raised)
        #expect(raised.alarm.state == .active(.critical, acknowledged: false))
        #expect(raised.alarm.pending == nil)
        #expect(raised.evidence?.message == "99 °C")
    }

    @Test func `a row that says the opposite calls an on-delay off`() throws {
        let rule = boiler(on: .seconds(5))
        let fresh = AlarmInstance(AlarmKey(rule: "boiler", deviceKey: 7))
        let waiting = try #require(fresh.evaluated(row(99), by: rule, now: start))
        let calm = try #require(waiting.alarm.evaluated(row(20), by: rule, now: start + 4))
        #expect(calm.kind == .waiting)
        #expect(calm.alarm.pending == nil)
        let again = try #require(calm.alarm.evaluated(row(99), by: rule, now: start + 5))
        #expect(again.alarm.pending?.since == start + 5)
    }

    @Test func `a row that says the same does not write anything, and raises when its time has come`() throws {
        let rule = boiler(on: .seconds(5))
        let waiting = try #require(
            AlarmInstance(AlarmKey(rule: "boiler", deviceKey: 7)).evaluated(row(99), by: rule, now: start)?.alarm)
        #expect(waiting.evaluated(row(98), by: rule, now: start + 2) == nil)
        #expect(waiting.evaluated(row(97), by: rule, now: start + 5)?.kind == .raised)
    }

    @Test func `an off-delay keeps the alarm until it has been gone for long enough`() throws {
        let rule = boiler(off: .seconds(30))
        let active = alarm(.active(.critical, acknowledged: true))
        let waiting = try #require(active.evaluated(row(20), by: rule, now: start + 1))
        #expect(waiting.kind == .waiting)
        #expect(waiting.alarm.state == active.state)
        let returned = try #require(waiting.alarm.elapsed(rule, now: start + 31, isUnread: false))
        #expect(returned.kind == .returned)
        #expect(returned.alarm.state == .normal)
        #expect(returned.alarm.occurrence?.returnedAt == start + 31)
    }

    @Test func `an off-delay does not hold back what gets worse`() {
        let rule = boiler(off: .seconds(30))
        let kind = alarm(.active(.major, acknowledged: true)).evaluated(row(99), by: rule, now: start)?.kind
        #expect(kind == .escalated)
    }

    // MARK: People

    @Test(
        arguments: [
            (.normal, .nothingToAcknowledge),
            (.active(.major, acknowledged: true), .alreadyAcknowledged(by: "somebody")),
            (.returned(.major, acknowledged: true), .alreadyAcknowledged(by: "somebody")),
        ] as [(AlarmState, AlarmRefusal.Reason)])
    func `what cannot be acknowledged says why`(_ state: AlarmState, _ reason: AlarmRefusal.Reason) {
        #expect(throws: AlarmRefusal(reason)) {
            try alarm(state).acknowledge(boiler(latched: true), by: anna, comment: "", now: start)
        }
    }

    @Test func `the second who acknowledges learns who was first`() throws {
        let seen = try alarm(.active(.major, acknowledged: false))
            .acknowledge(boiler(), by: anna, comment: "", now: start).alarm
        #expect(throws: AlarmRefusal(.alreadyAcknowledged(by: "anna"))) {
            try seen.acknowledge(boiler(), by: erik, comment: "", now: start)
        }
    }

    @Test func `acknowledging keeps who, when and what they said`() throws {
        let seen = try alarm(.active(.major, acknowledged: false))
            .acknowledge(boiler(), by: anna, comment: "fetching a ladder", now: start + 9)
        #expect(
            seen.alarm.occurrence?.acknowledgement == Remark(caller: anna, at: start + 9, text: "fetching a ladder"))
        #expect(seen.caller == anna)
        #expect(seen.comment == "fetching a ladder")
    }

    @Test(
        arguments: [
            (.normal, true, .nothingToReset), (.normal, false, .nothingToReset),
            (.active(.major, acknowledged: true), true, .conditionIsPresent),
            (.active(.major, acknowledged: false), true, .conditionIsPresent),
            (.returned(.major, acknowledged: false), true, .notAcknowledged),
            (.active(.major, acknowledged: true), false, .resolvesByItself),
            (.returned(.major, acknowledged: false), false, .resolvesByItself),
        ] as [(AlarmState, Bool, AlarmRefusal.Reason)])
    func `what cannot be reset says why`(_ state: AlarmState, _ latched: Bool, _ reason: AlarmRefusal.Reason) {
        #expect(throws: AlarmRefusal(reason)) {
            try alarm(state).reset(boiler(latched: latched), by: anna, comment: "", now: start)
        }
    }

    @Test func `a latched alarm that has gone and was seen is reset`() throws {
        let reset = try alarm(.returned(.major, acknowledged: true))
            .reset(boiler(latched: true), by: anna, comment: "bearing changed", now: start)
        #expect(reset.kind == .reset)
        #expect(reset.alarm.state == .normal)
    }

    @Test(
        arguments: [
            .normal, .active(.major, acknowledged: false), .active(.major, acknowledged: true),
            .returned(.major, acknowledged: false), .returned(.major, acknowledged: true),
        ] as [AlarmState])
    func `shelving leaves the state alone and ends by itself`(_ state: AlarmState) throws {
        let shelved = try alarm(state)
            .shelve(until: start + 3600, reason: "sensor change", by: anna, now: start, longest: .seconds(86_400))
        #expect(shelved.alarm.state == state)
        #expect(shelved.alarm.shelf?.reason == "sensor change")
        #expect(shelved.alarm.elapsed(boiler(), now: start + 3599, isUnread: false) == nil)
        let back = try #require(shelved.alarm.elapsed(boiler(), now: start + 3600, isUnread: true))
        #expect(back.kind == .shelfExpired)
        #expect(back.alarm == alarm(state))
    }

    @Test func `a shelved alarm goes on underneath`() throws {
        let shelved = try alarm(.active(.major, acknowledged: true))
            .shelve(until: start + 3600, reason: "sensor change", by: anna, now: start, longest: .seconds(86_400)).alarm
        let worse = try #require(shelved.evaluated(row(99), by: boiler(), now: start + 1))
        #expect(worse.kind == .escalated)
        #expect(worse.alarm.shelf != nil)
    }

    @Test(
        arguments: [
            (60, "", .shelvingNeedsReason), (0, "why", .expiryInThePast), (-60, "why", .expiryInThePast),
            (86_401, "why", .expiryTooFar(max: .seconds(86_400))),
        ] as [(Int64, String, AlarmRefusal.Reason)])
    func `shelving needs a reason and an end that is near`(
        _ seconds: Int64, _ reason: String, _ refusal: AlarmRefusal.Reason
    ) {
        #expect(throws: AlarmRefusal(refusal)) {
            try alarm(.active(.major, acknowledged: false))
                .shelve(until: start + seconds, reason: reason, by: anna, now: start, longest: .seconds(86_400))
        }
    }

    @Test func `unshelving is for what is shelved`() throws {
        let active = alarm(.active(.major, acknowledged: false))
        #expect(throws: AlarmRefusal(.notShelved)) { try active.unshelve(by: anna, comment: "", now: start) }
        let shelved = try active.shelve(until: start + 60, reason: "why", by: anna, now: start, longest: .seconds(60))
        #expect(try shelved.alarm.unshelve(by: erik, comment: "done", now: start + 1).alarm == active)
    }

    @Test func `an annotation is kept, an empty one refused`() throws {
        let noted = try alarm(.normal).annotate("third time this week", by: anna, now: start)
        #expect(noted.alarm.annotation?.text == "third time this week")
        #expect(throws: AlarmRefusal(.annotationIsEmpty)) { try alarm(.normal).annotate("", by: anna, now: start) }
    }

    @Test func `retiring ends whatever there was, and says nothing when there was nothing`() throws {
        let active = try alarm(.active(.major, acknowledged: false))
            .shelve(until: start + 60, reason: "why", by: anna, now: start, longest: .seconds(60)).alarm
        let retired = try #require(active.retire(by: erik, now: start + 1))
        #expect(retired.alarm.state == .normal)
        #expect(retired.alarm.shelf == nil)
        #expect(retired.alarm.occurrence?.returnedAt == start + 1)
        #expect(alarm(.normal).retire(by: erik, now: start) == nil)
    }

    @Test func `a latched alarm is free when its rule now resolves by itself`() throws {
        let free = try #require(
            alarm(.returned(.major, acknowledged: true)).reconsidered(boiler(), by: erik, now: start))
        #expect(free.alarm.state == .normal)
        #expect(alarm(.returned(.major, acknowledged: false)).reconsidered(boiler(), by: erik, now: start) == nil)
    }
}
