import GRDB
import Testing
import WAMP

@testable import Alarms

/// What is stored is what is loaded, all of a change or nothing, and the journal only grows.
struct AlarmStoreTests {
    private let directory: TemporaryDirectory
    private let realm = "realm-3-5-prod"

    init() throws { directory = try TemporaryDirectory() }

    private func change(_ transitions: [AlarmTransition] = [], _ positions: [String: Int64] = [:]) -> AlarmStore.Change
    {
        AlarmStore.Change(realm: realm, at: start, transitions: transitions, positions: positions)
    }

    private func raise(_ temperature: Value = 99, device: Int64 = 7) throws -> AlarmTransition {
        try #require(
            AlarmInstance(AlarmKey(rule: "boiler", deviceKey: device))
                .evaluated(row(temperature, device: device), by: boiler(), now: start))
    }

    @Test func `an alarm is after a restart what it was before`() async throws {
        let rule = boiler(latched: true, on: .seconds(5))
        let raised = try raise().alarm
        let seen = try raised.acknowledge(rule, by: anna, comment: "on my way", now: start + 1).alarm
        let shelved = try seen.shelve(until: start + 60, reason: "why", by: anna, now: start, longest: .seconds(60))
            .alarm
        var noted = try shelved.annotate("third time", by: erik, now: start).alarm
        noted.pending = ObservedChange(
            severity: nil, since: start + 2,
            evidence: Evidence(rowTime: start, sequence: 9, message: "cool", values: ["temperature": 20.5]))
        let transition = AlarmTransition(.annotated, at: start, before: raised.state, alarm: noted)

        let store = try directory.store()
        try await store.put(rule, position: 41, by: erik, change())
        try await store.commit(change([transition], ["sensordata": 42]))
        try store.close()

        let contents = try await directory.store().contents(of: realm)
        #expect(contents.rules.map(\.rule) == [rule])
        #expect(contents.rules.map(\.position) == [42])
        #expect(contents.alarms == [noted])
        #expect(contents.unreadable.isEmpty)
    }

    @Test func `realms do not see each other`() async throws {
        let store = try directory.store()
        try await store.put(boiler(), position: 1, by: erik, change())
        try await store.commit(change([try raise()]))
        let other = try await store.contents(of: "realm-3-6-prod")
        #expect(other.rules.isEmpty)
        #expect(other.alarms.isEmpty)
        #expect(try await store.journal(of: "realm-3-6-prod", JournalQuery()).isEmpty)
    }

    @Test func `a change is stored whole or not at all`() async throws {
        let store = try directory.store()
        try await store.put(boiler(), position: 1, by: erik, change())
        // The second alarm belongs to a rule that is not there.
        let good = try raise()
        var orphan = try raise(device: 8)
        orphan.alarm = AlarmInstance(AlarmKey(rule: "nobody", deviceKey: 8), state: orphan.alarm.state)
        await #expect(throws: (any Error).self) { try await store.commit(change([good, orphan], ["sensordata": 9])) }
        let contents = try await store.contents(of: realm)
        #expect(contents.alarms.isEmpty)
        #expect(contents.rules.map(\.position) == [1])
        #expect(try await store.journal(of: realm, JournalQuery()).map(\.kind) == ["rule_put"])
    }

    @Test func `positions never go back, and only those of the table's enabled rules move`() async throws {
        let store = try directory.store()
        try await store.put(boiler(name: "a"), position: 5, by: erik, change())
        try await store.put(boiler(name: "b"), position: nil, by: erik, change())
        try await store.put(boiler(name: "c", enabled: false), position: nil, by: erik, change())
        try await store.put(boiler(name: "d", table: "motors"), position: 2, by: erik, change())
        try await store.commit(change([], ["sensordata": 4]))
        #expect(try await store.contents(of: realm).rules.map(\.position) == [5, 4, nil, 2])
        try await store.rewind("sensordata", of: realm, to: 1)
        #expect(try await store.contents(of: realm).rules.map(\.position) == [1, 1, nil, 2])
    }

    @Test func `a rule that is replaced keeps its alarms, one that is deleted does not`() async throws {
        let store = try directory.store()
        try await store.put(boiler(), position: 1, by: erik, change())
        try await store.commit(change([try raise()]))
        try await store.put(boiler(latched: true), position: 1, by: erik, change())
        #expect(try await store.contents(of: realm).alarms.count == 1)
        try await store.delete(rule: "boiler", by: erik, change())
        let contents = try await store.contents(of: realm)
        #expect(contents.rules.isEmpty)
        #expect(contents.alarms.isEmpty)
        let kinds = try await store.journal(of: realm, JournalQuery()).map(\.kind)
        #expect(kinds == ["rule_deleted", "rule_put", "raised", "rule_put"])
    }

    @Test func `the journal tells who did what, newest first`() async throws {
        let store = try directory.store()
        try await store.put(boiler(), position: 1, by: erik, change())
        let raised = try raise()
        let seen = try raised.alarm.acknowledge(boiler(), by: anna, comment: "on my way", now: start + 1)
        let waiting = AlarmTransition(.waiting, at: start, before: seen.alarm.state, alarm: seen.alarm)
        try await store.commit(change([raised, seen, waiting]))

        let journal = try await store.journal(of: realm, JournalQuery())
        #expect(journal.map(\.kind) == ["acknowledged", "raised", "rule_put"])
        #expect(journal[0].caller == anna)
        #expect(journal[0].comment == "on my way")
        #expect(journal[0].before == "active_unacknowledged")
        #expect(journal[0].state == "active_acknowledged")
        #expect(journal[1].caller == nil)
        #expect(journal[1].severity == .critical)
        #expect(journal[1].evidence?["message"] == "99 °C")
        #expect(journal[2].caller == erik)
        #expect(journal[2].deviceKey == nil)
        #expect(journal[2].evidence?["name"] == "boiler")
    }

    @Test(
        arguments: [
            (JournalQuery(limit: 2), [6, 5]), (JournalQuery(limit: 2, offset: 3), [3, 2]),
            (JournalQuery(deviceKey: 8), [4]),
            (JournalQuery(kind: "rule_put"), [1]), (JournalQuery(rule: "nobody"), []),
            (JournalQuery(from: start + 1), [6, 5]), (JournalQuery(to: start + 1), [4, 3, 2, 1]),
        ] as [(JournalQuery, [Int64])])
    func `the journal is searched and paged`(_ query: JournalQuery, _ ids: [Int64]) async throws {
        let store = try directory.store()
        try await store.put(boiler(), position: 1, by: erik, change())
        let raised = try raise()
        let seen = try raised.alarm.acknowledge(boiler(), by: anna, comment: "", now: start + 1)
        let noted = try seen.alarm.annotate("again", by: anna, now: start + 2)
        try await store.commit(change([try raise(90), raised, try raise(device: 8), seen, noted]))
        #expect(try await store.journal(of: realm, query).map(\.id) == ids)
    }

    @Test func `old lines are pruned a bounded number at a time, and ids are not used again`() async throws {
        let store = try directory.store()
        try await store.put(boiler(), position: 1, by: erik, change())
        try await store.commit(change([try raise(), try raise(), try raise()]))
        #expect(try await store.prune(before: start, countMax: 10) == 0)
        #expect(try await store.prune(before: start + 1, countMax: 3) == 3)
        #expect(try await store.prune(before: start + 1, countMax: 3) == 1)
        try await store.commit(change([try raise()]))
        #expect(try await store.journal(of: realm, JournalQuery()).map(\.id) == [5])
    }

    @Test func `a line of the journal cannot be changed`() async throws {
        let store = try directory.store()
        try await store.put(boiler(), position: 1, by: erik, change())
        await #expect(throws: (any Error).self) {
            try await store.write { try $0.execute(sql: "UPDATE journal SET authid = 'nobody'") }
        }
    }

    @Test func `what cannot be read is named and left alone`() async throws {
        let store = try directory.store()
        try await store.put(boiler(), position: 1, by: erik, change())
        try await store.put(boiler(name: "broken"), position: 1, by: erik, change())
        try await store.write { try $0.execute(sql: "UPDATE rule SET definition = '{}' WHERE name = 'broken'") }
        let contents = try await store.contents(of: realm)
        #expect(contents.rules.map(\.rule.name) == ["boiler"])
        #expect(contents.unreadable == ["rule broken"])
    }
}
