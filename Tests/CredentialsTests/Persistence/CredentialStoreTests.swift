import Foundation
import GRDB
import ModuleKit
import Store
import Testing

@testable import Credentials

@Suite struct CredentialStoreTests {
    @Test func `no secret and no password is in any file in plain`() async throws {
        let workshop = try await Workshop()
        let (secret, material) = ("c4nary-device-secret", "c4nary-app-key-material")
        try await workshop.store.put(
            DeviceSecrets(secret: secret, appKeyMaterial: material), for: "SER-1", at: 0)
        #expect(try await workshop.store.secrets(of: "SER-1")?.secret == secret)
        let derived = AppSecret.derive(appKeyMaterial: material, serial: "SER-1", appKey: 5, stage: .prod, epoch: 1)
        let token = try await workshop.token(of: "vera")
        let files = try workshop.directory.contents()
        #expect(
            files.contains {
                $0.0 == "credentials.db" && $0.1.range(of: Data("SER-1".utf8)) != nil
                    || $0.0 == "credentials.db-wal" && $0.1.range(of: Data("SER-1".utf8)) != nil
            })
        for (name, data) in files {
            for plain in [secret, material, derived, Workshop.password, token] {
                #expect(data.range(of: Data(plain.utf8)) == nil, "\(name)")
            }
        }
    }

    @Test func `a sealed secret cannot be handed to another device by writing to the database`() async throws {
        let workshop = try await Workshop()
        try await workshop.store.file.write {
            try $0.execute(
                sql: """
                    UPDATE device_secret SET secret = (SELECT secret FROM device_secret WHERE serial = 'SER-2')
                    WHERE serial = 'SER-1'
                    """)
        }
        #expect(try await workshop.store.secrets(of: "SER-1") == nil)
        #expect(try await workshop.store.secrets(of: "SER-2") != nil)
    }

    @Test func `the database does not open under another key`() async throws {
        let workshop = try await Workshop()
        try workshop.store.file.close()
        let path = workshop.directory.path + "/credentials.db"
        #expect(throws: KeyFileError("k", .otherKey)) {
            try CredentialStore(
                path: path, sealingKey: SealingKey(Array(repeating: 8, count: 32)), keyPath: "k", logger: silence)
        }
    }

    @Test(arguments: [
        "INSERT INTO person VALUES('x', '$scrypt$', 'owner', NULL, 0, 0, 1, 0)",
        "INSERT INTO person VALUES('x', 'plain', 'viewer', NULL, 0, 0, 1, 0)",
        "INSERT INTO person VALUES('', '$scrypt$', 'viewer', NULL, 0, 0, 1, 0)",
        "INSERT INTO person VALUES('x', '$scrypt$', 'viewer', 0, 0, 0, 1, 0)",
        "INSERT INTO person VALUES('vera', '$scrypt$', 'viewer', NULL, 0, 0, 1, 0)",
        "INSERT INTO sealing_key VALUES(2, x'00')",
    ])
    func `the schema refuses nonsense`(sql: String) async throws {
        let workshop = try await Workshop()
        await #expect(throws: DatabaseError.self) { try await workshop.store.file.write { try $0.execute(sql: sql) } }
    }

    @Test func `the last administrator can be neither removed nor locked nor demoted nor limited`() async throws {
        let store = try await Workshop().store
        await #expect(throws: PersonChangeError.lastAdministrator) { try await store.removePerson("ada") }
        await #expect(throws: PersonChangeError.lastAdministrator) {
            try await store.change("ada") { $0.isLocked = true }
        }
        await #expect(throws: PersonChangeError.lastAdministrator) {
            try await store.change("ada") { $0.role = .viewer }
        }
        await #expect(throws: PersonChangeError.lastAdministrator) { try await store.change("ada") { $0.swarmKey = 3 } }
        let ada = try #require(try await store.person("ada"))
        #expect(ada.role == .admin && !ada.isLocked && ada.swarmKey == nil)
        _ = try await store.change("vera") { $0.role = .admin }
        try await store.removePerson("ada")
        #expect(try await store.person("ada") == nil)
    }

    @Test func `people who are not there cannot be changed, people who are there cannot be added`() async throws {
        let workshop = try await Workshop()
        await #expect(throws: PersonChangeError.notFound) { try await workshop.store.change("nobody") { _ in } }
        await #expect(throws: PersonChangeError.notFound) { try await workshop.store.removePerson("nobody") }
        let vera = try #require(try await workshop.store.person("vera"))
        let hash = try PasswordHash(password: "x", salt: Array(repeating: 0, count: 16), cost: .token)
        await #expect(throws: PersonChangeError.exists) { try await workshop.store.add(vera, password: hash, at: 0) }
    }

    @Test func `ended tokens are forgotten when they would have expired anyway`() async throws {
        let store = try await Workshop().store
        try await store.endToken([1], expires: 100, now: 0)
        try await store.endToken([1], expires: 100, now: 0)
        #expect(try await store.isTokenEnded([1]))
        #expect(try await !store.isTokenEnded([2]))
        try await store.endToken([2], expires: 200, now: 100)
        let count = try await store.file.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM ended_token") }
        #expect(count == 1)
    }
}
