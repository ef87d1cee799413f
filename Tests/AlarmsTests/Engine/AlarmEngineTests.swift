import Testing
import WAMP

@testable import Alarms

/// Many alarms: which rule sees which row, and that deciding is not applying.
struct AlarmEngineTests {
    private static func engine(_ rules: AlarmRule..., position: Int64? = 0) -> AlarmEngine {
        var engine = AlarmEngine(shelvingMax: .seconds(86_400))
        for rule in rules { engine.put(rule, position: position) }
        return engine
    }

    private let key = AlarmKey(rule: "boiler", deviceKey: 7)

    @Test func `deciding changes nothing, applying does`() {
        var engine = Self.engine(boiler())
        let transitions = engine.evaluate([row(99)], of: "sensordata", now: start)
        #expect(transitions.map(\.kind) == [.raised])
        #expect(engine.alarms.isEmpty)
        #expect(engine.evaluate([row(99)], of: "sensordata", now: start) == transitions)
        engine.apply(transitions)
        #expect(engine.alarm(key)?.state == .active(.critical, acknowledged: false))
    }

    @Test func `each device has its own alarm`() {
        let engine = Self.engine(boiler())
        let rows = [row(99, sequence: 1, device: 7), row(90, sequence: 2, device: 8), row(20, sequence: 3, device: 9)]
        let raised = engine.evaluate(rows, of: "sensordata", now: start)
        #expect(raised.map(\.alarm.key.deviceKey) == [7, 8])
        #expect(raised.map(\.alarm.state.severity) == [.critical, .major])
    }

    @Test func `a row sees what the row before it has done`() {
        let engine = Self.engine(boiler())
        let rows = [90, 99, 99, 20, 20, 90].enumerated().map { row(.integer($1), sequence: Int64($0 + 1)) }
        let kinds = engine.evaluate(rows, of: "sensordata", now: start).map(\.kind)
        #expect(kinds == [.raised, .escalated, .returned, .raised])
    }

    @Test func `rows that were seen are not seen again`() {
        var engine = Self.engine(boiler())
        engine.apply(engine.evaluate([row(99, sequence: 5)], of: "sensordata", now: start))
        engine.advance("sensordata", to: 5)
        #expect(engine.evaluate([row(20, sequence: 4), row(20, sequence: 5)], of: "sensordata", now: start).isEmpty)
        #expect(engine.evaluate([row(20, sequence: 6)], of: "sensordata", now: start).map(\.kind) == [.returned])
    }

    @Test func `each rule reads on from its own position`() {
        var engine = Self.engine(boiler(name: "old"))
        engine.put(boiler(name: "new"), position: 5)
        #expect(engine.position(of: "sensordata") == 0)
        let raised = engine.evaluate([row(99, sequence: 3)], of: "sensordata", now: start)
        #expect(raised.map(\.alarm.key.rule) == ["old"])
        engine.advance("sensordata", to: 3)
        #expect(engine.position(ofRule: "old") == 3)
        #expect(engine.position(ofRule: "new") == 5)
    }

    @Test func `a rule without a position begins with the next row`() {
        var engine = Self.engine(boiler(), position: nil)
        #expect(engine.position(of: "sensordata") == nil)
        #expect(engine.evaluate([row(99, sequence: 900)], of: "sensordata", now: start).count == 1)
        engine.advance("sensordata", to: 900)
        #expect(engine.position(of: "sensordata") == 900)
    }

    @Test func `a position never goes back, unless the table counts from anew`() {
        var engine = Self.engine(boiler(), position: 9)
        engine.advance("sensordata", to: 4)
        #expect(engine.position(of: "sensordata") == 9)
        engine.rewind("sensordata", to: 4)
        #expect(engine.position(of: "sensordata") == 4)
    }

    @Test func `a rule sees its own table only, and nothing when it is off`() {
        let engine = Self.engine(boiler(), boiler(name: "other", table: "motors"), boiler(name: "off", enabled: false))
        let raised = engine.evaluate([row(99)], of: "sensordata", now: start)
        #expect(raised.map(\.alarm.key.rule) == ["boiler"])
        #expect(engine.tables == ["sensordata", "motors"])
        #expect(engine.evaluate([row(99)], of: "unknown", now: start).isEmpty)
    }

    @Test func `time ends shelves and delays, both at once if need be`() throws {
        var engine = Self.engine(boiler(on: .seconds(5)))
        engine.apply(engine.evaluate([row(99)], of: "sensordata", now: start))
        engine.apply([try engine.shelve(key, until: start + 5, reason: "why", by: anna, now: start)])
        #expect(engine.elapse(now: start + 4).isEmpty)
        #expect(engine.elapse(now: start + 5, unread: ["sensordata"]).map(\.kind) == [.shelfExpired])
        let both = engine.elapse(now: start + 5)
        #expect(both.map(\.kind) == [.shelfExpired, .raised])
        engine.apply(both)
        #expect(engine.elapse(now: start + 5).isEmpty)
        #expect(engine.alarm(key)?.state == .active(.critical, acknowledged: false))
        #expect(engine.alarm(key)?.shelf == nil)
    }

    @Test func `what is not there cannot be acknowledged`() {
        let engine = Self.engine(boiler())
        #expect(throws: AlarmRefusal(.noSuchAlarm(key))) {
            try engine.acknowledge(key, by: anna, comment: "", now: start)
        }
        #expect(throws: AlarmRefusal(.noSuchRule("motor"))) {
            try engine.acknowledge(AlarmKey(rule: "motor", deviceKey: 7), by: anna, comment: "", now: start)
        }
    }

    @Test(
        arguments: [
            (boiler(), nil), (boiler(latched: true), nil), (boiler(enabled: false), .retired),
            (boiler(table: "motors"), .retired),
        ] as [(AlarmRule, AlarmTransition.Kind?)])
    func `a rule that is replaced keeps its alarms as long as it watches them`(
        _ rule: AlarmRule, _ kind: AlarmTransition.Kind?
    ) {
        var engine = Self.engine(boiler())
        engine.apply(engine.evaluate([row(99)], of: "sensordata", now: start))
        let transitions = engine.replacing(with: rule, by: erik, now: start)
        #expect(transitions.first?.kind == kind)
        engine.put(rule, position: 1)
        engine.apply(transitions)
        #expect(engine.alarm(key)?.state == (kind == nil ? .active(.critical, acknowledged: false) : .normal))
    }

    @Test func `a delay does not outlive the rule that asked for it`() {
        var engine = Self.engine(boiler(on: .seconds(5)))
        engine.apply(engine.evaluate([row(99)], of: "sensordata", now: start))
        let rule = boiler(on: .seconds(60))
        engine.apply(engine.replacing(with: rule, by: erik, now: start + 1))
        engine.put(rule, position: 1)
        #expect(engine.alarm(key)?.pending == nil)
        #expect(engine.elapse(now: start + 10).isEmpty)
    }

    @Test func `beyond the bound new devices get no alarm, known ones go on`() throws {
        var engine = AlarmEngine(shelvingMax: .seconds(86_400), alarmsMax: 2)
        engine.put(boiler(), position: 0)
        let rows = (1...4).map { row(90, sequence: $0, device: $0) } + [row(99, sequence: 5, device: 1)]
        let transitions = engine.evaluate(rows, of: "sensordata", now: start)
        #expect(transitions.map(\.kind) == [.raised, .raised, .escalated])
        engine.apply(transitions)
        #expect(engine.alarmCount == 2)
        #expect(engine.evaluate([row(90, sequence: 6, device: 3)], of: "sensordata", now: start).isEmpty)
        #expect(engine.evaluate([row(20, sequence: 6, device: 2)], of: "sensordata", now: start).count == 1)
        engine.delete(rule: "boiler")
        #expect(engine.alarmCount == 0)
    }

    @Test func `a rule that is deleted takes its alarms along`() throws {
        var engine = Self.engine(boiler())
        engine.apply(engine.evaluate([row(99)], of: "sensordata", now: start))
        #expect(try engine.deleting(rule: "boiler", by: erik, now: start).map(\.kind) == [.retired])
        engine.delete(rule: "boiler")
        #expect(engine.rules.isEmpty)
        #expect(engine.alarms.isEmpty)
        #expect(engine.tables.isEmpty)
        #expect(throws: AlarmRefusal(.noSuchRule("boiler"))) {
            try engine.deleting(rule: "boiler", by: erik, now: start)
        }
    }
}
