import ModuleKit
import Testing
import WAMP

@testable import Credentials

/// Every kind of credential at every realm: exactly the allowed pairs join.
@Suite struct DeviceAdmissionTests {
    struct Credential: Sendable, CustomTestStringConvertible {
        var name: String
        var method: String
        var authid: String
        /// Nil asks for a person's token.
        var secret: String?
        /// The realms that it opens, and as whom.
        var opens: [String: String]
        var testDescription: String { name }
    }

    static func app(_ serial: String, _ app: Int64, _ stage: Stage, epoch: Int64) -> (String, String) {
        (
            AppSecret.authid(serial: serial, appKey: app, stage: stage, epoch: epoch),
            AppSecret.derive(
                appKeyMaterial: "material-of-\(serial)", serial: serial, appKey: app, stage: stage, epoch: epoch)
        )
    }

    static let credentials: [Credential] = {
        var all = [
            Credential(
                name: "device secret", method: "wampcra", authid: "SER-1", secret: "secret-of-SER-1",
                opens: ["realm-3-5-prod": "SER-1", "realm-3-5-dev": "SER-1"]),
            Credential(
                name: "device secret of another app's device", method: "wampcra", authid: "SER-2",
                secret: "secret-of-SER-2", opens: ["realm-3-5-prod": "SER-2", "realm-3-6-prod": "SER-2"]),
            Credential(
                name: "device secret of another project", method: "wampcra", authid: "SER-3",
                secret: "secret-of-SER-3", opens: ["realm-4-5-prod": "SER-3"]),
            Credential(
                name: "device secret as a ticket", method: "ticket", authid: "SER-1", secret: "secret-of-SER-1",
                opens: ["realm-3-5-prod": "SER-1", "realm-3-5-dev": "SER-1"]),
            Credential(
                name: "disabled device", method: "wampcra", authid: "SER-4", secret: "secret-of-SER-4", opens: [:]),
            Credential(name: "serial as secret", method: "wampcra", authid: "SER-1", secret: "SER-1", opens: [:]),
            Credential(name: "serial as ticket", method: "ticket", authid: "SER-1", secret: "SER-1", opens: [:]),
            Credential(
                name: "another device's secret", method: "wampcra", authid: "SER-1", secret: "secret-of-SER-2",
                opens: [:]),
            Credential(
                name: "serial in another case", method: "wampcra", authid: "ser-1", secret: "secret-of-SER-1",
                opens: [:]),
            Credential(name: "unknown device", method: "wampcra", authid: "SER-9", secret: "secret", opens: [:]),
            Credential(name: "empty secret", method: "wampcra", authid: "SER-9", secret: "", opens: [:]),
            Credential(
                name: "viewer of all projects", method: "ticket", authid: "vera",
                opens: Dictionary(Workshop.realms.map { ($0, "vera") }, uniquingKeysWith: { $1 })),
            Credential(
                name: "operator of project 3", method: "ticket", authid: "oskar",
                opens: [
                    "realm-3-5-prod": "oskar", "realm-3-5-dev": "oskar", "realm-3-6-prod": "oskar",
                    "gantry.admin": "oskar",
                ]),
            Credential(
                name: "engineer of project 4", method: "ticket", authid: "erna",
                opens: ["realm-4-5-prod": "erna", "gantry.admin": "erna"]),
            Credential(
                name: "a person's password", method: "ticket", authid: "vera", secret: Workshop.password, opens: [:]),
        ]
        let rows: [(String, String, Int64, Stage, Int64, [String: String])] = [
            ("app credential", "SER-1", 5, .prod, 2, ["realm-3-5-prod": "SER-1"]),
            ("app credential of dev", "SER-1", 5, .dev, 2, ["realm-3-5-dev": "SER-1"]),
            ("app credential in grace", "SER-1", 5, .prod, 1, ["realm-3-5-prod": "SER-1"]),
            ("app credential of an epoch to come", "SER-1", 5, .prod, 3, [:]),
            ("app credential of an app that is not installed", "SER-1", 6, .prod, 2, [:]),
            ("app credential on another device", "SER-2", 6, .prod, 2, ["realm-3-6-prod": "SER-2"]),
            ("app credential of a disabled device", "SER-4", 5, .prod, 2, [:]),
            ("app credential of another project", "SER-3", 5, .prod, 2, ["realm-4-5-prod": "SER-3"]),
        ]
        for (name, serial, appKey, stage, epoch, opens) in rows {
            let (authid, secret) = app(serial, appKey, stage, epoch: epoch)
            all.append(
                Credential(name: name, method: "wampcra", authid: authid, secret: secret, opens: opens))
        }
        return all
    }()

    @Test(arguments: credentials)
    func `a credential opens exactly its realms`(credential: Credential) async throws {
        let workshop = try await Workshop()
        let authenticator = workshop.authenticator()
        let secret =
            if let secret = credential.secret { secret } else { try await workshop.token(of: credential.authid) }
        for (index, realm) in Workshop.realms.enumerated() {
            let method = realm == "gantry.admin" ? "ticket" : credential.method
            let outcome = try await authenticator.join(
                realm, method, authid: credential.authid, secret: secret, address: "10.0.1.\(index)")
            if let authid = credential.opens[realm] {
                #expect(outcome.principal?.authid == authid, "\(realm)")
            } else {
                #expect(outcome == .refused, "\(realm)")
            }
        }
    }

    @Test func `the serial number is a secret where the switch is on, and only then`() async throws {
        let workshop = try await Workshop()
        let lenient = workshop.authenticator(.init(allowsLegacyDevices: true))
        #expect(try await lenient.join("realm-3-5-prod", "wampcra", authid: "SER-1", secret: "SER-1").principal != nil)
        #expect(try await lenient.join("realm-3-6-prod", "wampcra", authid: "SER-1", secret: "SER-1") == .refused)
        #expect(try await lenient.join("realm-3-5-prod", "wampcra", authid: "SER-4", secret: "SER-4") == .refused)
        let strict = workshop.authenticator()
        #expect(try await strict.join("realm-3-5-prod", "wampcra", authid: "SER-1", secret: "SER-1") == .refused)
    }

    @Test func `the credential before the last rotation is good for fifteen minutes`() async throws {
        let (realm, facts) = (
            AppRealm(swarmKey: 3, appKey: 5, stage: .prod), try #require(Workshop.devices["SER-1"])
        )
        let rotatedAt = facts.installs[0].rotatedAt
        let secrets = DeviceSecrets(secret: "s", appKeyMaterial: "m")
        for (seconds, epoch, kind) in [
            (0, 2, DeviceCredentialKind.app), (0, 1, .appInGrace), (899, 1, .appInGrace), (900, 1, nil),
            (0, 0, nil), (0, 3, nil), (1_000_000, 2, .app), (0, Int64.max, nil), (0, Int64.min, nil),
        ] as [(Int64, Int64, DeviceCredentialKind?)] {
            let found = DeviceAdmission.acceptable(
                .app(appKey: 5, stage: .prod, epoch: epoch, serial: "SER-1"), in: realm, facts: facts,
                secrets: secrets, allowsLegacy: false, now: rotatedAt + seconds)
            #expect(found.map(\.kind) == [kind].compactMap { $0 }, "\(seconds) s, epoch \(epoch)")
        }
    }

    @Test func `a device is admitted as itself, with its own rights`() async throws {
        let workshop = try await Workshop()
        let (authid, secret) = Self.app("SER-1", 5, .prod, epoch: 2)
        let outcome = try await workshop.authenticator().join(
            "realm-3-5-prod", "wampcra", authid: authid, secret: secret)
        let principal = try #require(outcome.principal)
        #expect(principal.authid == "SER-1")
        #expect(principal.authrole == "app")
        #expect(principal.authmethod == "wampcra")
        #expect(principal.authextra == ["device_key": 7])
        #expect(principal.permissions.allows(.register, "3.7.5.PROD.stop"))
        #expect(!principal.permissions.allows(.register, "3.8.5.PROD.stop"))
    }
}

@Suite struct IdentityTests {
    @Test(arguments: [
        ("app-5-prod-e1@SER-1", Identity.app(appKey: 5, stage: .prod, epoch: 1, serial: "SER-1")),
        ("app-12-dev-e340@a.b:c", .app(appKey: 12, stage: .dev, epoch: 340, serial: "a.b:c")),
        ("app-5-prod-e1@", .app(appKey: 5, stage: .prod, epoch: 1, serial: "")),
        ("SER-1", .name("SER-1")), ("", .name("")), ("app-5-prod-e1", .name("app-5-prod-e1")),
        ("app-05-prod-e1@S", .name("app-05-prod-e1@S")), ("app-5-prod-e01@S", .name("app-5-prod-e01@S")),
        ("app-+5-prod-e1@S", .name("app-+5-prod-e1@S")), ("app-5-PROD-e1@S", .name("app-5-PROD-e1@S")),
        ("app-5-prod-1@S", .name("app-5-prod-1@S")), ("app-5-prod-e1-x@S", .name("app-5-prod-e1-x@S")),
        ("app-99999999999999999999-prod-e1@S", .name("app-99999999999999999999-prod-e1@S")),
    ])
    func `an authid is read as the vendor writes it, or as a name`(authid: String, identity: Identity) {
        #expect(Identity(authid: authid) == identity)
    }

    @Test func `each way to write one credential has the same subject`() {
        let subjects = ["SER-1", "ser-1", "app-5-prod-e1@SER-1", "app-5-prod-e2@SER-1", "app-6-dev-e9@ser-1"]
        #expect(Set(subjects.map { Identity(authid: $0).subject }) == ["ser-1"])
    }
}
