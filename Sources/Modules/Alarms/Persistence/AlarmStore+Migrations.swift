import Store

extension AlarmStore {
    /// "GTAL"
    static let applicationID: Int32 = 0x4754_414C

    /// Oldest first; the list only grows at its end.
    static let migrations = [
        StoreMigration(
            "rules, alarms and their journal",
            sql: """
                CREATE TABLE rule (
                    realm TEXT NOT NULL,
                    name TEXT NOT NULL,
                    source_table TEXT NOT NULL,
                    enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
                    definition TEXT NOT NULL,               -- JSON, as alarms.rule.put takes it
                    position INTEGER,                       -- commit sequence of the last row evaluated
                    PRIMARY KEY (realm, name)
                ) STRICT, WITHOUT ROWID;

                CREATE TABLE alarm (
                    realm TEXT NOT NULL,
                    rule TEXT NOT NULL,
                    device_key INTEGER NOT NULL,
                    state TEXT NOT NULL CHECK (state IN ('normal', 'active_unacknowledged', 'active_acknowledged',
                        'returned_unacknowledged', 'returned_acknowledged')),
                    severity INTEGER CHECK (severity BETWEEN 1 AND 3),
                    raise_count INTEGER NOT NULL CHECK (raise_count >= 0),
                    occurrence TEXT,                        -- JSON, like the three below
                    pending TEXT,
                    shelf TEXT,
                    annotation TEXT,
                    PRIMARY KEY (realm, rule, device_key),
                    FOREIGN KEY (realm, rule) REFERENCES rule (realm, name) ON DELETE CASCADE,
                    CHECK ((state = 'normal') = (severity IS NULL))
                ) STRICT, WITHOUT ROWID;

                CREATE TABLE journal (
                    id INTEGER PRIMARY KEY AUTOINCREMENT,
                    realm TEXT NOT NULL,
                    at INTEGER NOT NULL,                    -- milliseconds since 1970
                    kind TEXT NOT NULL,
                    rule TEXT NOT NULL,
                    device_key INTEGER,                     -- NULL: the rule itself was changed
                    before TEXT,
                    state TEXT,
                    severity INTEGER,
                    authid TEXT,                            -- NULL: a row or the time did it
                    authrole TEXT,
                    comment TEXT,
                    evidence TEXT                           -- JSON: the row that did it, or the rule
                ) STRICT;
                CREATE INDEX journal_by_realm ON journal (realm, id);
                CREATE INDEX journal_by_alarm ON journal (realm, rule, device_key, id);
                CREATE INDEX journal_by_time ON journal (at);
                CREATE TRIGGER journal_is_append_only BEFORE UPDATE ON journal
                BEGIN SELECT raise(ABORT, 'the journal is append-only'); END;
                """)
    ]
}
