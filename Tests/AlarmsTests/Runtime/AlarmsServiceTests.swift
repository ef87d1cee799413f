import Logging
import ModuleKit
import Synchronization
import Testing
import WAMP

@testable import Alarms

/// The module among realms that open and close.
struct AlarmsServiceTests {
    private static let prod = "realm-3-5-prod"
    private static let dev = "realm-3-5-dev"

    private let directory: TemporaryDirectory
    private let time = ManualClock()
    private let fleet = FakeFleetDB()

    init() throws { directory = try TemporaryDirectory() }

    private static func entry(_ realm: String, _ stage: String) -> Value {
        [
            "realm": .string(realm), "project": "hall", "app": "boiler", "stage": .string(stage), "swarm_key": 3,
            "app_key": 5,
        ]
    }

    private static func event(_ stage: String) -> Payload {
        Payload([], entry("realm-3-5-\(stage)", stage).dictionary ?? [:])
    }

    private func host(_ open: Set<String>, list: [Value]) -> FakeRealmHost {
        FakeRealmHost(open: open) { [fleet] session in
            guard session.realm == adminRealm else { return }
            session.answer("gantry.realm.list") { _ throws(WAMPError) in Payload([.list(list)]) }
            session.answer("fleetdb.rows.since") { payload throws(WAMPError) in try fleet.answer(payload) }
        }
    }

    /// Prepares a service and runs it while the test looks at it.
    private func running(_ host: FakeRealmHost, _ test: () async throws -> Void) async throws {
        let context = ModuleContext(
            directory: directory.path, keysDirectory: directory.path,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }), realms: host, http: NoRoutes(),
            authenticators: AuthenticatorRegistry(), attempts: NobodyTries())
        let service = AlarmsService(configuration: AlarmsConfiguration(), context: context, clock: time.clock)
        try await service.prepare()
        let task = Task { try await service.run() }
        defer { task.cancel() }
        try await test()
        task.cancel()
        _ = await task.result
    }

    /// Waits until something is true that another task brings about.
    private func eventually(_ condition: () -> Bool) async -> Bool {
        for _ in 0..<2000 {
            if condition() { return true }
            try? await Task.sleep(for: .milliseconds(1))
        }
        return false
    }

    @Test func `realms that are open have their procedures when prepare returns`() async throws {
        let host = host([adminRealm, Self.prod], list: [Self.entry(Self.prod, "prod")])
        try await running(host) {
            let session = try #require(host.session(in: Self.prod))
            #expect(session.procedures == Set(AlarmProcedure.allCases.map(\.uri)))
            #expect(try await session.invoke("alarms.list") == [])
        }
    }

    @Test func `the command line's verbs reach the realm that project, app and stage name`() async throws {
        let host = host(
            [adminRealm, Self.prod, Self.dev], list: [Self.entry(Self.prod, "prod"), Self.entry(Self.dev, "dev")])
        try await running(host) {
            let admin = try #require(host.session(in: adminRealm))
            var arguments: [String: Value] = ["project": "hall", "app": 5, "stage": "prod"]
            arguments["rule"] = .string(
                """
                name: hot
                table: sensordata
                severities: { major: { column: temperature, operator: ">", value: 85 } }
                """)
            let rule = try await admin.invoke("gantry.alarm.rule.add", arguments, as: "root", role: "admin")
            #expect(rule["name"] == "hot")
            let prod = try await admin.invoke(
                "gantry.alarm.rule.list", ["project": "3", "app": "boiler", "stage": "prod"])
            #expect(prod.list?.count == 1)
            let dev = try await admin.invoke("gantry.alarm.rule.list", ["realm": .string(Self.dev)])
            #expect(dev.list?.isEmpty == true)

            let session = try #require(host.session(in: Self.prod))
            session.emit("fleetdb.commit.sensordata", fleet.commit(temperature: 90))
            #expect(await eventually { session.publications.contains { $0.topic == "alarms.on_change" } })
            let history = try await session.invoke("alarms.history")
            #expect(history.list?.last?["authid"] == "root")
        }
    }

    @Test(
        arguments: [
            (["project": "hall", "app": "boiler"], .invalidArgument), ([:], .invalidArgument),
            (["project": "hall", "app": "pump", "stage": "prod"], .notFound),
            (["project": "4", "stage": "prod"], .notFound), (["realm": "realm-9-9-prod"], .notFound),
            (["project": true], .invalidArgument),
        ] as [([String: Value], ErrorURI)])
    func `a place that is not one realm is refused`(_ arguments: [String: Value], _ uri: ErrorURI) async throws {
        let host = host(
            [adminRealm, Self.prod, Self.dev], list: [Self.entry(Self.prod, "prod"), Self.entry(Self.dev, "dev")])
        try await running(host) {
            let admin = try #require(host.session(in: adminRealm))
            let error = await #expect(throws: WAMPError.self) {
                try await admin.invoke("gantry.alarm.rule.list", arguments)
            }
            #expect(error?.uri == uri)
        }
    }

    @Test func `a realm that opens later is joined, one that closes is left, one that opens again is as it was`()
        async throws
    {
        let host = host([adminRealm, Self.prod], list: [])
        try await running(host) {
            let admin = try #require(host.session(in: adminRealm))
            #expect(host.session(in: Self.prod) == nil)
            admin.emit("gantry.realm.on_open", Self.event("prod"))
            #expect(await eventually { host.session(in: Self.prod)?.procedures.count == AlarmProcedure.allCases.count })
            let first = try #require(host.session(in: Self.prod))
            _ = try await first.invoke("alarms.rule.put", boiler().value.dictionary ?? [:])

            admin.emit("gantry.realm.on_close", Payload([], ["realm": .string(Self.prod)]))
            #expect(await eventually { first.hasLeft })
            admin.emit("gantry.realm.on_open", Self.event("prod"))
            #expect(await eventually { host.session(in: Self.prod) !== first })
            let second = try #require(host.session(in: Self.prod))
            #expect(await eventually { second.procedures.contains("alarms.rule.list") })
            #expect(try await second.invoke("alarms.rule.list").list?.map { $0["name"] } == ["boiler"])
        }
    }

    @Test func `what is left out fits any, as long as one fits`() async throws {
        let host = host([adminRealm, Self.prod], list: [Self.entry(Self.prod, "prod")])
        try await running(host) {
            let admin = try #require(host.session(in: adminRealm))
            #expect(try await admin.invoke("gantry.alarm.rule.list") == [])
            #expect(try await admin.invoke("gantry.alarm.list", ["stage": "PROD"]) == [])
        }
    }

    @Test func `a call does not depend on whether the event of its realm was first`() async throws {
        let host = host([adminRealm, Self.prod], list: [])
        try await running(host) {
            let admin = try #require(host.session(in: adminRealm))
            let list: Value = [Self.entry(Self.prod, "prod")]
            admin.answer("gantry.realm.list") { _ throws(WAMPError) in Payload([list]) }
            #expect(try await admin.invoke("gantry.alarm.rule.list", ["project": "hall"]) == [])
        }
    }

    @Test func `a template checks rules as soon as it is known`() async throws {
        let host = host([adminRealm, Self.prod], list: [Self.entry(Self.prod, "prod")])
        try await running(host) {
            let session = try #require(host.session(in: Self.prod))
            _ = try await session.invoke("alarms.rule.put", boiler(table: "anything").value.dictionary ?? [:])
            var entry = Self.entry(Self.prod, "prod").dictionary ?? [:]
            entry["template"] = ["data": ["tables": [["tablename": "sensordata", "columns": [["id": "temperature"]]]]]]
            let admin = try #require(host.session(in: adminRealm))
            admin.emit("gantry.realm.on_open", Payload([], entry))
            let rule = boiler(name: "second", table: "anything").value.dictionary ?? [:]
            var refusal: WAMPError?
            for _ in 0..<2000 where refusal == nil {
                do throws(WAMPError) { _ = try await session.invoke("alarms.rule.put", rule) } catch { refusal = error }
            }
            #expect(refusal?.uri == .invalidArgument)
        }
    }
}

/// Nobody authenticates here.
private struct NobodyTries: AttemptJudging {
    func begin() -> Duration { .zero }
    func verdict(_ isRight: Bool, from address: String, on subject: String, since start: Duration) async -> Bool {
        false
    }
    func mayGoOn(from address: String, on subject: String, since start: Duration) async -> Bool { false }
    func refuse(since start: Duration) async {}
    func forgive(_ subject: String) {}
}
