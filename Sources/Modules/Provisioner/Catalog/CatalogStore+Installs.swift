// Installs and the realms that they open.

import GRDB
import ModuleKit
import Store

extension CatalogStore {
    /// Installs an app on a device, or finds it installed.
    ///
    /// - Returns: the install; `isNew` is false when it was there, and nothing has changed.
    func install(
        _ app: App, on device: Device, _ stage: Stage
    ) async throws -> (install: Install, isNew: Bool) {
        try await file.write { database in
            if let row = try Self.row(app, device, stage, in: database) {
                let found = try Install(row)
                if row["is_installed"] as Bool { return (found, false) }
                try database.execute(
                    sql: """
                        UPDATE install SET is_installed = 1, epoch = epoch + 1, rotated_at = 0
                        WHERE device_key = ? AND app_key = ? AND stage = ?
                        """,
                    arguments: [device.deviceKey, app.appKey, stage.rawValue])
                return (
                    Install(
                        deviceKey: found.deviceKey, swarmKey: found.swarmKey, appKey: found.appKey, stage: stage,
                        epoch: found.epoch + 1, rotatedAt: 0), true
                )
            }
            try database.execute(
                sql: """
                    INSERT INTO install(device_key, swarm_key, app_key, stage, epoch, rotated_at, is_installed)
                    VALUES(?, ?, ?, ?, 1, 0, 1)
                    """,
                arguments: [device.deviceKey, app.swarmKey, app.appKey, stage.rawValue])
            return (
                Install(
                    deviceKey: device.deviceKey, swarmKey: app.swarmKey, appKey: app.appKey, stage: stage, epoch: 1,
                    rotatedAt: 0), true
            )
        }
    }

    /// - Throws: `.notFound` when the app is not installed there.
    func uninstall(_ app: App, from device: Device, _ stage: Stage) async throws {
        try await file.write { database in
            try database.execute(
                sql: """
                    UPDATE install SET is_installed = 0
                    WHERE device_key = ? AND app_key = ? AND stage = ? AND is_installed
                    """,
                arguments: [device.deviceKey, app.appKey, stage.rawValue])
            guard database.changesCount == 1 else { throw CatalogError.notFound }
        }
    }

    /// Begins a new epoch for an app's installs; those of one device or stage only, if said.
    ///
    /// - Throws: `.notFound` when there is no such install.
    func rotate(_ app: App, device: Device?, stage: Stage?, at now: Int64) async throws -> [Install] {
        try await file.write { database in
            let arguments: StatementArguments = [
                "swarm": app.swarmKey, "app": app.appKey, "device": device?.deviceKey, "stage": stage?.rawValue,
            ]
            let which = """
                swarm_key = :swarm AND app_key = :app AND is_installed
                    AND (device_key = :device OR :device IS NULL) AND (stage = :stage OR :stage IS NULL)
                """
            try database.execute(
                sql: "UPDATE install SET epoch = epoch + 1, rotated_at = :now WHERE \(which)",
                arguments: arguments &+ ["now": now])
            guard database.changesCount > 0 else { throw CatalogError.notFound }
            return try Row.fetchAll(database, sql: "SELECT * FROM install WHERE \(which)", arguments: arguments)
                .map(Install.init)
        }
    }

    /// What is installed now. Nil is all devices, or all projects.
    func installs(on deviceKey: Int64? = nil, of swarmKey: Int64? = nil) async throws -> [Install] {
        try await file.read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT * FROM install
                    WHERE is_installed AND (device_key = ?1 OR ?1 IS NULL) AND (swarm_key = ?2 OR ?2 IS NULL)
                    ORDER BY swarm_key, app_key, stage, device_key
                    """,
                arguments: [deviceKey, swarmKey]
            ).map(Install.init)
        }
    }

    // MARK: Realms

    /// - Returns: whether it was not there.
    func addRealm(_ realm: AppRealm, at now: Int64) async throws -> Bool {
        try await file.write { database in
            try database.execute(
                sql: """
                    INSERT INTO realm(swarm_key, app_key, stage, opened_at) VALUES(?, ?, ?, ?)
                    ON CONFLICT DO NOTHING
                    """,
                arguments: [realm.swarmKey, realm.appKey, realm.stage.rawValue, now])
            return database.changesCount > 0
        }
    }

    /// - Parameter swarmKey: nil is every project.
    func realms(of swarmKey: Int64? = nil) async throws -> [AppRealm] {
        try await file.read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT * FROM realm WHERE swarm_key = ?1 OR ?1 IS NULL ORDER BY swarm_key, app_key, stage
                    """,
                arguments: [swarmKey]
            ).map { row in
                AppRealm(swarmKey: row["swarm_key"], appKey: row["app_key"], stage: try Stage(row))
            }
        }
    }

    private static func row(
        _ app: App, _ device: Device, _ stage: Stage, in database: Database
    ) throws -> Row? {
        try Row.fetchOne(
            database, sql: "SELECT * FROM install WHERE device_key = ? AND app_key = ? AND stage = ?",
            arguments: [device.deviceKey, app.appKey, stage.rawValue])
    }
}

extension Install {
    init(_ row: Row) throws {
        self.init(
            deviceKey: row["device_key"], swarmKey: row["swarm_key"], appKey: row["app_key"], stage: try Stage(row),
            epoch: row["epoch"], rotatedAt: row["rotated_at"])
    }
}

extension Stage {
    /// The schema's CHECK allows no other word.
    fileprivate init(_ row: Row) throws {
        guard let stage = Stage(rawValue: row["stage"] as String) else { throw CatalogError.notFound }
        self = stage
    }
}
