// SQLite's C interface, as little of it as FleetDB needs. GRDB is not used here: rows go from a payload's bytes straight
// into a statement's parameters, and nothing may stand between.

import GRDBSQLite

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// One connection to one file. Belongs to one actor; closes when it is released.
final class SQLiteConnection {
    let path: String
    let handle: OpaquePointer
    /// When a reading statement that is being stepped is given up, on the monotonic clock.
    fileprivate var deadlineNanoseconds = Int64.max

    enum Access {
        /// Creates the file, which must not be there (or be empty).
        case create
        case write
        /// Reads beside a writer. SQLite wants to write the index of a WAL even so.
        case read
    }

    init(path: String, _ access: Access) throws(SQLiteError) {
        self.path = path
        var flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE
        if case .create = access { flags |= SQLITE_OPEN_CREATE }
        var handle: OpaquePointer?
        let code = sqlite3_open_v2(path, &handle, flags, nil)
        guard code == SQLITE_OK, let handle else {
            // A handle comes even with most errors, and must be closed.
            sqlite3_close_v2(handle)
            throw SQLiteError(code: code, message: "cannot be opened", path: path)
        }
        self.handle = handle
        sqlite3_extended_result_codes(handle, 1)
        sqlite3_busy_timeout(handle, 5000)
        guard case .read = access else { return }
        try execute("PRAGMA query_only=1")
        // Called while one of this connection's statements is stepped, and a statement keeps its connection.
        sqlite3_progress_handler(
            handle, Self.instructionsPerCheck,
            { context in
                guard let context else { return 0 }
                let connection = Unmanaged<SQLiteConnection>.fromOpaque(context).takeUnretainedValue()
                return connection.isOverdue ? 1 : 0
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    /// Whether what is being stepped has taken too long: for functions that may work for long between two instructions.
    var isOverdue: Bool { monotonicNanoseconds() > deadlineNanoseconds }

    /// A fraction of a millisecond's work.
    private static let instructionsPerCheck: Int32 = 10_000

    deinit {
        // Closing may checkpoint, and nothing must ask an object that is going.
        sqlite3_progress_handler(handle, 0, nil, nil)
        // With statements left over this becomes a zombie that closes with the last of them.
        sqlite3_close_v2(handle)
    }

    func execute(_ sql: String) throws(SQLiteError) {
        guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else { throw error() }
    }

    func prepare(_ sql: String) throws(SQLiteError) -> SQLiteStatement {
        var statement: OpaquePointer?
        let code = sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
        guard code == SQLITE_OK, let statement else { throw error() }
        return SQLiteStatement(statement, self)
    }

    /// The first column of the first row, for one-off questions.
    func integer(_ sql: String) throws(SQLiteError) -> Int64? {
        let statement = try prepare(sql)
        return try statement.step() && !statement.isNull(0) ? statement.integer(0) : nil
    }

    func text(_ sql: String) throws(SQLiteError) -> String? {
        let statement = try prepare(sql)
        return try statement.step() ? statement.string(0) : nil
    }

    func error() -> SQLiteError {
        let message = sqlite3_errmsg(handle).map { String(cString: $0) } ?? ""
        return SQLiteError(code: sqlite3_extended_errcode(handle), message: message, path: path)
    }
}

/// A prepared statement. Parameters count from 1, columns from 0, as in SQLite.
final class SQLiteStatement {
    let handle: OpaquePointer
    private let connection: SQLiteConnection

    fileprivate init(_ handle: OpaquePointer, _ connection: SQLiteConnection) {
        self.handle = handle
        self.connection = connection
    }

    deinit {
        sqlite3_finalize(handle)
    }

    // MARK: Parameters. Binding fails only for an index that is not there, or without memory: `step` tells.

    @inline(__always)
    func bind(_ value: Int64, at index: Int32) { sqlite3_bind_int64(handle, index, value) }
    @inline(__always)
    func bind(_ value: Double, at index: Int32) { sqlite3_bind_double(handle, index, value) }
    @inline(__always)
    func bindNull(at index: Int32) { sqlite3_bind_null(handle, index) }

    /// Binds a text without copying it.
    ///
    /// - Precondition: the bytes stay where they are until the statement has been stepped and reset.
    @inline(__always)
    func bind(borrowing text: UnsafeBufferPointer<UInt8>, at index: Int32) {
        // An empty buffer may have no address, and no address would be NULL.
        guard text.count > 0, let address = text.baseAddress else {
            sqlite3_bind_text64(handle, index, "", 0, nil, UInt8(SQLITE_UTF8))
            return
        }
        let characters = UnsafeRawPointer(address).assumingMemoryBound(to: CChar.self)
        sqlite3_bind_text64(handle, index, characters, UInt64(text.count), nil, UInt8(SQLITE_UTF8))
    }

    /// Binds a copy.
    func bind(_ value: SQLValue, at index: Int32) {
        switch value {
        case .null: bindNull(at: index)
        case .integer(let value): bind(value, at: index)
        case .real(let value): bind(value, at: index)
        case .text(var value):
            value.withUTF8 { utf8 in
                guard utf8.count > 0, let address = utf8.baseAddress else {
                    return bind(borrowing: utf8, at: index)
                }
                let characters = UnsafeRawPointer(address).assumingMemoryBound(to: CChar.self)
                sqlite3_bind_text64(
                    handle, index, characters, UInt64(utf8.count), copies, UInt8(SQLITE_UTF8))
            }
        }
    }

    func bind(_ values: some Sequence<SQLValue>, from index: Int32 = 1) {
        var index = index
        for value in values {
            bind(value, at: index)
            index += 1
        }
    }

    // MARK: Running

    /// - Returns: whether there is a row.
    @inline(__always)
    func step() throws(SQLiteError) -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default: throw connection.error()
        }
    }

    /// Steps, and gives up when it takes longer than what is left of a budget; takes the time off it.
    func step(within nanoseconds: inout Int64) throws(SQLiteError) -> Bool {
        let begin = monotonicNanoseconds()
        connection.deadlineNanoseconds = begin &+ nanoseconds
        defer {
            nanoseconds &-= monotonicNanoseconds() &- begin
            // Other statements of the connection have a budget of their own, or none.
            connection.deadlineNanoseconds = .max
        }
        return try step()
    }

    /// Steps a statement that has no rows, and makes it ready for the next time.
    @inline(__always)
    func run() throws(SQLiteError) {
        let code = sqlite3_step(handle)
        guard code == SQLITE_DONE || code == SQLITE_ROW else {
            let error = connection.error()
            sqlite3_reset(handle)
            throw error
        }
        sqlite3_reset(handle)
    }

    func reset() { sqlite3_reset(handle) }
    /// Forgets borrowed bytes.
    func clear() { sqlite3_clear_bindings(handle) }

    // MARK: Columns of the current row

    @inline(__always)
    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }
    @inline(__always)
    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }
    @inline(__always)
    func real(_ column: Int32) -> Double { sqlite3_column_double(handle, column) }

    /// Lends the column's UTF-8, for as long as the call lasts.
    @inline(__always)
    func withText<Result>(_ column: Int32, _ body: (Span<UInt8>) -> Result) -> Result {
        let address = sqlite3_column_text(handle, column)
        let count = Int(sqlite3_column_bytes(handle, column))
        return body(UnsafeBufferPointer(start: address, count: address == nil ? 0 : count).span)
    }

    /// A copy of the column's value.
    func value(_ column: Int32) -> SQLValue {
        switch sqlite3_column_type(handle, column) {
        case SQLITE_INTEGER: .integer(integer(column))
        case SQLITE_FLOAT: .real(real(column))
        case SQLITE_TEXT: .text(string(column))
        default: .null
        }
    }

    func string(_ column: Int32) -> String {
        withText(column) { span in span.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) } }
    }

    func utf8(_ column: Int32) -> [UInt8] {
        withText(column) { span in span.withUnsafeBufferPointer { Array($0) } }
    }
}

/// SQLITE_TRANSIENT, which Swift cannot import: SQLite takes a copy before the call returns.
private let copies = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

private func monotonicNanoseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
}
