// A SQLite file, opened the house way: every module that keeps state opens its one file with this, so that what an
// answered write promises (it survives kill -9 and a power cut) is written down once.
//
// What "the house way" is:
//   - WAL with synchronous=FULL: a commit returns after the fdatasync that covers it. (GRDB's own WAL set-up leaves
//     synchronous at NORMAL, which may lose the last commits in a power cut: hence the pragma after opening.)
//   - mode 0600, also for `-wal` and `-shm`, which SQLite creates with the mode of the main file;
//   - application_id says whose file it is, user_version how many migrations it has seen;
//   - foreign keys are enforced; another process that holds the file (a backup, sqlite3 by hand) is waited for;
//   - a file that was not closed is checked before anybody trusts it.
//
// SQL lives in the modules, in `…Store.swift` and `…Store+Migrations.swift`; this file knows no table.

package import GRDB
package import Logging

/// A module's SQLite file: open, migrated and checked.
package final class StoreFile: Sendable {
    package let path: String
    /// GRDB's own interface, for synchronous access and for what `read` and `write` do not offer.
    package let writer: any DatabaseWriter
    /// Whether the previous process ended without `close`; the file was then checked page by page.
    package let recovered: Bool

    /// What differs between a file that the whole module reads and one of many small ones.
    package struct Options: Sendable {
        /// Connections that read beside the writer; 0 opens one connection for both (two descriptors less).
        package var readersMax: Int
        /// How long a statement waits for a lock that another process holds.
        package var busyTimeoutSeconds: Double

        package init(readersMax: Int = 2, busyTimeoutSeconds: Double = 5) {
            self.readersMax = readersMax
            self.busyTimeoutSeconds = busyTimeoutSeconds
        }
    }

    /// Opens the file, creates it when it is not there, and brings it to the newest schema.
    ///
    /// - Parameters:
    ///   - path: absolute; its directory exists.
    ///   - applicationID: four ASCII letters as a number (`0x4754_4352` is "GTCR"), one per kind of file.
    ///   - migrations: all of them, oldest first; the list only ever grows at its end.
    /// - Throws: `StoreError`: it names the file and says what to do.
    package init(
        path: String, applicationID: Int32, migrations: [StoreMigration], options: Options = Options(), logger: Logger
    ) throws(StoreError) {
        self.path = path
        recovered = try FileMode.size(of: path + "-wal") ?? 0 > 0
        try FileMode.createPrivate(path)
        do {
            writer = try Self.open(path, options)
            let found = try writer.read { database in
                let own = "SELECT count(*) FROM sqlite_master WHERE name NOT LIKE 'grdb_%'"
                return try FileIdentity(
                    applicationID: Int32.fetchOne(database, sql: "PRAGMA application_id") ?? 0,
                    isEmpty: Int.fetchOne(database, sql: own) == 0)
            }
            guard found.applicationID == applicationID || (found.applicationID == 0 && found.isEmpty) else {
                throw StoreError(path, .foreignFile(applicationID: found.applicationID))
            }
            if recovered { try Self.check(writer, path) }
            try Self.migrate(writer, path, applicationID, migrations)
        } catch let error as StoreError {
            throw error
        } catch {
            throw StoreError(path, error)
        }
        if recovered { logger.info("database was not closed, checked", metadata: ["file": "\(path)"]) }
    }

    /// Reads from a snapshot; does not wait for writers (it does with `readersMax: 0`).
    package func read<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws -> T {
        try await writer.read(body)
    }

    /// One transaction: committed and synced when this returns, rolled back when it throws.
    package func write<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws -> T {
        try await writer.write(body)
    }

    /// Writes a consistent copy while the file stays in use: all of it or nothing, mode 0600.
    ///
    /// - Throws: `.backUpExists` when there is a file at `destination`: a backup never overwrites another.
    package func backUp(to destination: String) throws(StoreError) {
        guard try FileMode.size(of: destination) == nil else { throw StoreError(destination, .backUpExists) }
        let partial = destination + ".partial"
        FileMode.remove(partial)
        try FileMode.createPrivate(partial)
        do {
            let copy = try DatabaseQueue(path: partial)
            try writer.backup(to: copy)
            // The copy's header says WAL; a file of its own, without `-wal` beside it, is easier to carry away.
            try copy.inDatabase { try $0.execute(sql: "PRAGMA journal_mode=DELETE") }
            try copy.close()
        } catch {
            FileMode.remove(partial)
            throw StoreError(destination, error)
        }
        try FileMode.syncAndRename(partial, to: destination)
    }

    /// Writes the WAL back into the file and closes it; the next opening then finds a clean file.
    package func close() throws(StoreError) {
        do {
            // GRDB closes the writer before its readers, which may not write: without this the WAL would stay.
            try writer.barrierWriteWithoutTransaction { _ = try $0.checkpoint(.truncate) }
            try writer.close()
        } catch {
            throw StoreError(path, error)
        }
    }
}

extension StoreFile {
    private struct FileIdentity: Sendable {
        var applicationID: Int32
        var isEmpty: Bool
    }

    private static func open(_ path: String, _ options: Options) throws -> any DatabaseWriter {
        var configuration = Configuration()
        configuration.journalMode = .wal
        configuration.busyMode = .timeout(options.busyTimeoutSeconds)
        configuration.foreignKeysEnabled = true
        let writer: any DatabaseWriter
        if options.readersMax > 0 {
            configuration.maximumReaderCount = options.readersMax
            writer = try DatabasePool(path: path, configuration: configuration)
        } else {
            writer = try DatabaseQueue(path: path, configuration: configuration)
        }
        try writer.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous=FULL") }
        return writer
    }

    /// `quick_check` reads every page, but does not compare the indexes with their tables: seconds, not minutes.
    private static func check(_ writer: any DatabaseWriter, _ path: String) throws {
        let findings = try writer.read { try String.fetchAll($0, sql: "PRAGMA quick_check(1)") }
        guard findings == ["ok"] else {
            throw StoreError(path, .damaged(findings.first ?? "quick_check says nothing"))
        }
    }

    private static func migrate(
        _ writer: any DatabaseWriter, _ path: String, _ applicationID: Int32, _ migrations: [StoreMigration]
    ) throws {
        var migrator = DatabaseMigrator()
        for (index, migration) in migrations.enumerated() {
            migrator.registerMigration(migration.name) { database in
                try migration.apply(database)
                // In the migration's own transaction: the two numbers are never ahead of the schema.
                try database.execute(sql: "PRAGMA application_id=\(applicationID)")
                try database.execute(sql: "PRAGMA user_version=\(index + 1)")
            }
        }
        if try writer.read({ try migrator.hasBeenSuperseded($0) }) {
            throw StoreError(path, .newerSchema)
        }
        try migrator.migrate(writer)
    }
}
