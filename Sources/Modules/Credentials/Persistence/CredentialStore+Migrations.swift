import Store

extension CredentialStore {
    /// "GTCR"
    static let applicationID: Int32 = 0x4754_4352

    /// Append-only: see `StoreMigration`.
    static let migrations = [
        StoreMigration(
            "people, device secrets, ended tokens",
            sql: """
                CREATE TABLE person(
                    name                 TEXT    NOT NULL PRIMARY KEY CHECK(length(name) BETWEEN 1 AND 64),
                    password             TEXT    NOT NULL CHECK(password LIKE '$scrypt$%'),
                    role                 TEXT    NOT NULL CHECK(role IN ('viewer', 'operator', 'engineer', 'admin')),
                    swarm_key            INTEGER          CHECK(swarm_key > 0),
                    is_locked            INTEGER NOT NULL CHECK(is_locked IN (0, 1)),
                    must_change_password INTEGER NOT NULL CHECK(must_change_password IN (0, 1)),
                    generation           INTEGER NOT NULL,
                    created_at           INTEGER NOT NULL
                ) STRICT, WITHOUT ROWID;

                -- Both secrets are sealed: see SealingKey. Which device a serial number is, the provisioner knows.
                CREATE TABLE device_secret(
                    serial           TEXT    NOT NULL PRIMARY KEY CHECK(length(serial) BETWEEN 1 AND 64),
                    secret           BLOB    NOT NULL,
                    app_key_material BLOB    NOT NULL,
                    issued_at        INTEGER NOT NULL
                ) STRICT, WITHOUT ROWID;

                -- Tokens that were signed out before they expired.
                CREATE TABLE ended_token(
                    id      BLOB    NOT NULL PRIMARY KEY,
                    expires INTEGER NOT NULL
                ) STRICT, WITHOUT ROWID;

                -- Which key has sealed the secrets.
                CREATE TABLE sealing_key(
                    only        INTEGER NOT NULL PRIMARY KEY CHECK(only = 1),
                    fingerprint BLOB    NOT NULL
                ) STRICT;
                """)
    ]
}
