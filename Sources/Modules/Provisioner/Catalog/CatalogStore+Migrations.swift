import Store

extension CatalogStore {
    /// "GTPV"
    static let applicationID: Int32 = 0x4754_5056

    /// Append-only: see `StoreMigration`. AUTOINCREMENT: a key that was given away once is never given again, because
    /// rows that carry it outlive what it named.
    static let migrations = [
        StoreMigration(
            "projects, apps, devices, installs",
            sql: """
                CREATE TABLE project(
                    swarm_key  INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT CHECK(swarm_key > 0),
                    name       TEXT    NOT NULL UNIQUE COLLATE NOCASE,
                    created_at INTEGER NOT NULL
                ) STRICT;

                CREATE TABLE app(
                    swarm_key  INTEGER NOT NULL REFERENCES project(swarm_key),
                    app_key    INTEGER NOT NULL CHECK(app_key > 0),
                    name       TEXT    NOT NULL COLLATE NOCASE,
                    template   TEXT    NOT NULL,
                    created_at INTEGER NOT NULL,
                    PRIMARY KEY(swarm_key, app_key),
                    UNIQUE(swarm_key, name)
                ) STRICT, WITHOUT ROWID;

                CREATE TABLE device(
                    device_key  INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT CHECK(device_key > 0),
                    swarm_key   INTEGER NOT NULL REFERENCES project(swarm_key),
                    name        TEXT    NOT NULL COLLATE NOCASE,
                    serial      TEXT    NOT NULL UNIQUE COLLATE NOCASE,
                    is_disabled INTEGER NOT NULL CHECK(is_disabled IN (0, 1)),
                    last_seen   INTEGER,
                    created_at  INTEGER NOT NULL,
                    UNIQUE(swarm_key, name)
                ) STRICT;

                CREATE TABLE install(
                    device_key   INTEGER NOT NULL REFERENCES device(device_key) ON DELETE CASCADE,
                    swarm_key    INTEGER NOT NULL,
                    app_key      INTEGER NOT NULL,
                    stage        TEXT    NOT NULL CHECK(stage IN ('dev', 'prod')),
                    epoch        INTEGER NOT NULL CHECK(epoch > 0),
                    rotated_at   INTEGER NOT NULL,
                    is_installed INTEGER NOT NULL CHECK(is_installed IN (0, 1)),
                    PRIMARY KEY(device_key, app_key, stage),
                    FOREIGN KEY(swarm_key, app_key) REFERENCES app(swarm_key, app_key)
                ) STRICT, WITHOUT ROWID;

                -- Realms that have been opened. They stay when their last device goes: their rows are still there.
                CREATE TABLE realm(
                    swarm_key INTEGER NOT NULL,
                    app_key   INTEGER NOT NULL,
                    stage     TEXT    NOT NULL CHECK(stage IN ('dev', 'prod')),
                    opened_at INTEGER NOT NULL,
                    PRIMARY KEY(swarm_key, app_key, stage),
                    FOREIGN KEY(swarm_key, app_key) REFERENCES app(swarm_key, app_key)
                ) STRICT, WITHOUT ROWID;
                """)
    ]
}
