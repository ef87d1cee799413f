import Logging
import ModuleKit
import Synchronization
import Testing
import WAMP

@testable import Alarms

/// A realm's alarms on a fake session and a fake FleetDB, with a real store: what is published, what survives.
struct RealmAlarmsTests {
    private let realm = "realm-3-5-prod"
    private let directory: TemporaryDirectory
    private let time = ManualClock()
    private let fleet = FakeFleetDB()

    init() throws { directory = try TemporaryDirectory() }

    /// A realm's alarms as they are after a start, whatever was stored before.
    private func alarms(_ store: AlarmStore, _ session: FakeSession) async throws -> RealmAlarms {
        let alarms = RealmAlarms(
            realm: realm, session: session, store: store,
            source: RowSource { [fleet] _, _, since, limit throws(WAMPError) in try fleet.rowsSince(since, limit) },
            catalog: TableCatalog(columns: ["sensordata": ["tsp", "temperature"]]), shelvingMax: .seconds(86_400),
            clock: time.clock, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
        try await alarms.open()
        return alarms
    }

    /// Deals with all that is in the inbox, and with what that brings.
    private func settle(_ alarms: RealmAlarms) async {
        alarms.inbox.finish()
        await alarms.run()
    }

    private func put(_ rule: AlarmRule, _ alarms: RealmAlarms) async throws {
        let responder = FakeResponder()
        await alarms.answer(
            .putRule,
            Invocation(
                request: RequestID(1), registration: RegistrationID(1), procedure: "alarms.rule.put",
                callerAuthID: "erik", callerAuthRole: "engineer", payload: Payload([rule.value]), responder: responder))
        _ = try await responder.result()
    }

    private func live(_ alarms: RealmAlarms, _ temperature: Value) async {
        await alarms.handle(work(fleet.commit(temperature: temperature), alarms))
    }

    private func work(_ event: Payload, _ alarms: RealmAlarms) -> AlarmWork {
        .rows(table: "sensordata", event)
    }

    private func changes(_ session: FakeSession) -> [String] {
        session.publications.filter { $0.topic == "alarms.on_change" }.compactMap { $0.argumentsKw["kind"]?.string }
    }

    @Test func `a committed row raises an alarm, which is stored and published`() async throws {
        let (store, session) = (try directory.store(), FakeSession(realm: realm))
        let alarms = try await alarms(store, session)
        try await put(boiler(), alarms)
        #expect(session.topics == ["fleetdb.commit.sensordata"])
        await live(alarms, 99)
        let news = try #require(session.publications.last)
        #expect(news.topic == "alarms.on_change")
        #expect(news.arguments.first?["state"] == "active_unacknowledged")
        #expect(news.arguments.first?["message"] == "99 °C")
        #expect(news.argumentsKw["kind"] == "raised")
        let stored = try await store.contents(of: realm)
        #expect(stored.alarms.map(\.state) == [.active(.critical, acknowledged: false)])
        #expect(stored.rules.map(\.position) == [1])
    }

    @Test func `an event that comes twice raises once`() async throws {
        let session = FakeSession(realm: realm)
        let alarms = try await alarms(try directory.store(), session)
        try await put(boiler(), alarms)
        let event = fleet.commit(temperature: 99)
        await alarms.handle(work(event, alarms))
        await alarms.handle(work(event, alarms))
        await live(alarms, 20)
        await alarms.handle(work(event, alarms))
        #expect(changes(session) == ["raised", "returned"])
    }

    @Test func `a gap is filled from the table`() async throws {
        let session = FakeSession(realm: realm)
        let alarms = try await alarms(try directory.store(), session)
        try await put(boiler(), alarms)
        fleet.commit(temperature: 99)  // an event that never arrives
        await live(alarms, 20)
        #expect(changes(session) == ["raised", "returned"])
        await live(alarms, 99)
        #expect(changes(session) == ["raised", "returned", "raised"])
    }

    @Test func `a rule looks at rows that come after it, and at each of them`() async throws {
        let session = FakeSession(realm: realm)
        let alarms = try await alarms(try directory.store(), session)
        fleet.commit(temperature: 99)
        try await put(boiler(), alarms)
        await settle(alarms)
        #expect(changes(session).isEmpty)
        await live(alarms, 90)
        #expect(changes(session) == ["raised"])
    }

    @Test func `after a restart alarms are there, and what was committed meanwhile is evaluated`() async throws {
        do {
            let store = try directory.store()
            let alarms = try await alarms(store, FakeSession(realm: realm))
            try await put(boiler(), alarms)
            await live(alarms, 90)
            try store.close()
        }
        // Committed, and the power went before anybody evaluated them.
        for temperature in [99, 99, 20, 99] as [Value] { fleet.commit(temperature: temperature) }

        let (store, session) = (try directory.store(), FakeSession(realm: realm))
        let alarms = try await alarms(store, session)
        #expect(try await list(alarms, session).map { $0["severity"] } == ["major"])
        await settle(alarms)
        #expect(changes(session) == ["escalated", "returned", "raised"])
        #expect(try await list(alarms, session).map { $0["raise_count"] } == [2])
        #expect(try await store.contents(of: realm).rules.map(\.position) == [5])
    }

    @Test func `rows that changed nothing are evaluated again after a crash, to no effect`() async throws {
        do {
            let alarms = try await alarms(try directory.store(), FakeSession(realm: realm))
            try await put(boiler(), alarms)
            for temperature in [99, 98, 97, 99] as [Value] { await live(alarms, temperature) }
            // No tick, no close: only the raise and its position are on disk.
        }
        let (store, session) = (try directory.store(), FakeSession(realm: realm))
        #expect(try await store.contents(of: realm).rules.map(\.position) == [1])
        let alarms = try await alarms(store, session)
        await settle(alarms)
        #expect(changes(session).isEmpty)
        #expect(try await store.contents(of: realm).rules.map(\.position) == [4])
    }

    @Test func `what was missed can be read before anybody asks, and being without FleetDB does not hold that up`()
        async throws
    {
        do {
            let alarms = try await alarms(try directory.store(), FakeSession(realm: realm))
            try await put(boiler(), alarms)
        }
        let row: Value = ["tsp": 1_000_000, "device_key": 7, "temperature": 20]
        fleet.commit(Array(repeating: row, count: 2 * RowSource.pageRows))
        fleet.commit(temperature: 99)
        let session = FakeSession(realm: realm)
        let alarms = try await alarms(try directory.store(), session)
        fleet.setDown(true)
        await alarms.catchUp()
        #expect(changes(session).isEmpty)
        fleet.setDown(false)
        await alarms.catchUp()
        #expect(changes(session) == ["raised"])
        await settle(alarms)
        #expect(changes(session) == ["raised"])
    }

    @Test func `catching up reads page by page and lets calls in between`() async throws {
        do {
            let alarms = try await alarms(try directory.store(), FakeSession(realm: realm))
            try await put(boiler(), alarms)
        }
        let row: Value = ["tsp": 1_000_000, "device_key": 7, "temperature": 20]
        fleet.commit(Array(repeating: row, count: 2 * RowSource.pageRows + 1))
        fleet.commit(temperature: 99)
        let session = FakeSession(realm: realm)
        let alarms = try await alarms(try directory.store(), session)
        let before = fleet.readsCount
        await alarms.handle(.catchUp(table: "sensordata"))
        #expect(changes(session).isEmpty)
        #expect(try await list(alarms, session).isEmpty)
        await alarms.handle(.catchUp(table: "sensordata"))
        await alarms.handle(.catchUp(table: "sensordata"))
        #expect(changes(session) == ["raised"])
        #expect(fleet.readsCount - before == 3)
        await live(alarms, 20)
        #expect(changes(session) == ["raised", "returned"])
    }

    @Test func `while FleetDB is away nothing is lost, and the next ticks ask again`() async throws {
        do {
            let alarms = try await alarms(try directory.store(), FakeSession(realm: realm))
            try await put(boiler(), alarms)
        }
        fleet.commit(temperature: 99)
        fleet.setDown(true)
        let session = FakeSession(realm: realm)
        let alarms = try await alarms(try directory.store(), session)
        await alarms.handle(.catchUp(table: "sensordata"))
        await alarms.handle(.tick)
        #expect(changes(session).isEmpty)
        fleet.setDown(false)
        await alarms.handle(.tick)
        await settle(alarms)
        #expect(changes(session) == ["raised"])
    }

    @Test func `a table that counts from anew is followed`() async throws {
        do {
            let alarms = try await alarms(try directory.store(), FakeSession(realm: realm))
            for _ in 0..<10 { fleet.commit(temperature: 20) }
            try await put(boiler(), alarms)
        }
        fleet.forgetEverything()
        let (store, session) = (try directory.store(), FakeSession(realm: realm))
        let alarms = try await alarms(store, session)
        await alarms.handle(.catchUp(table: "sensordata"))
        #expect(try await store.contents(of: realm).rules.map(\.position) == [0])
        await live(alarms, 99)
        #expect(changes(session) == ["raised"])
    }

    @Test func `a rule put without FleetDB begins with the first row that comes`() async throws {
        fleet.setDown(true)
        let session = FakeSession(realm: realm)
        let alarms = try await alarms(try directory.store(), session)
        for _ in 0..<5 { fleet.commit(temperature: 99) }
        try await put(boiler(), alarms)
        await live(alarms, 90)
        #expect(changes(session) == ["raised"])
        #expect(try await list(alarms, session).map { $0["severity"] } == ["major"])
    }

    @Test func `ticks end delays and shelves`() async throws {
        let session = FakeSession(realm: realm)
        let alarms = try await alarms(try directory.store(), session)
        try await put(boiler(on: .seconds(5)), alarms)
        await live(alarms, 99)
        await alarms.handle(.tick)
        #expect(changes(session).isEmpty)
        time.advance(.seconds(5))
        await alarms.handle(.tick)
        #expect(changes(session) == ["raised"])
        _ = try await call(
            .shelve, alarms, ["rule": "boiler", "device_key": 7, "reason": "sensor change", "duration": "1h"])
        time.advance(.seconds(3599))
        await alarms.handle(.tick)
        #expect(changes(session) == ["raised", "shelved"])
        time.advance(.seconds(1))
        await alarms.handle(.tick)
        #expect(changes(session) == ["raised", "shelved", "shelf_expired"])
    }

    @Test func `a delay that was running goes on after a restart`() async throws {
        do {
            let alarms = try await alarms(try directory.store(), FakeSession(realm: realm))
            try await put(boiler(on: .seconds(5)), alarms)
            await live(alarms, 99)
        }
        time.advance(.seconds(60))
        let session = FakeSession(realm: realm)
        let alarms = try await alarms(try directory.store(), session)
        await alarms.handle(.tick)
        #expect(changes(session).isEmpty, "rows that are still unread may call it off")
        await alarms.handle(.catchUp(table: "sensordata"))
        await alarms.handle(.tick)
        #expect(changes(session) == ["raised"])
    }

    @Test func `what cannot be stored has not happened`() async throws {
        let (store, session) = (try directory.store(), FakeSession(realm: realm))
        let alarms = try await alarms(store, session)
        try await put(boiler(), alarms)
        try store.close()
        await live(alarms, 99)
        #expect(changes(session).isEmpty)
        #expect(try await list(alarms, session).isEmpty)
        let error = await #expect(throws: WAMPError.self) { try await put(boiler(name: "other"), alarms) }
        #expect(error?.uri == .runtimeError)
        #expect(await alarms.engine.rules.map(\.name) == ["boiler"])
    }

    @Test func `rules that go let go of their table`() async throws {
        let session = FakeSession(realm: realm)
        let alarms = try await alarms(try directory.store(), session)
        try await put(boiler(), alarms)
        await live(alarms, 99)
        _ = try await call(.deleteRule, alarms, ["name": "boiler"], as: "erik")
        #expect(session.topics.isEmpty)
        #expect(changes(session) == ["raised", "retired"])
        #expect(session.publications.last?.topic == "alarms.on_rule_change")
        #expect(session.publications.last?.argumentsKw == ["kind": "deleted", "by": "erik"])
        #expect(try await list(alarms, session).isEmpty)
    }

    @Test func `people are disclosed in the journal`() async throws {
        let session = FakeSession(realm: realm)
        let alarms = try await alarms(try directory.store(), session)
        try await put(boiler(), alarms)
        await live(alarms, 99)
        let seen = try await call(
            .acknowledge, alarms, ["rule": "boiler", "device_key": 7, "comment": "on my way"], as: "anna")
        #expect(seen["acknowledgement"]?["authid"] == "anna")
        let journal = try #require(try await call(.history, alarms, ["limit": 3]).list)
        #expect(journal.map { $0["kind"] } == ["acknowledged", "raised", "rule_put"])
        #expect(journal.map { $0["authid"] } == ["anna", .null, "erik"])
        #expect(journal[0]["comment"] == "on my way")
    }

    @Test(
        arguments: [
            (.acknowledge, ["rule": "boiler", "device_key": 8], .notFound),
            (.acknowledge, ["rule": "motor", "device_key": 7], .notFound),
            (.reset, ["rule": "boiler", "device_key": 7], "alarms.error.not_possible"),
            (.shelve, ["rule": "boiler", "device_key": 7, "until": 5, "reason": "why"], .invalidArgument),
            (.deleteRule, ["name": "motor"], .notFound),
            (.putRule, ["rule": "name: a\ntable: motors"], .invalidArgument),
        ] as [(AlarmProcedure, [String: Value], ErrorURI)])
    func `what is refused says so by its URI`(
        _ procedure: AlarmProcedure, _ values: [String: Value], _ uri: ErrorURI
    ) async throws {
        let alarms = try await alarms(try directory.store(), FakeSession(realm: realm))
        try await put(boiler(), alarms)
        await live(alarms, 99)
        let error = await #expect(throws: WAMPError.self) { try await call(procedure, alarms, values) }
        #expect(error?.uri == uri)
        #expect(try error?.payload.decodedArguments().first?.string?.isEmpty == false)
    }

    @Test func `a wrong rule file is answered with line, key and reason`() async throws {
        let alarms = try await alarms(try directory.store(), FakeSession(realm: realm))
        let error = await #expect(throws: WAMPError.self) {
            try await call(.putRule, alarms, ["rule": "name: a\ntable: motors\nseverities: {}"])
        }
        let parts = try #require(try error?.payload.decodedArgumentsKw())
        #expect(parts["line"] == 2)
        #expect(parts["key"] == "table")
        #expect(parts["reason"]?.string?.contains("no table \"motors\"") == true)
    }

    @Test func `rows that come too fast are dropped and read later`() async throws {
        let session = FakeSession(realm: realm)
        let alarms = try await alarms(try directory.store(), session)
        try await put(boiler(), alarms)
        let long: Value = ["tsp": 1_000_000, "device_key": 7, "note": .string(String(repeating: "x", count: 1 << 20))]
        for _ in 0..<RealmInbox.rowBytesMax >> 20 { session.emit("fleetdb.commit.sensordata", fleet.commit([long])) }
        // Too much by now, and no row follows that could show the gap.
        session.emit("fleetdb.commit.sensordata", fleet.commit(temperature: 99))
        async let work: Void = alarms.run()
        for _ in 0..<5000 where changes(session).isEmpty { try await Task.sleep(for: .milliseconds(1)) }
        alarms.inbox.finish()
        await work
        #expect(changes(session) == ["raised"])
        #expect(session.hasLeft)
    }

    // MARK: Calling

    private func call(
        _ procedure: AlarmProcedure, _ alarms: RealmAlarms, _ values: [String: Value], as authid: String = "anna"
    ) async throws -> Value {
        let responder = FakeResponder()
        await alarms.answer(
            procedure,
            Invocation(
                request: RequestID(1), registration: RegistrationID(1), procedure: procedure.uri,
                callerAuthID: authid, callerAuthRole: "operator", payload: Payload([], values), responder: responder))
        return try await responder.result()
    }

    private func list(_ alarms: RealmAlarms, _ session: FakeSession) async throws -> [Value] {
        try await call(.list, alarms, [:]).list ?? []
    }
}
