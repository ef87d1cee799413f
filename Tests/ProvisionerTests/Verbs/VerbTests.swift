import Foundation
import ModuleKit
import Router
import Testing
import WAMP

@testable import Credentials
@testable import Provisioner

@Suite struct VerbTests {
    let plant: Plant

    init() async throws {
        plant = try await Plant(try Directory())
        _ = try await plant.furnish()
    }

    struct Mistake: Sendable, CustomTestStringConvertible {
        var verb: String
        var arguments: [String: Value]
        var uri: ErrorURI
        var field: String
        var testDescription: String { "\(verb) \(arguments.keys.sorted()) → \(uri) \(field)" }

        init(_ verb: String, _ arguments: [String: Value], _ uri: ErrorURI, _ field: String) {
            (self.verb, self.arguments, self.uri, self.field) = (verb, arguments, uri, field)
        }
    }

    static let mistakes: [Mistake] = [
        Mistake("project.add", [:], .invalidArgument, "name"),
        Mistake("project.add", ["name": 7], .invalidArgument, "name"),
        Mistake("project.add", ["name": "../x"], .invalidArgument, "name"),
        Mistake("project.add", ["name": "x", "key": 0], .invalidArgument, "key"),
        Mistake("project.add", ["name": "x", "key": 9_007_199_254_740_992], .invalidArgument, "key"),
        Mistake("project.add", ["name": "x", "key": "7"], .invalidArgument, "key"),
        Mistake("project.add", ["name": "Hall"], .conflict, "name"),
        Mistake("project.add", ["name": "other", "key": 3], .conflict, "key"),
        Mistake("app.add", ["name": "x", "template": ""], .invalidArgument, "project"),
        Mistake("app.add", ["project": "none", "name": "x", "template": ""], .notFound, "project"),
        Mistake("app.add", ["project": true, "name": "x", "template": ""], .invalidArgument, "project"),
        Mistake("app.add", ["project": "hall", "name": "x"], .invalidArgument, "template"),
        Mistake("app.add", ["project": "hall", "name": "x", "template": "datta: 1"], .invalidArgument, "template"),
        Mistake("app.add", ["project": "hall", "name": "press", "template": ""], .conflict, "name"),
        Mistake("app.add", ["project": "hall", "name": "x", "key": 5, "template": ""], .conflict, "key"),
        Mistake("app.template", ["project": "hall", "app": "none"], .notFound, "app"),
        Mistake("app.install", ["project": "hall", "app": "press", "stage": "prod"], .invalidArgument, "device"),
        Mistake(
            "app.install", ["project": "hall", "app": "press", "device": "none", "stage": "prod"], .notFound, "device"),
        Mistake("app.install", ["project": "hall", "app": "press", "device": "SER-1"], .invalidArgument, "stage"),
        Mistake(
            "app.install", ["project": "hall", "app": "press", "device": "SER-1", "stage": "PROD"], .invalidArgument,
            "stage"),
        Mistake(
            "app.environment", ["project": "hall", "app": "press", "device": "SER-1", "stage": "prod"], .notFound,
            "app"),
        Mistake(
            "app.uninstall", ["project": "hall", "app": "press", "device": "SER-1", "stage": "prod"], .notFound, "app"),
        Mistake("app.rotate", ["project": "hall", "app": "press"], .notFound, "app"),
        Mistake("device.add", ["project": "hall", "name": "left press"], .conflict, "name"),
        Mistake("device.add", ["project": "hall", "name": "x", "serial": "ser-1"], .conflict, "serial"),
        Mistake("device.add", ["project": "hall", "name": "x", "serial": "a@b"], .invalidArgument, "serial"),
        Mistake("device.add", ["project": "hall", "name": "x", "serial": ""], .invalidArgument, "serial"),
        Mistake("device.disable", ["device": "none"], .notFound, "device"),
        Mistake("device.list", ["project": "none"], .notFound, "project"),
        Mistake("user.add", ["name": "9x", "role": "viewer"], .invalidArgument, "name"),
        Mistake("user.add", ["name": "x", "role": "owner"], .invalidArgument, "role"),
        Mistake("user.add", ["name": "x"], .invalidArgument, "role"),
        Mistake("user.add", ["name": "x", "role": "viewer", "password": "short"], .invalidArgument, "password"),
        Mistake("user.add", ["name": "x", "role": "viewer", "project": "none"], .notFound, "project"),
        Mistake("user.lock", ["name": "nobody"], .notFound, "name"),
        Mistake("user.set_role", ["name": "nobody", "role": "viewer"], .notFound, "name"),
        Mistake("user.set_password", ["name": "nobody", "password": "four words make one"], .notFound, "name"),
        Mistake("user.remove", ["name": "nobody"], .notFound, "name"),
    ]

    @Test(arguments: mistakes)
    func `a mistake has its URI, its field and a sentence`(mistake: Mistake) async throws {
        let error = try #require(await failure { try await plant.ask(mistake.verb, mistake.arguments) })
        #expect(error.uri == mistake.uri)
        #expect(error.field == mistake.field)
        #expect((error.sentence ?? "").count > 10)
    }

    @Test func `a wrong template says every line, key and rule`() async throws {
        let text = "data:\n  tables:\n    - tablename: Bad\n      dropafter: 3\n"
        let error = try #require(
            await failure {
                try await plant.ask("app.add", ["project": "hall", "name": "x", "template": .string(text)])
            })
        let errors = try #require(try error.payload.decodedArgumentsKw()["errors"]?.list)
        #expect(errors.map { $0["line"] } == [3, 3, 4])
        #expect(errors.last?["key"] == "data.tables[0].dropafter")
        #expect(errors.last?["suggestion"] == "did you mean \"dropAfter\"?")
        #expect(error.sentence?.contains("data-template.yml:4:7: data.tables[0].dropafter: unknown key") == true)
    }

    @Test func `a template is shown, and replaced when FleetDB takes it`() async throws {
        try await plant.install()
        let changes = try await plant.events("gantry.realm.on_change")
        let app: [String: Value] = ["project": "hall", "app": "press"]
        #expect(try await plant.ask("app.template", app)["text"] == .string(Plant.template))
        let wider = Plant.template + "\n        - {id: more, name: M, description: d, dataType: json}\n"
        plant.fleetDB.refuse("not this one")
        #expect(
            await failure { try await plant.ask("app.template", app.merging(["template": .string(wider)]) { $1 }) }?
                .sentence == "not this one")
        #expect(try await plant.ask("app.template", app)["text"] == .string(Plant.template))
        plant.fleetDB.refuse(nil)
        let answer = try await plant.ask("app.template", app.merging(["template": .string(wider)]) { $1 })
        #expect(answer["text"] == .string(wider))
        #expect(plant.fleetDB.prepared.count == 2)
        #expect(plant.fleetDB.prepared.last?.template == answer["template"])
        #expect(await changes.next { _ in true }?["template"] == answer["template"])
        #expect(try await plant.ask("realm.list").list?.first?["template"] == answer["template"])
    }

    @Test func `people are added, listed, changed and removed`() async throws {
        let added = try await plant.ask("user.add", ["name": "Vera", "role": "viewer", "project": "hall"])
        #expect(added["name"] == "vera" && added["swarm_key"] == 3 && added["must_change_password"] == true)
        let password = try #require(added["password"]?.string)
        #expect(PasswordRules.objection(to: password, of: "vera") == nil)
        let chosen = try await plant.ask(
            "user.add", ["name": "ada", "role": "admin", "password": "four words make one"])
        #expect(chosen["password"] == nil && chosen["must_change_password"] == false && chosen["swarm_key"] == .null)
        #expect(try await plant.ask("user.list").list?.map { $0["name"] } == ["ada", "vera"])
        #expect(try await plant.ask("user.lock", ["name": "vera"])["locked"] == true)
        #expect(try await plant.ask("user.unlock", ["name": "vera"])["locked"] == false)
        let moved = try await plant.ask("user.set_role", ["name": "vera", "role": "engineer"])
        #expect(moved["role"] == "engineer" && moved["swarm_key"] == 3)
        #expect(
            try await plant.ask("user.set_role", ["name": "vera", "role": "admin", "project": nil])["swarm_key"]
                == .null)
        let conflict = await failure { try await plant.ask("user.add", ["name": "VERA", "role": "viewer"]) }
        #expect(conflict?.uri == .conflict)
        _ = try await plant.ask("user.remove", ["name": "ada"])
        let last = await failure { try await plant.ask("user.remove", ["name": "vera"]) }
        #expect(last?.uri == .conflict && last?.sentence?.contains("last administrator") == true)
        for user in try #require(try await plant.ask("user.list").list) {
            #expect(user["password"] == nil)
        }
    }

    /// A procedure that nobody has put into the matrix is one whose callers nobody has thought about.
    @Test func `every procedure that is registered is in the golden matrix`() async throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let matrix = try String(contentsOf: root.appendingPathComponent("docs/roles.md"), encoding: .utf8)
        let list = try await plant.administrator.call("wamp.registration.list")
        let ids = try #require(try list.decodedArguments().first?["exact"]?.list)
        var procedures: Set<String> = []
        for id in ids {
            let registration = try await plant.administrator.call("wamp.registration.get", Payload([id]))
            procedures.insert(try #require(try registration.decodedArguments().first?["uri"]?.string))
        }
        #expect(procedures.count >= 30)
        for procedure in procedures {
            #expect(matrix.contains("| `\(procedure)` | `gantry.admin` |"), "\(procedure)")
        }
    }

    @Test func `nobody who signs in can ask what the modules ask each other`() async throws {
        let admin = try await plant.person("ada", .admin)
        for session in [admin, plant.administrator] {
            for procedure in [
                "credentials.device.issue", "credentials.device.remove", "credentials.app.secret",
                "credentials.user.scope", "provisioner.device.get", "provisioner.project.get", "fleetdb.realm.prepare",
            ] {
                let error = await failure { try await session.ask(procedure, ["serial": "SER-1"]) }
                #expect(error?.uri == .notAuthorized, "\(procedure)")
            }
        }
    }
}

/// Accounts that are limited to one project.
@Suite struct CallerScopeTests {
    let plant: Plant

    init() async throws {
        plant = try await Plant(try Directory())
        _ = try await plant.furnish()
        try await plant.install()
        _ = try await plant.ask("project.add", ["name": "yard", "key": 4])
        _ = try await plant.ask(
            "app.add", ["project": "yard", "name": "crane", "key": 6, "template": .string(Plant.template)])
        _ = try await plant.ask("device.add", ["project": "yard", "name": "left crane", "serial": "SER-9"])
        _ = try await plant.ask(
            "app.install", ["project": "yard", "app": "crane", "device": "SER-9", "stage": "prod"])
    }

    @Test(arguments: ["project.list", "app.list", "device.list", "realm.list"])
    func `lists show the one project alone`(verb: String) async throws {
        let limited = try await plant.person("oskar", .operator, project: "yard")
        #expect(try await limited.ask("gantry.\(verb)").list?.map { $0["swarm_key"] } == [4])
        let free = try await plant.person("vera", .viewer)
        #expect(try await free.ask("gantry.\(verb)").list?.map { $0["swarm_key"] } == [3, 4])
        #expect(try await plant.ask(verb).list?.count == 2)
    }

    @Test func `another project's things are not there`() async throws {
        let limited = try await plant.person("ada", .admin, project: "yard")
        let attempts: [(String, [String: Value])] = [
            ("app.add", ["project": "hall", "name": "x", "template": ""]), ("app.list", ["project": 3]),
            ("app.template", ["project": "hall", "app": "press", "template": ""]),
            ("app.install", ["project": "hall", "app": "press", "device": "SER-1", "stage": "prod"]),
            ("app.install", ["project": "yard", "app": "crane", "device": "SER-1", "stage": "prod"]),
            ("app.environment", ["project": "hall", "app": "press", "device": "SER-1", "stage": "prod"]),
            ("app.rotate", ["project": "hall", "app": "press"]), ("device.add", ["project": "hall", "name": "x"]),
            ("device.disable", ["device": "SER-1"]), ("device.rotate", ["device": 1]),
            ("device.remove", ["device": "left press"]), ("device.remove", ["device": "SER-1", "project": "hall"]),
        ]
        for (verb, arguments) in attempts {
            let error = await failure { try await limited.ask("gantry.\(verb)", arguments) }
            #expect(error?.uri == .notFound, "\(verb) \(arguments)")
        }
        #expect(try await plant.ask("device.list", ["project": "hall"]).list?.first?["disabled"] == false)
        _ = try await limited.ask("gantry.device.disable", ["device": "SER-9"])
    }

    @Test func `what no scope allows is refused`() async throws {
        let limited = try await plant.person("ada", .admin, project: "yard")
        for verb in ["project.add", "user.list", "user.add", "user.set_role"] {
            let error = await failure { try await limited.ask("gantry.\(verb)", ["name": "ada", "role": "admin"]) }
            #expect(error?.uri == .notAuthorized, "\(verb)")
        }
        for topic in ["gantry.device.on_change", "gantry.device.on_change.3"] {
            await #expect(throws: WAMPError.self) {
                _ = try await limited.subscribe(topic, options: SubscribeOptions()) { _ in }
            }
        }
    }

    @Test func `a limited account hears of its own project`() async throws {
        let limited = try await plant.person("oskar", .operator, project: "yard")
        let stream = EventStream()
        _ = try await limited.subscribe("gantry.device.on_change.4", options: SubscribeOptions()) { event in
            stream.append((try? event.payload.decodedArgumentsKw()) ?? [:])
        }
        _ = try await plant.ask("device.disable", ["device": "SER-1"])
        _ = try await plant.ask("device.disable", ["device": "SER-9"])
        #expect(await stream.next { _ in true }?["serial"] == "SER-9")
    }

    @Test func `an account that was removed, but whose session still stands, is nobody`() async throws {
        let session = try await plant.router.join(
            adminRealm,
            as: Principal(
                authid: "ghost", authrole: "admin", authmethod: "ticket", authprovider: "gantry",
                permissions: RolePermissions.administration(.admin)))
        #expect(await failure { try await session.ask("gantry.device.list") }?.uri == .notAuthorized)
    }
}
