import ModuleKit
import Testing
import WAMP

@testable import Credentials
@testable import Provisioner

/// What was taken back is gone: at the next handshake and from the sessions that are open.
@Suite struct RevocationTests {
    let plant: Plant
    let serial = "SER-1"
    let secret: String

    init() async throws {
        plant = try await Plant(try Directory())
        secret = try await plant.furnish().secret
        try await plant.install()
    }

    private func joins(_ secret: String? = nil) async throws -> Bool {
        guard let session = try await plant.join("realm-3-5-prod", "wampcra", serial, secret ?? self.secret) else {
            return false
        }
        await session.leave(reason: .normalClose)
        return true
    }

    /// Does something while the device is connected, and says whether its session was ended.
    private func endsSession(_ work: () async throws -> Void) async throws -> Bool {
        let changes = try await plant.events("gantry.device.on_change")
        _ = try #require(try await plant.join("realm-3-5-prod", "wampcra", serial, secret))
        _ = try #require(await changes.next { $0["connected"] == true })
        try await work()
        return await changes.next { $0["connected"] == false } != nil
    }

    @Test func `a disabled device is out, and enabled in again`() async throws {
        let isOut = try await endsSession { _ = try await plant.ask("device.disable", ["device": "SER-1"]) }
        #expect(isOut)
        #expect(try await !joins())
        #expect(try await plant.ask("device.list").list?.first?["disabled"] == true)
        _ = try await plant.ask("device.enable", ["device": "left press"])
        #expect(try await joins())
    }

    @Test func `a rotated device has another secret, and so have its apps`() async throws {
        let before = try await plant.install()
        var fresh = ""
        let isOut = try await endsSession {
            fresh = try await plant.ask("device.rotate", ["device": "SER-1"])["secret"]?.string ?? ""
        }
        #expect(isOut)
        #expect(try await !joins())
        #expect(try await joins(fresh))
        #expect(try await plant.install()["APP_AUTH_SECRET"] != before["APP_AUTH_SECRET"])
    }

    @Test func `a removed device is gone, and its successor is another`() async throws {
        let isOut = try await endsSession { _ = try await plant.ask("device.remove", ["device": "SER-1"]) }
        #expect(isOut)
        #expect(try await !joins())
        #expect(try await plant.ask("device.list") == [])
        let again = try await plant.ask("device.add", ["project": "hall", "name": "left press", "serial": "SER-1"])
        #expect(again["device_key"] == 2)
        #expect(try await !joins(again["secret"]?.string))
        try await plant.install()
        #expect(try await joins(again["secret"]?.string))
        #expect(try await !joins())
    }

    @Test func `an uninstalled app lets the device in no more, and its credential does not come back`() async throws {
        let first = try await plant.install()
        let isOut = try await endsSession {
            _ = try await plant.ask(
                "app.uninstall", ["project": "hall", "app": "press", "device": "SER-1", "stage": "prod"])
        }
        #expect(isOut)
        #expect(try await !joins())
        let again = try await plant.install()
        #expect(again["APP_AUTH_ID"] == "app-5-prod-e2@SER-1")
        let old = (first["APP_AUTH_ID"]?.string ?? "", first["APP_AUTH_SECRET"]?.string ?? "")
        #expect(try await plant.join("realm-3-5-prod", "wampcra", old.0, old.1) == nil)
    }

    @Test func `a rotated app credential has a quarter of an hour of grace`() async throws {
        let old = try await plant.install()
        let rotated = try await plant.ask("app.rotate", ["project": "hall", "app": "press"])
        #expect(rotated == [["device_key": 1, "serial": "SER-1", "stage": "prod", "epoch": 2]])
        let new = try await plant.install()
        #expect(new["APP_AUTH_ID"] == "app-5-prod-e2@SER-1")
        func isGood(_ environment: Value) async throws -> Bool {
            try await plant.join(
                "realm-3-5-prod", "wampcra", environment["APP_AUTH_ID"]?.string ?? "",
                environment["APP_AUTH_SECRET"]?.string ?? "") != nil
        }
        #expect(try await isGood(old))
        #expect(try await isGood(new))
        plant.clock.advance(seconds: 15 * 60)
        #expect(try await !isGood(old))
        #expect(try await isGood(new))
        #expect(try await joins())
    }

    @Test func `a locked, changed or removed account is out`() async throws {
        let changes: [(String, [String: Value])] = [
            ("user.lock", [:]), ("user.set_role", ["role": "engineer"]),
            ("user.set_password", ["password": "another four words"]), ("user.remove", [:]),
        ]
        for (verb, arguments) in changes {
            let session = try await plant.person("vera", .viewer)
            _ = try await session.ask("gantry.project.list")
            _ = try await plant.ask(verb, arguments.merging(["name": "vera"]) { $1 })
            let error = await failure { try await session.ask("gantry.project.list") }
            #expect(error != nil, "\(verb)")
            if verb != "user.remove" { _ = try await plant.ask("user.remove", ["name": "vera"]) }
        }
    }
}
