package import GRDB

/// One step of a file's schema, named by its content (`people and their roles`).
///
/// Append-only: once released, a migration's name, place and body never change; what it got wrong, the next one mends.
package struct StoreMigration: Sendable {
    package let name: String
    package let apply: @Sendable (Database) throws -> Void

    /// - Parameter apply: runs in a transaction of its own, once per file.
    package init(_ name: String, _ apply: @escaping @Sendable (Database) throws -> Void) {
        self.name = name
        self.apply = apply
    }

    /// A migration that is plain SQL.
    package init(_ name: String, sql: String) {
        self.init(name) { try $0.execute(sql: sql) }
    }
}
