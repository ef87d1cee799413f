import GRDBSQLite

/// What SQLite answered: its extended result code and message. The message names tables and columns, never values.
struct SQLiteError: Error, Sendable, Hashable, CustomStringConvertible {
    var code: Int32
    var message: String
    var path: String

    var description: String { "\(path): \(message) (SQLite \(code))" }

    /// The result code without its extension.
    var primaryCode: Int32 { code & 0xFF }

    /// The file is damaged; it is put aside and a new one takes its place.
    var isDamage: Bool { primaryCode == SQLITE_CORRUPT || primaryCode == SQLITE_NOTADB }
    /// The statement took longer than its budget.
    var isInterrupted: Bool { primaryCode == SQLITE_INTERRUPT }
    var isFull: Bool { primaryCode == SQLITE_FULL }
    /// Two rows have the same unique key.
    var isConflict: Bool { primaryCode == SQLITE_CONSTRAINT }
}
