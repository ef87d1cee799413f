// The kept events of all realms in one SQLite file. One transaction for each batch, so that the file always shows a
// realm as it was at one moment.

import Foundation
import GRDB
import Logging
import Store
import WAMP

/// `<data>/router/events.db`.
final class EventStore: Sendable {
    private let file: StoreFile

    /// What a realm kept before the restart.
    struct Contents: Sendable {
        var events: [(event: KeptEvent, shelf: EventShelf)] = []
        /// Rows that could not be read; they are left alone.
        var unreadableCount = 0
    }

    /// - Parameter path: of the file; its directory exists.
    init(path: String, logger: Logger) throws(StoreError) {
        file = try StoreFile(
            path: path, applicationID: Self.applicationID, migrations: Self.migrations,
            options: .init(readersMax: 0), logger: logger)
    }

    func close() throws(StoreError) { try file.close() }

    /// Whether there is a file, so that a router that keeps nothing makes none.
    static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    /// In the order in which the events were published.
    func contents(of realm: String) throws -> Contents {
        try file.writer.read { database in
            var contents = Contents()
            let rows = try Row.fetchCursor(
                database, sql: "SELECT * FROM event WHERE realm = ? ORDER BY sequence, shelf", arguments: [realm])
            while let row = try rows.next() {
                if let event = KeptEvent(row), let shelf = EventShelf(row["shelf"]) {
                    // One that is retained and in a history was one event before, and is one again.
                    let last = contents.events.last?.event
                    contents.events.append((last?.sequence == event.sequence ? last ?? event : event, shelf))
                } else {
                    contents.unreadableCount += 1
                }
            }
            return contents
        }
    }

    /// The realms that there is something of, and how many rows each has.
    func realms() throws -> [(uri: String, rowCount: Int)] {
        try file.writer.read { database in
            try Row.fetchAll(database, sql: "SELECT realm, count(*) AS rows FROM event GROUP BY realm")
                .map { ($0["realm"], $0["rows"]) }
        }
    }

    func forget(_ realm: String) throws {
        try file.writer.write { try $0.execute(sql: "DELETE FROM event WHERE realm = ?", arguments: [realm]) }
    }

    /// A change and whose it is.
    struct RealmChange: Sendable {
        var realm: String
        var change: KeptEventChange
    }

    /// Writes a batch: whole realms as they are now, and changes of others in their order.
    func write(
        _ changes: [RealmChange], whole: [String: [KeptEventChange]] = [:]
    ) throws {
        try file.writer.write { database in
            for (realm, events) in whole {
                try database.execute(sql: "DELETE FROM event WHERE realm = ?", arguments: [realm])
                for event in events { try Self.write(event, of: realm, to: database) }
            }
            for change in changes { try Self.write(change.change, of: change.realm, to: database) }
        }
    }

    private static func write(_ change: KeptEventChange, of realm: String, to database: Database) throws {
        switch change {
        case .kept(let event, let shelf):
            let statement = try database.cachedStatement(
                sql: """
                    INSERT OR REPLACE INTO event (realm, shelf, sequence, publication, at, topic, serializer,
                        arguments, arguments_kw, facts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """)
            try statement.execute(arguments: [
                realm, Int64(shelf.rawValue), Int64(clamping: event.sequence),
                Int64(clamping: event.publication.rawValue), event.milliseconds, event.topic.text,
                Int64(event.serializer.rawValue), event.blob(event.payload.arguments),
                event.blob(event.payload.argumentsKw), Data(event.facts.encoded(.messagePack)),
            ])
        case .dropped(let sequence, let shelf):
            try database.cachedStatement(sql: "DELETE FROM event WHERE realm = ? AND shelf = ? AND sequence = ?")
                .execute(arguments: [realm, Int64(shelf.rawValue), Int64(clamping: sequence)])
        }
    }
}

extension EventShelf {
    fileprivate init?(_ column: Int64) {
        guard let number = UInt8(exactly: column) else { return nil }
        self.init(rawValue: number)
    }
}

extension KeptEvent {
    fileprivate func blob(_ range: ByteRange) -> Data { Data(bytes[range.range]) }

    fileprivate convenience init?(_ row: Row) {
        guard let sequence = UInt64(exactly: row["sequence"] as Int64),
            let publication = UInt64(exactly: row["publication"] as Int64),
            let number = UInt8(exactly: row["serializer"] as Int64), let serializer = Serializer(rawValue: number),
            let facts = try? Value.decode([UInt8](row["facts"] as Data), .messagePack)
        else { return nil }
        let payload = Payload(
            serializer: serializer, arguments: [UInt8](row["arguments"] as Data),
            argumentsKw: [UInt8](row["arguments_kw"] as Data))
        self.init(
            sequence: sequence, publication: publication, milliseconds: row["at"], topic: row["topic"],
            payload: payload, facts: facts)
    }
}
