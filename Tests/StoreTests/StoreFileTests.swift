import Foundation
import GRDB
import Testing

@testable import Store

@Suite struct StoreFileTests {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    @Test(arguments: [0, 2])
    func `the pragmas are the house's on the connection that writes`(readersMax: Int) throws {
        let file = try scratch.open(options: .init(readersMax: readersMax, busyTimeoutSeconds: 7))
        let values = try file.writer.writeWithoutTransaction { database in
            try ["journal_mode", "synchronous", "foreign_keys", "application_id", "user_version", "busy_timeout"].map {
                try String.fetchOne(database, sql: "PRAGMA \($0)")
            }
        }
        #expect(values == ["wal", "2", "1", "\(0x4754_5454)", "2", "7000"])
    }

    @Test func `the file, its WAL and its index can be read by their owner only`() async throws {
        let file = try scratch.open()
        try await file.write { try $0.execute(sql: "INSERT INTO thing(name) VALUES('a')") }
        for name in ["things.db", "things.db-wal", "things.db-shm"] {
            #expect(try scratch.mode(name) == 0o600, "\(name)")
        }
    }

    @Test func `a file that others could read is closed to them`() throws {
        _ = FileManager.default.createFile(
            atPath: scratch.path(), contents: nil, attributes: [.posixPermissions: 0o644])
        _ = try scratch.open()
        #expect(try scratch.mode("things.db") == 0o600)
    }

    @Test func `a write that throws leaves nothing behind`() async throws {
        let file = try scratch.open()
        await #expect(throws: DatabaseError.self) {
            try await file.write { database in
                try database.execute(sql: "INSERT INTO thing(name) VALUES('a')")
                try database.execute(sql: "INSERT INTO part(thing, name) VALUES(99, 'wheel')")
            }
        }
        let count = try await file.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM thing") }
        #expect(count == 0)
    }

    @Test func `migrations are applied once, and only the new ones`() async throws {
        let first = try scratch.open(migrations: [Scratch.things[0]])
        try await first.write { try $0.execute(sql: "INSERT INTO thing(name) VALUES('kept')") }
        try first.close()
        let second = try scratch.open()
        let found = try await second.read { database in
            try (
                String.fetchAll(database, sql: "SELECT name FROM thing"),
                Int.fetchOne(database, sql: "PRAGMA user_version"),
                Int.fetchOne(database, sql: "SELECT count(*) FROM part")
            )
        }
        #expect(found.0 == ["kept"])
        #expect(found.1 == 2)
        #expect(found.2 == 0)
    }

    @Test func `a migration that fails leaves the schema and the version before it`() throws {
        let broken = StoreMigration("broken", sql: "CREATE TABLE half(id INTEGER); CREATE TABLE half(id INTEGER);")
        #expect(throws: StoreError.self) { try scratch.open(migrations: Scratch.things + [broken]) }
        let file = try scratch.open()
        let found = try file.writer.read { database in
            try (
                Int.fetchOne(database, sql: "PRAGMA user_version"),
                Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_master WHERE name = 'half'")
            )
        }
        #expect(found.0 == 2)
        #expect(found.1 == 0)
    }

    @Test func `a file of a newer version is refused, not migrated down`() throws {
        try scratch.open(migrations: Scratch.things + [StoreMigration("later", sql: "CREATE TABLE later(id)")]).close()
        #expect(throws: StoreError(scratch.path(), .newerSchema)) { try scratch.open() }
    }

    @Test func `another module's file is refused`() throws {
        try scratch.open().close()
        #expect(throws: StoreError(scratch.path(), .foreignFile(applicationID: 0x4754_5454))) {
            try scratch.open(applicationID: 0x4754_5555)
        }
    }

    @Test func `another program's file without an application id is refused`() throws {
        let other = try DatabaseQueue(path: scratch.path())
        try other.write { try $0.execute(sql: "CREATE TABLE notes(text)") }
        try other.close()
        #expect(throws: StoreError(scratch.path(), .foreignFile(applicationID: 0))) { try scratch.open() }
    }

    @Test func `a text file is refused and keeps its content`() throws {
        let text = String(repeating: "These are my notes, not a database. ", count: 40)
        try Data(text.utf8).write(to: URL(fileURLWithPath: scratch.path()))
        let error = #expect(throws: StoreError.self) { try scratch.open() }
        #expect("\(try #require(error))".contains(scratch.path()))
        #expect(try String(contentsOfFile: scratch.path(), encoding: .utf8) == text)
    }

    @Test func `a directory that is not there is named`() {
        #expect(throws: StoreError(scratch.path("no/things.db"), .system(call: "open", errno: ENOENT))) {
            try scratch.open("no/things.db")
        }
    }
}

@Suite struct RecoveryTests {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    /// What a kill -9 leaves: the file and its WAL as they are on the disk while the database is open.
    private func killed(_ file: StoreFile, as name: String) throws {
        for suffix in ["", "-wal"] {
            try FileManager.default.copyItem(atPath: file.path + suffix, toPath: scratch.path(name) + suffix)
        }
    }

    @Test func `a committed row survives a kill`() async throws {
        let file = try scratch.open()
        try await file.write { try $0.execute(sql: "INSERT INTO thing(name) VALUES('a')") }
        try killed(file, as: "after.db")
        let after = try scratch.open("after.db")
        #expect(after.recovered)
        let names = try await after.read { try String.fetchAll($0, sql: "SELECT name FROM thing") }
        #expect(names == ["a"])
    }

    @Test func `a file that was closed is not checked again`() throws {
        try scratch.open().close()
        let wal = try? FileManager.default.attributesOfItem(atPath: scratch.path("things.db-wal"))
        #expect(wal?[.size] as? Int ?? 0 == 0)
        #expect(try !scratch.open().recovered)
    }

    @Test func `a damaged page is found after an unclean stop`() async throws {
        let file = try scratch.open()
        try await file.write { database in
            for index in 0..<2000 {
                try database.execute(sql: "INSERT INTO thing(name) VALUES(?)", arguments: ["thing number \(index)"])
            }
        }
        try await file.writer.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
        try await file.write { try $0.execute(sql: "INSERT INTO thing(name) VALUES('last')") }
        try killed(file, as: "damaged.db")
        let handle = try #require(FileHandle(forUpdatingAtPath: scratch.path("damaged.db")))
        try handle.seek(toOffset: 4096 * 8)
        try handle.write(contentsOf: Data(repeating: 0xA5, count: 4096))
        try handle.close()
        let error = #expect(throws: StoreError.self) { try scratch.open("damaged.db") }
        guard case .damaged = try #require(error).problem else {
            Issue.record("expected .damaged, not \(String(describing: error))")
            return
        }
    }
}

@Suite struct BackUpTests {
    let scratch: Scratch
    init() throws { scratch = try Scratch() }

    @Test func `a backup holds what was committed, is private and opens on its own`() async throws {
        let file = try scratch.open()
        try await file.write { try $0.execute(sql: "INSERT INTO thing(name) VALUES('a')") }
        try file.backUp(to: scratch.path("copy.db"))
        try await file.write { try $0.execute(sql: "INSERT INTO thing(name) VALUES('b')") }
        #expect(try scratch.mode("copy.db") == 0o600)
        let entries = try FileManager.default.contentsOfDirectory(atPath: scratch.directory)
        #expect(Set(entries.filter { $0.hasPrefix("copy") }) == ["copy.db"])
        let copy = try scratch.open("copy.db")
        let names = try await copy.read { try String.fetchAll($0, sql: "SELECT name FROM thing") }
        #expect(names == ["a"])
    }

    @Test func `a backup never overwrites a file`() throws {
        let file = try scratch.open()
        try file.backUp(to: scratch.path("copy.db"))
        #expect(throws: StoreError(scratch.path("copy.db"), .backUpExists)) {
            try file.backUp(to: scratch.path("copy.db"))
        }
    }
}
