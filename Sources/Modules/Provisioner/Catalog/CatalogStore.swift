// The one SQLite file of this module. One verb per method; the constraints are in the schema, and a violated one comes
// back as the error that it means.

import GRDB
import Logging
import ModuleKit
import Store

struct CatalogStore: Sendable {
    let file: StoreFile

    init(path: String, logger: Logger) throws {
        file = try StoreFile(
            path: path, applicationID: Self.applicationID, migrations: Self.migrations, logger: logger)
    }

    // MARK: Projects

    /// - Parameter key: nil takes the next free one.
    func addProject(_ name: String, key: Int64?, at now: Int64) async throws -> Project {
        try await file.write { database in
            guard try Self.project(Reference(name: name, key: nil), in: database) == nil else {
                throw CatalogError.nameTaken(name)
            }
            if let key, try Self.exists("project WHERE swarm_key = ?", [key], in: database) {
                throw CatalogError.keyTaken(key)
            }
            try database.execute(
                sql: "INSERT INTO project(swarm_key, name, created_at) VALUES(?, ?, ?)", arguments: [key, name, now])
            return Project(swarmKey: database.lastInsertedRowID, name: name)
        }
    }

    func projects() async throws -> [Project] {
        try await file.read { try Row.fetchAll($0, sql: "SELECT * FROM project ORDER BY swarm_key").map(Project.init) }
    }

    func project(_ reference: Reference) async throws -> Project? {
        try await file.read { try Self.project(reference, in: $0) }
    }

    // MARK: Apps

    /// - Parameter key: nil takes the next one that no project has.
    func addApp(_ name: String, template: String, to swarmKey: Int64, key: Int64?, at now: Int64) async throws -> App {
        try await file.write { database in
            if try Self.exists("app WHERE swarm_key = ? AND name = ?", [swarmKey, name], in: database) {
                throw CatalogError.nameTaken(name)
            }
            let next = "SELECT coalesce(max(app_key), 0) + 1 FROM app"
            let key = try key ?? Int64.fetchOne(database, sql: next) ?? 1
            if try Self.exists("app WHERE swarm_key = ? AND app_key = ?", [swarmKey, key], in: database) {
                throw CatalogError.keyTaken(key)
            }
            try database.execute(
                sql: "INSERT INTO app(swarm_key, app_key, name, template, created_at) VALUES(?, ?, ?, ?, ?)",
                arguments: [swarmKey, key, name, template, now])
            return App(swarmKey: swarmKey, appKey: key, name: name, template: template)
        }
    }

    /// - Parameter swarmKey: nil is every project.
    func apps(of swarmKey: Int64?) async throws -> [App] {
        try await file.read { database in
            try Row.fetchAll(
                database, sql: "SELECT * FROM app WHERE swarm_key = ?1 OR ?1 IS NULL ORDER BY swarm_key, app_key",
                arguments: [swarmKey]
            ).map(App.init)
        }
    }

    func app(_ reference: Reference, of swarmKey: Int64) async throws -> App? {
        try await file.read { database in
            try Row.fetchAll(
                database, sql: "SELECT * FROM app WHERE swarm_key = ? AND (name = ? OR app_key = ?)",
                arguments: [swarmKey, reference.name, reference.key]
            ).map(App.init).preferring { $0.name == reference.name }
        }
    }

    func setTemplate(_ template: String, of app: App) async throws {
        try await file.write {
            try $0.execute(
                sql: "UPDATE app SET template = ? WHERE swarm_key = ? AND app_key = ?",
                arguments: [template, app.swarmKey, app.appKey])
        }
    }

    // MARK: Devices

    func addDevice(_ name: String, serial: String, to swarmKey: Int64, at now: Int64) async throws -> Device {
        try await file.write { database in
            if try Self.exists("device WHERE swarm_key = ? AND name = ?", [swarmKey, name], in: database) {
                throw CatalogError.nameTaken(name)
            }
            if try Self.exists("device WHERE serial = ?", [serial], in: database) {
                throw CatalogError.serialTaken(serial)
            }
            try database.execute(
                sql: "INSERT INTO device(swarm_key, name, serial, is_disabled, created_at) VALUES(?, ?, ?, 0, ?)",
                arguments: [swarmKey, name, serial, now])
            return Device(
                deviceKey: database.lastInsertedRowID, swarmKey: swarmKey, name: name, serial: serial,
                isDisabled: false, lastSeen: nil)
        }
    }

    /// - Parameter swarmKey: nil is every project.
    func devices(of swarmKey: Int64?) async throws -> [Device] {
        try await file.read { database in
            try Row.fetchAll(
                database, sql: "SELECT * FROM device WHERE swarm_key = ?1 OR ?1 IS NULL ORDER BY device_key",
                arguments: [swarmKey]
            ).map(Device.init)
        }
    }

    /// The devices that a reference may mean: by serial number, name or key, the first of these that fits.
    func devices(_ reference: Reference, of swarmKey: Int64?) async throws -> [Device] {
        try await file.read { database in
            for (column, value) in [
                ("serial", reference.name.databaseValue), ("name", reference.name.databaseValue),
                ("device_key", reference.key.databaseValue),
            ] {
                let found = try Row.fetchAll(
                    database, sql: "SELECT * FROM device WHERE \(column) = ?1 AND (swarm_key = ?2 OR ?2 IS NULL)",
                    arguments: [value, swarmKey]
                ).map(Device.init)
                if !found.isEmpty { return found }
            }
            return []
        }
    }

    /// The device of exactly this serial number: for credentials, near enough is not enough.
    func device(serial: String) async throws -> Device? {
        try await file.read { database in
            try Row.fetchOne(
                database, sql: "SELECT * FROM device WHERE serial = ? COLLATE BINARY", arguments: [serial]
            ).map(Device.init)
        }
    }

    func setDisabled(_ isDisabled: Bool, _ deviceKey: Int64) async throws {
        try await file.write {
            try $0.execute(
                sql: "UPDATE device SET is_disabled = ? WHERE device_key = ?", arguments: [isDisabled, deviceKey])
        }
    }

    /// - Parameter times: by serial number, milliseconds since 1970.
    func setLastSeen(_ times: [String: Int64]) async throws {
        try await file.write { database in
            for (serial, time) in times {
                try database.execute(
                    sql: "UPDATE device SET last_seen = ? WHERE serial = ?", arguments: [time, serial])
            }
        }
    }

    func removeDevice(_ deviceKey: Int64) async throws {
        try await file.write {
            try $0.execute(sql: "DELETE FROM device WHERE device_key = ?", arguments: [deviceKey])
        }
    }
}

// MARK: Reading rows

extension CatalogStore {
    private static func project(_ reference: Reference, in database: Database) throws -> Project? {
        try Row.fetchAll(
            database, sql: "SELECT * FROM project WHERE name = ? OR swarm_key = ?",
            arguments: [reference.name, reference.key]
        ).map(Project.init).preferring { $0.name.lowercased() == reference.name.lowercased() }
    }

    private static func exists(
        _ condition: String, _ arguments: StatementArguments, in database: Database
    ) throws -> Bool {
        try Bool.fetchOne(database, sql: "SELECT EXISTS(SELECT 1 FROM \(condition))", arguments: arguments) ?? false
    }
}

extension Array {
    /// The element that fits best, or any: there are two when one thing's name is another one's key.
    fileprivate func preferring(_ isBest: (Element) -> Bool) -> Element? { first(where: isBest) ?? first }
}

extension Project {
    init(_ row: Row) { self.init(swarmKey: row["swarm_key"], name: row["name"]) }
}

extension App {
    init(_ row: Row) {
        self.init(
            swarmKey: row["swarm_key"], appKey: row["app_key"], name: row["name"], template: row["template"])
    }
}

extension Device {
    init(_ row: Row) {
        self.init(
            deviceKey: row["device_key"], swarmKey: row["swarm_key"], name: row["name"], serial: row["serial"],
            isDisabled: row["is_disabled"], lastSeen: row["last_seen"])
    }
}
