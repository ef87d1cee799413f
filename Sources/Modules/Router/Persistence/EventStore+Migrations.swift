import Store

extension EventStore {
    /// "GTEV"
    static let applicationID: Int32 = 0x4754_4556

    /// Oldest first; the list only grows at its end.
    static let migrations = [
        StoreMigration(
            "retained events and histories",
            sql: """
                CREATE TABLE event (
                    realm TEXT NOT NULL,
                    shelf INTEGER NOT NULL CHECK (shelf IN (0, 1)),  -- 0: a topic's retained event, 1: a history
                    sequence INTEGER NOT NULL,              -- counts the kept events of a realm
                    publication INTEGER NOT NULL,
                    at INTEGER NOT NULL,                    -- milliseconds since 1970
                    topic TEXT NOT NULL,
                    serializer INTEGER NOT NULL,            -- of the two payload columns, as RawSocket counts them
                    arguments BLOB NOT NULL,                -- one list, or empty
                    arguments_kw BLOB NOT NULL,             -- one dictionary, or empty
                    facts BLOB NOT NULL,                    -- MessagePack: publisher, trust level, options
                    PRIMARY KEY (realm, shelf, sequence)
                ) STRICT;
                """)
    ]
}
