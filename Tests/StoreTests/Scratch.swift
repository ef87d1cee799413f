import Foundation
import Logging

@testable import Store

/// A file of its own for each test, in a directory that goes away with it.
final class Scratch: Sendable {
    let directory: String
    init() throws {
        directory = NSTemporaryDirectory() + "store-\(UUID().uuidString)/"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }
    deinit { try? FileManager.default.removeItem(atPath: directory) }

    func path(_ name: String = "things.db") -> String { directory + name }

    func open(
        _ name: String = "things.db", applicationID: Int32 = 0x4754_5454, migrations: [StoreMigration] = Scratch.things,
        options: StoreFile.Options = .init()
    ) throws -> StoreFile {
        try StoreFile(
            path: path(name), applicationID: applicationID, migrations: migrations, options: options,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    static let things = [
        StoreMigration("things", sql: "CREATE TABLE thing(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT"),
        StoreMigration(
            "parts of things",
            sql: "CREATE TABLE part(thing INTEGER NOT NULL REFERENCES thing(id), name TEXT NOT NULL) STRICT"),
    ]

    func mode(_ name: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path(name))[.posixPermissions] as? Int
    }
}
