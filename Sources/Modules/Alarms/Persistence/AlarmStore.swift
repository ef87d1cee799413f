// The alarms of all realms in one SQLite file. Every change is one transaction: the alarms after it, their lines in
// the journal and how far the rules have read; a change is published only when its transaction is on disk.

import GRDB
package import Logging
package import Store
import WAMP

/// `<data>/alarms/alarms.db`.
package final class AlarmStore: Sendable {
    private let file: StoreFile

    /// What a realm knew before the restart.
    package struct Contents: Sendable {
        package var rules: [(rule: AlarmRule, position: Int64?)] = []
        package var alarms: [AlarmInstance] = []
        /// Rules and alarms that could not be read, by name: they are left alone, and somebody must be told.
        package var unreadable: [String] = []
    }

    /// One change of a realm, all of it or nothing.
    package struct Change: Sendable {
        package var realm: String
        package var at: Timestamp
        package var transitions: [AlarmTransition] = []
        /// table → the sequence up to which its enabled rules have read.
        package var positions: [String: Int64] = [:]

        package init(
            realm: String, at: Timestamp, transitions: [AlarmTransition] = [], positions: [String: Int64] = [:]
        ) {
            self.realm = realm
            self.at = at
            self.transitions = transitions
            self.positions = positions
        }
    }

    /// - Parameter path: of the file; its directory exists.
    package init(path: String, logger: Logger) throws(StoreError) {
        file = try StoreFile(
            path: path, applicationID: Self.applicationID, migrations: Self.migrations,
            options: .init(readersMax: 1), logger: logger)
    }

    package func close() throws(StoreError) { try file.close() }

    func read<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws -> T {
        try await file.read(body)
    }

    func write<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws -> T {
        try await file.write(body)
    }

    /// Rules first, then their alarms.
    package func contents(of realm: String) async throws -> Contents {
        try await file.read { database in
            var contents = Contents()
            let rules = try Row.fetchCursor(
                database, sql: "SELECT name, definition, position FROM rule WHERE realm = ? ORDER BY name",
                arguments: [realm])
            while let row = try rules.next() {
                let definition: String = row["definition"]
                if let value = Value(json: definition), let rule = try? AlarmRuleReader(catalog: nil).rule(value) {
                    contents.rules.append((rule, row["position"]))
                } else {
                    contents.unreadable.append("rule \(row["name"] as String)")
                }
            }
            let alarms = try Row.fetchCursor(
                database, sql: "SELECT * FROM alarm WHERE realm = ? ORDER BY rule, device_key", arguments: [realm])
            while let row = try alarms.next() {
                if let alarm = AlarmInstance(row) {
                    contents.alarms.append(alarm)
                } else {
                    contents.unreadable.append("alarm \(row["rule"] as String) on \(row["device_key"] as Int64)")
                }
            }
            return contents
        }
    }

    /// Alarms have changed, or rules have read on.
    package func commit(_ change: Change) async throws {
        try await file.write { try Self.write(change, $0) }
    }

    /// A table counts from anew.
    package func rewind(_ table: String, of realm: String, to sequence: Int64) async throws {
        try await file.write { database in
            try database.execute(
                sql: "UPDATE rule SET position = ? WHERE realm = ? AND source_table = ? AND enabled = 1",
                arguments: [sequence, realm, table])
        }
    }

    /// A rule was put; `change` holds what became of its alarms.
    ///
    /// - Parameter position: the commit sequence from which it reads on.
    package func put(_ rule: AlarmRule, position: Int64?, by caller: Caller, _ change: Change) async throws {
        try await file.write { database in
            // First: the positions are those of the rules as they were.
            try Self.write(change, database)
            try database.execute(
                sql: """
                    INSERT INTO rule (realm, name, source_table, enabled, definition, position)
                    VALUES (?, ?, ?, ?, ?, ?)
                    ON CONFLICT (realm, name) DO UPDATE SET source_table = excluded.source_table,
                        enabled = excluded.enabled, definition = excluded.definition, position = excluded.position
                    """,
                arguments: [change.realm, rule.name, rule.table, rule.isEnabled, rule.value.json, position])
            try Self.journal(.put, rule.name, rule.value.json, by: caller, change, database)
        }
    }

    /// A rule was deleted, with its alarms; `change` holds what became of them.
    package func delete(rule name: String, by caller: Caller, _ change: Change) async throws {
        try await file.write { database in
            try Self.write(change, database)
            try Self.journal(.deleted, name, nil, by: caller, change, database)
            try database.execute(
                sql: "DELETE FROM rule WHERE realm = ? AND name = ?", arguments: [change.realm, name])
        }
    }
}

extension AlarmStore {
    private enum RuleChange: String { case put = "rule_put", deleted = "rule_deleted" }

    private static func write(_ change: Change, _ database: Database) throws {
        for transition in change.transitions {
            try write(transition.alarm, realm: change.realm, database)
            if transition.isNews { try journal(transition, realm: change.realm, database) }
        }
        for (table, sequence) in change.positions {
            try database.cachedStatement(
                sql: """
                    UPDATE rule SET position = max(coalesce(position, ?1), ?1)
                    WHERE realm = ?2 AND source_table = ?3 AND enabled = 1
                    """
            ).execute(arguments: [sequence, change.realm, table])
        }
    }

    private static func write(_ alarm: AlarmInstance, realm: String, _ database: Database) throws {
        try database.cachedStatement(
            sql: """
                INSERT OR REPLACE INTO alarm (realm, rule, device_key, state, severity, raise_count, occurrence,
                    pending, shelf, annotation)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(arguments: [
            realm, alarm.key.rule, alarm.key.deviceKey, alarm.state.name, alarm.state.severity?.rawValue,
            alarm.raiseCount, alarm.occurrence?.value.json, alarm.pending?.value.json, alarm.shelf?.value.json,
            alarm.annotation?.value.json,
        ])
    }

    private static func journal(_ transition: AlarmTransition, realm: String, _ database: Database) throws {
        let alarm = transition.alarm
        try database.cachedStatement(
            sql: """
                INSERT INTO journal (realm, at, kind, rule, device_key, before, state, severity, authid, authrole,
                    comment, evidence)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(arguments: [
            realm, transition.at.milliseconds, transition.kind.rawValue, alarm.key.rule, alarm.key.deviceKey,
            transition.before.name, alarm.state.name, (alarm.state.severity ?? transition.before.severity)?.rawValue,
            transition.caller?.authid, transition.caller?.authrole, transition.comment,
            transition.evidence?.value.json,
        ])
    }

    private static func journal(
        _ kind: RuleChange, _ rule: String, _ definition: String?, by caller: Caller, _ change: Change,
        _ database: Database
    ) throws {
        try database.execute(
            sql: "INSERT INTO journal (realm, at, kind, rule, authid, authrole, evidence) VALUES (?, ?, ?, ?, ?, ?, ?)",
            arguments: [
                change.realm, change.at.milliseconds, kind.rawValue, rule, caller.authid, caller.authrole, definition,
            ])
    }
}

extension AlarmInstance {
    /// Nil when the row is not what this version writes.
    fileprivate init?(_ row: Row) {
        let key = AlarmKey(rule: row["rule"], deviceKey: row["device_key"])
        let severity = (row["severity"] as UInt8?).flatMap(Severity.init(rawValue:))
        guard let state = AlarmState(name: row["state"], severity: severity) else { return nil }
        func part<Part>(_ column: String, _ read: (Value) -> Part?) -> Part? {
            (row[column] as String?).flatMap(Value.init(json:)).flatMap(read)
        }
        self.init(
            key, state: state, pending: part("pending", ObservedChange.init),
            occurrence: part("occurrence", Occurrence.init), shelf: part("shelf", Shelf.init),
            annotation: part("annotation", Remark.init), raiseCount: row["raise_count"])
    }
}
