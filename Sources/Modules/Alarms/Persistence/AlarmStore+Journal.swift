import GRDB
package import WAMP

/// A line of the journal, as `alarms.history` shows it.
package struct JournalEntry: Sendable, Hashable {
    package var id: Int64
    package var at: Timestamp
    /// An `AlarmTransition.Kind`, or `rule_put` or `rule_deleted`.
    package var kind: String
    package var rule: String
    package var deviceKey: Int64?
    package var before: String?
    package var state: String?
    package var severity: Severity?
    package var caller: Caller?
    package var comment: String?
    /// The row that did it, or the rule as it was put.
    package var evidence: Value?
}

/// What to look for in the journal; nil is anything.
package struct JournalQuery: Sendable, Hashable {
    package var rule: String?
    package var deviceKey: Int64?
    package var kind: String?
    /// From this time on.
    package var from: Timestamp?
    /// Before this time.
    package var to: Timestamp?
    package var limit: Int
    package var offset: Int

    package init(
        rule: String? = nil, deviceKey: Int64? = nil, kind: String? = nil, from: Timestamp? = nil,
        to: Timestamp? = nil, limit: Int = 100, offset: Int = 0
    ) {
        self.rule = rule
        self.deviceKey = deviceKey
        self.kind = kind
        self.from = from
        self.to = to
        self.limit = limit
        self.offset = offset
    }
}

extension AlarmStore {
    /// The journal of a realm, newest first.
    package func journal(of realm: String, _ query: JournalQuery) async throws -> [JournalEntry] {
        var clauses = ["realm = ?"]
        var arguments: StatementArguments = [realm]
        func narrow(_ clause: String, _ value: (any DatabaseValueConvertible)?) {
            guard let value else { return }
            clauses.append(clause)
            arguments += [value]
        }
        narrow("rule = ?", query.rule)
        narrow("device_key = ?", query.deviceKey)
        narrow("kind = ?", query.kind)
        narrow("at >= ?", query.from?.milliseconds)
        narrow("at < ?", query.to?.milliseconds)
        arguments += [query.limit, query.offset]
        let sql = """
            SELECT * FROM journal WHERE \(clauses.joined(separator: " AND ")) ORDER BY id DESC LIMIT ? OFFSET ?
            """
        return try await read { [arguments] in
            try Row.fetchAll($0, sql: sql, arguments: arguments).map(JournalEntry.init)
        }
    }

    /// Deletes lines older than a point of time, a bounded number of them.
    ///
    /// - Returns: how many; `countMax` means that there may be more.
    package func prune(before: Timestamp, countMax: Int) async throws -> Int {
        try await write { database in
            try database.execute(
                sql: "DELETE FROM journal WHERE id IN (SELECT id FROM journal WHERE at < ? ORDER BY at LIMIT ?)",
                arguments: [before.milliseconds, countMax])
            return database.changesCount
        }
    }
}

extension JournalEntry {
    fileprivate init(_ row: Row) {
        let authid: String? = row["authid"]
        self.init(
            id: row["id"], at: Timestamp(milliseconds: row["at"]), kind: row["kind"], rule: row["rule"],
            deviceKey: row["device_key"], before: row["before"], state: row["state"],
            severity: (row["severity"] as UInt8?).flatMap(Severity.init(rawValue:)),
            caller: authid.map { Caller(authid: $0, authrole: row["authrole"] ?? "") }, comment: row["comment"],
            evidence: (row["evidence"] as String?).flatMap(Value.init(json:)))
    }

    /// As `alarms.history` shows it.
    package var value: Value {
        [
            "id": .integer(id), "at": .integer(at.milliseconds), "kind": .string(kind), "rule": .string(rule),
            "device_key": deviceKey.map { .integer($0) } ?? .null, "before": before.map { .string($0) } ?? .null,
            "state": state.map { .string($0) } ?? .null,
            "severity": severity.map { .string($0.name) } ?? .null,
            "authid": caller.map { .string($0.authid) } ?? .null,
            "authrole": caller.map { .string($0.authrole) } ?? .null,
            "comment": comment.map { .string($0) } ?? .null, "evidence": evidence ?? .null,
        ]
    }
}
