import Foundation
import ModuleKit
import Router
import Testing
import WAMP

@testable import Credentials
@testable import Provisioner

/// From an empty appliance to a device that is in its app's realm, as the command line drives it.
@Suite struct WholeRoadTests {
    let directory: Directory
    let plant: Plant

    init() async throws {
        directory = try Directory()
        plant = try await Plant(directory)
    }

    private func environment(_ value: Value) throws -> [String: String] {
        try #require(value.dictionary).compactMapValues(\.string)
    }

    @Test func `the results have the keys that scripts rely on`() async throws {
        #expect(try await plant.ask("project.add", ["name": "hall"]) == ["swarm_key": 1, "name": "hall"])
        let app = try await plant.ask(
            "app.add", ["project": "1", "name": "press", "key": 5, "template": .string(Plant.template)])
        #expect(app["app_key"] == 5 && app["swarm_key"] == 1 && app["tables"] == ["readings"])
        let device = try await plant.ask("device.add", ["project": "HALL", "name": "left press"])
        #expect(Set(try #require(device.dictionary).keys) == ["device_key", "serial", "secret", "swarm_key", "name"])
        #expect(device["device_key"] == 1)
        #expect(device["serial"]?.string?.hasPrefix("GN-") == true)
        #expect(device["secret"]?.string?.count == 43)
    }

    @Test func `an install answers with the environment of the SDK, and nothing else`() async throws {
        _ = try await plant.furnish()
        let installed = try await plant.install()
        let variables = try environment(installed)
        #expect(variables.count == installed.dictionary?.count)
        let secret = try #require(variables["APP_AUTH_SECRET"])
        #expect(
            variables == [
                "DEVICE_SERIAL_NUMBER": "SER-1", "SWARM_KEY": "3", "APP_KEY": "5", "DEVICE_KEY": "1",
                "APP_NAME": "press", "DEVICE_NAME": "left press", "ENV": "PROD",
                "DEVICE_ENDPOINT_URL": "wss://10.0.0.5:8443/ws-ua-usr", "APP_AUTH_ID": "app-5-prod-e1@SER-1",
                "APP_AUTH_SECRET": secret, "SSL_CERT_FILE": "/etc/gantry/ca.pem",
            ])
        #expect(Data(base64Encoded: secret)?.count == 32)
        #expect(try await plant.install() == installed)
        let again = try await plant.ask(
            "app.environment", ["project": 3, "app": 5, "device": "SER-1", "stage": "prod"])
        #expect(again == installed)
    }

    @Test func `the first install opens the realm, after its tables are there`() async throws {
        _ = try await plant.furnish()
        #expect(try await plant.ask("realm.list") == [])
        await #expect(throws: WAMPError.self) { try await plant.router.join("realm-3-5-prod", as: .service("x")) }
        let opened = try await plant.events("gantry.realm.on_open")
        let limited = try await plant.events("gantry.realm.on_open.3")
        try await plant.install()
        #expect(plant.fleetDB.prepared.map(\.realm) == ["realm-3-5-prod"])
        let template = try TemplateReader.read(Plant.template).value
        #expect(plant.fleetDB.prepared.first?.template == template)
        for stream in [opened, limited] {
            let event = await stream.next { _ in true }
            #expect(event?["realm"] == "realm-3-5-prod" && event?["template"] == template)
        }
        let realm = try #require(try await plant.ask("realm.list").list?.first)
        #expect(realm["realm"] == "realm-3-5-prod" && realm["app"] == "press" && realm["project"] == "hall")
        #expect(realm["template"] == template)
        _ = try await plant.ask("device.add", ["project": "hall", "name": "right press", "serial": "SER-2"])
        try await plant.install("right press")
        #expect(plant.fleetDB.prepared.count == 1)
        try await plant.install("left press", .dev)
        #expect(plant.fleetDB.prepared.map(\.realm) == ["realm-3-5-prod", "realm-3-5-dev"])
    }

    @Test func `a device joins by each of its credentials, and is seen`() async throws {
        let (serial, secret) = try await plant.furnish()
        let variables = try environment(try await plant.install())
        let changes = try await plant.events("gantry.device.on_change")
        #expect(try await plant.join("realm-3-5-prod", "wampcra", serial, "wrong") == nil)
        #expect(try await plant.join("realm-3-5-dev", "wampcra", serial, secret) == nil)
        let device = try #require(try await plant.join("realm-3-5-prod", "wampcra", serial, secret))
        let app = try #require(
            try await plant.join(
                "realm-3-5-prod", "wampcra", variables["APP_AUTH_ID"] ?? "", variables["APP_AUTH_SECRET"] ?? ""))
        let connected = await changes.next { $0["sessions"] == 2 }
        #expect(connected?["serial"] == "SER-1" && connected?["connected"] == true)
        #expect(connected?["realms"] == ["realm-3-5-prod"])
        let listed = try #require(try await plant.ask("device.list", ["project": "hall"]).list?.first)
        #expect(listed["connected"] == true && listed["joins"] == 2)
        #expect(listed["installs"] == [["app_key": 5, "app": "press", "stage": "prod"]])
        #expect(try await plant.ask("realm.list").list?.first?["devices_connected"] == 1)

        await device.leave(reason: .normalClose)
        await app.leave(reason: .normalClose)
        let gone = await changes.next { $0["connected"] == false }
        #expect(gone?["last_seen"]?.integer ?? 0 > 1_600_000_000_000)
        #expect(gone?["realms"] == [])
    }

    @Test func `a restart keeps everything and opens the realms again`() async throws {
        let (serial, secret) = try await plant.furnish()
        let before = try await plant.install()
        let session = try #require(try await plant.join("realm-3-5-prod", "wampcra", serial, secret))
        let changes = try await plant.events("gantry.device.on_change")
        await session.leave(reason: .normalClose)
        let left = await changes.next { $0["connected"] == false }
        await plant.stop()

        let restarted = try await Plant(directory)
        #expect(restarted.fleetDB.prepared.map(\.realm) == ["realm-3-5-prod"])
        #expect(
            try await restarted.ask("app.environment", ["project": 3, "app": 5, "device": 1, "stage": "prod"]) == before
        )
        #expect(try await restarted.join("realm-3-5-prod", "wampcra", serial, secret) != nil)
        let device = try #require(try await restarted.ask("device.list").list?.first)
        #expect(device["last_seen"]?.integer ?? 0 >= left?["last_seen"]?.integer ?? .max)
    }

    @Test func `without FleetDB realms open all the same`() async throws {
        let alone = try await Plant(try Directory(), fleetDB: FleetDBStandIn())
        _ = try await alone.furnish()
        try await alone.install()
        #expect(try await alone.router.join("realm-3-5-prod", as: .service("x")).realm == "realm-3-5-prod")
    }

    @Test func `an install that FleetDB refuses leaves nothing behind`() async throws {
        let (serial, secret) = try await plant.furnish()
        plant.fleetDB.refuse("no room for tables")
        let error = await failure { try await plant.install() }
        #expect(error?.uri == .invalidArgument && error?.sentence == "no room for tables")
        #expect(try await plant.ask("realm.list") == [])
        #expect(try await plant.ask("device.list").list?.first?["installs"] == [])
        #expect(try await plant.join("realm-3-5-prod", "wampcra", serial, secret) == nil)
        plant.fleetDB.refuse(nil)
        try await plant.install()
        #expect(try await plant.join("realm-3-5-prod", "wampcra", serial, secret) != nil)
    }

    @Test func `a realm that FleetDB refuses at the start opens when its template is mended`() async throws {
        let (serial, secret) = try await plant.furnish()
        try await plant.install()
        await plant.stop()
        let fleetDB = FleetDBStandIn()
        fleetDB.refuse("not these tables")
        let restarted = try await Plant(directory, fleetDB: fleetDB)
        await #expect(throws: WAMPError.self) { try await restarted.router.join("realm-3-5-prod", as: .service("x")) }
        fleetDB.refuse(nil)
        let wider = Plant.template + "\n        - {id: more, name: M, description: d, dataType: json}\n"
        _ = try await restarted.ask("app.template", ["project": 3, "app": 5, "template": .string(wider)])
        #expect(try await restarted.join("realm-3-5-prod", "wampcra", serial, secret) != nil)
    }

    @Test func `a plant that comes back at once is announced device by device`() async throws {
        _ = try await plant.furnish()
        var secrets: [(String, String)] = []
        for index in 0..<40 {
            let serial = "S-\(index)"
            let device = try await plant.ask(
                "device.add", ["project": "hall", "name": .string("press \(index)"), "serial": .string(serial)])
            try await plant.install("press \(index)")
            secrets.append((serial, try #require(device["secret"]?.string)))
        }
        let changes = try await plant.events("gantry.device.on_change")
        for (serial, secret) in secrets {
            _ = try #require(try await plant.join("realm-3-5-prod", "wampcra", serial, secret))
        }
        for (serial, _) in secrets {
            let change = await changes.next { $0["connected"] == true }
            #expect(change?["serial"] == .string(serial))
        }
        #expect(try await plant.ask("realm.list").list?.first?["devices_connected"] == 40)
    }

    @Test func `installs at the same time open a realm once`() async throws {
        _ = try await plant.furnish()
        for index in 2...9 {
            _ = try await plant.ask("device.add", ["project": "hall", "name": .string("press \(index)")])
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 2...9 { group.addTask { [plant] in try await plant.install("press \(index)") } }
            try await group.waitForAll()
        }
        #expect(plant.fleetDB.prepared.map(\.realm) == ["realm-3-5-prod"])
        #expect(try await plant.ask("realm.list").list?.count == 1)
    }
}
