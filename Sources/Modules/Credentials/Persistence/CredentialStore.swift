// The one SQLite file of this module: accounts, sealed device secrets, ended tokens. One verb per method; nothing
// here decides who may do what.

import Foundation
import GRDB
import Logging
import ModuleKit
import Store

/// Why an account cannot be changed as asked.
enum PersonChangeError: Error, Sendable, Hashable {
    case notFound
    case exists
    /// Somebody must be left who can hand out accounts.
    case lastAdministrator
}

struct CredentialStore: Sendable {
    let file: StoreFile
    private let sealingKey: SealingKey

    /// - Throws: `KeyFileError.otherKey` when the stored secrets were sealed by another key.
    init(path: String, sealingKey: SealingKey, keyPath: String, logger: Logger) throws {
        file = try StoreFile(
            path: path, applicationID: Self.applicationID, migrations: Self.migrations, logger: logger)
        self.sealingKey = sealingKey
        let fingerprint = sealingKey.fingerprint
        let stored = try file.writer.write { database in
            try database.execute(
                sql: "INSERT INTO sealing_key(only, fingerprint) VALUES(1, ?) ON CONFLICT DO NOTHING",
                arguments: [fingerprint])
            return try Data.fetchOne(database, sql: "SELECT fingerprint FROM sealing_key")
        }
        guard stored == fingerprint else { throw KeyFileError(keyPath, .otherKey) }
    }

    // MARK: People

    func person(_ name: String) async throws -> Person? {
        try await file.read { try Self.fetch(name, from: $0)?.person }
    }

    func people() async throws -> [Person] {
        try await file.read { database in
            try Row.fetchAll(database, sql: "SELECT * FROM person ORDER BY name").compactMap(Self.person)
        }
    }

    /// An account and the hash of its password.
    func account(_ name: String) async throws -> (person: Person, password: PasswordHash)? {
        try await file.read { try Self.fetch(name, from: $0) }
    }

    func add(_ person: Person, password: PasswordHash, at now: Int64) async throws {
        try await file.write { database in
            guard try Self.fetch(person.name, from: database) == nil else { throw PersonChangeError.exists }
            try Self.insert(person, password, now, into: database)
        }
    }

    /// Makes the first account of all.
    ///
    /// - Returns: false, and changes nothing, when there is an account already.
    func addFirst(_ person: Person, password: PasswordHash, at now: Int64) async throws -> Bool {
        try await file.write { database in
            guard try Int.fetchOne(database, sql: "SELECT count(*) FROM person") == 0 else { return false }
            try Self.insert(person, password, now, into: database)
            return true
        }
    }

    /// Changes an account; nothing is left half-changed.
    ///
    /// - Parameter password: nil leaves the password as it is.
    func change(
        _ name: String, password: PasswordHash? = nil, _ change: @escaping @Sendable (inout Person) -> Void
    ) async throws -> Person {
        try await file.write { database in
            guard var person = try Self.fetch(name, from: database)?.person else { throw PersonChangeError.notFound }
            let administrators = try Self.administratorCount(in: database)
            change(&person)
            try database.execute(
                sql: """
                    UPDATE person SET role = ?, swarm_key = ?, is_locked = ?, must_change_password = ?, generation = ?,
                        password = coalesce(?, password)
                    WHERE name = ?
                    """,
                arguments: [
                    person.role.rawValue, person.swarmKey, person.isLocked, person.mustChangePassword,
                    person.generation, password?.description, name,
                ])
            try Self.requireAdministrator(in: database, before: administrators)
            return person
        }
    }

    func removePerson(_ name: String) async throws {
        try await file.write { database in
            let administrators = try Self.administratorCount(in: database)
            try database.execute(sql: "DELETE FROM person WHERE name = ?", arguments: [name])
            guard database.changesCount == 1 else { throw PersonChangeError.notFound }
            try Self.requireAdministrator(in: database, before: administrators)
        }
    }

    // MARK: Tokens

    /// Ends one token before it expires, and forgets those that have expired by themselves.
    func endToken(_ id: [UInt8], expires: Int64, now: Int64) async throws {
        try await file.write { database in
            try database.execute(sql: "DELETE FROM ended_token WHERE expires <= ?", arguments: [now])
            try database.execute(
                sql: "INSERT INTO ended_token(id, expires) VALUES(?, ?) ON CONFLICT DO NOTHING",
                arguments: [Data(id), expires])
        }
    }

    func isTokenEnded(_ id: [UInt8]) async throws -> Bool {
        try await file.read {
            try Bool.fetchOne($0, sql: "SELECT EXISTS(SELECT 1 FROM ended_token WHERE id = ?)", arguments: [Data(id)])
                ?? true
        }
    }

    // MARK: Device secrets

    /// Keeps what a device has been issued, in place of what it had.
    func put(_ secrets: DeviceSecrets, for serial: String, at now: Int64) async throws {
        let secret = try sealingKey.seal(secrets.secret, purpose: Self.purpose("device", serial))
        let material = try sealingKey.seal(secrets.appKeyMaterial, purpose: Self.purpose("app", serial))
        try await file.write { database in
            try database.execute(
                sql: """
                    INSERT INTO device_secret(serial, secret, app_key_material, issued_at) VALUES(?, ?, ?, ?)
                    ON CONFLICT(serial) DO UPDATE SET secret = excluded.secret,
                        app_key_material = excluded.app_key_material, issued_at = excluded.issued_at
                    """,
                arguments: [serial, secret, material, now])
        }
    }

    /// Nil when nothing is kept, and when what is kept does not open: nobody is let in on a damaged secret.
    func secrets(of serial: String) async throws -> DeviceSecrets? {
        let sealed = try await file.read { database in
            try Row.fetchOne(
                database, sql: "SELECT secret, app_key_material FROM device_secret WHERE serial = ?",
                arguments: [serial]
            ).map { row -> (Data, Data) in (row[0], row[1]) }
        }
        // The work of opening is done for a serial number that is not there, too.
        let (secret, material) = sealed ?? (Data(repeating: 0, count: 71), Data(repeating: 0, count: 71))
        guard let opened = sealingKey.open(secret, purpose: Self.purpose("device", serial)),
            let openedMaterial = sealingKey.open(material, purpose: Self.purpose("app", serial))
        else { return nil }
        return DeviceSecrets(secret: opened, appKeyMaterial: openedMaterial)
    }

    func removeSecrets(of serial: String) async throws {
        try await file.write {
            try $0.execute(sql: "DELETE FROM device_secret WHERE serial = ?", arguments: [serial])
        }
    }
}

extension CredentialStore {
    private static func purpose(_ kind: String, _ serial: String) -> String { "gantry/\(kind)-secret/v1|\(serial)" }

    private static func insert(
        _ person: Person, _ password: PasswordHash, _ now: Int64, into database: Database
    ) throws {
        try database.execute(
            sql: """
                INSERT INTO person
                    (name, password, role, swarm_key, is_locked, must_change_password, generation, created_at)
                VALUES(?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                person.name, password.description, person.role.rawValue, person.swarmKey, person.isLocked,
                person.mustChangePassword, person.generation, now,
            ])
    }

    private static func fetch(
        _ name: String, from database: Database
    ) throws -> (person: Person, password: PasswordHash)? {
        let row = try Row.fetchOne(database, sql: "SELECT * FROM person WHERE name = ?", arguments: [name])
        guard let row, let person = person(row), let password = PasswordHash(row["password"] as String) else {
            return nil
        }
        return (person, password)
    }

    private static func person(_ row: Row) -> Person? {
        guard let role = Role(rawValue: row["role"] as String) else { return nil }
        return Person(
            name: row["name"], role: role, swarmKey: row["swarm_key"], isLocked: row["is_locked"],
            mustChangePassword: row["must_change_password"], generation: row["generation"])
    }

    /// Rolls the change back when it took away the last one who can hand out accounts.
    private static func requireAdministrator(in database: Database, before: Int) throws {
        let isLeft = try administratorCount(in: database) > 0
        guard isLeft || before == 0 else { throw PersonChangeError.lastAdministrator }
    }

    private static func administratorCount(in database: Database) throws -> Int {
        let sql = "SELECT count(*) FROM person WHERE role = 'admin' AND swarm_key IS NULL AND NOT is_locked"
        return try Int.fetchOne(database, sql: sql) ?? 0
    }
}
