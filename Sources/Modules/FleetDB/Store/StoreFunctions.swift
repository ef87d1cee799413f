// The functions that filters need and SQLite does not have: reading a value inside a json column by the filter's rules,
// comparing json by what it means rather than how it is written, and a LIKE that ends when its query's time is over.

import GRDBSQLite
import WAMP

enum StoreFunctions {
    /// Adds the functions to a connection that reads.
    static func register(on connection: SQLiteConnection) throws(SQLiteError) {
        let flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY
        // Called while one of the connection's statements is stepped, and a statement keeps its connection.
        let owner = Unmanaged.passUnretained(connection).toOpaque()
        let codes = [
            sqlite3_create_function_v2(
                connection.handle, "fleetdb_leaf", 3, flags, owner,
                { context, _, arguments in StoreFunctions.leaf(context, arguments) }, nil, nil, nil),
            sqlite3_create_function_v2(
                connection.handle, "fleetdb_json_equal", 2, flags, owner,
                { context, _, arguments in StoreFunctions.jsonEqual(context, arguments) }, nil, nil, nil),
            sqlite3_create_function_v2(
                connection.handle, "fleetdb_like", 3, flags, owner,
                { context, _, arguments in StoreFunctions.like(context, arguments) }, nil, nil, nil),
        ]
        guard codes.allSatisfy({ $0 == SQLITE_OK }) else { throw connection.error() }
    }

    /// `fleetdb_leaf(json, path, type)`: the value at a path, read as a type, as filters compare it; with the type
    /// `any`, 1 when there is one. NULL when there is none, or it cannot be read as the type.
    private static func leaf(_ context: OpaquePointer?, _ arguments: UnsafeMutablePointer<OpaquePointer?>?) {
        guard !isOverdue(context) else { return sqlite3_result_error_code(context, SQLITE_INTERRUPT) }
        guard let json = text(arguments, 0), let path = text(arguments, 1),
            let type = text(arguments, 2), var value = try? Value.decode(Array(json.utf8), .json)
        else { return sqlite3_result_null(context) }
        for step in JSONPath.steps(path) {
            switch value {
            case .dictionary(let entries): value = entries[step] ?? .null
            case .list(let elements):
                let index = Int(step).flatMap { String($0) == step ? $0 : nil }
                value = index.flatMap { elements.indices.contains($0) ? elements[$0] : nil } ?? .null
            default: value = .null
            }
        }
        guard value != .null else { return sqlite3_result_null(context) }
        guard let dataType = DataType(rawValue: type) else { return sqlite3_result_int64(context, 1) }
        // What is stored is json already; only a request writes json as a text.
        let read = dataType == .json ? ComparableValue.json(value) : ComparableValue(value, as: dataType)
        result(context, read?.sqlValue ?? .null)
    }

    /// `fleetdb_json_equal(left, right)`: whether two JSON texts mean the same value.
    private static func jsonEqual(_ context: OpaquePointer?, _ arguments: UnsafeMutablePointer<OpaquePointer?>?) {
        guard !isOverdue(context) else { return sqlite3_result_error_code(context, SQLITE_INTERRUPT) }
        guard let left = text(arguments, 0).flatMap({ try? Value.decode(Array($0.utf8), .json) }),
            let right = text(arguments, 1).flatMap({ try? Value.decode(Array($0.utf8), .json) })
        else { return sqlite3_result_null(context) }
        sqlite3_result_int64(context, left.isSameJSON(as: right) ? 1 : 0)
    }

    /// `fleetdb_like(text, pattern, ignores case)`: SQL's LIKE with the escape `\`.
    private static func like(_ context: OpaquePointer?, _ arguments: UnsafeMutablePointer<OpaquePointer?>?) {
        guard let pattern = pattern(context, arguments), let value = arguments?[0],
            let characters = sqlite3_value_text(value)
        else { return sqlite3_result_null(context) }
        let bytes = UnsafeBufferPointer(start: characters, count: Int(sqlite3_value_bytes(value)))
        let ignoresCase = sqlite3_value_int(arguments?[2]) != 0
        guard let isMatch = pattern.matches(bytes.span, ignoresCase: ignoresCase, unless: { isOverdue(context) }) else {
            return sqlite3_result_error_code(context, SQLITE_INTERRUPT)
        }
        sqlite3_result_int(context, isMatch ? 1 : 0)
    }

    /// The pattern of a statement, read once.
    private static func pattern(
        _ context: OpaquePointer?, _ arguments: UnsafeMutablePointer<OpaquePointer?>?
    ) -> LikePattern? {
        if let kept = sqlite3_get_auxdata(context, 1) {
            return Unmanaged<Kept>.fromOpaque(kept).takeUnretainedValue().pattern
        }
        guard let pattern = text(arguments, 1).flatMap(LikePattern.init) else { return nil }
        sqlite3_set_auxdata(context, 1, Unmanaged.passRetained(Kept(pattern)).toOpaque()) { kept in
            if let kept { Unmanaged<Kept>.fromOpaque(kept).release() }
        }
        return pattern
    }

    private final class Kept {
        let pattern: LikePattern
        init(_ pattern: LikePattern) { self.pattern = pattern }
    }

    private static func isOverdue(_ context: OpaquePointer?) -> Bool {
        guard let owner = sqlite3_user_data(context) else { return false }
        return Unmanaged<SQLiteConnection>.fromOpaque(owner).takeUnretainedValue().isOverdue
    }

    private static func text(_ arguments: UnsafeMutablePointer<OpaquePointer?>?, _ index: Int) -> String? {
        guard let value = arguments?[index], let characters = sqlite3_value_text(value) else { return nil }
        let utf8 = UnsafeBufferPointer(start: characters, count: Int(sqlite3_value_bytes(value)))
        return String(decoding: utf8, as: UTF8.self)
    }

    private static func result(_ context: OpaquePointer?, _ value: SQLValue) {
        switch value {
        case .null: sqlite3_result_null(context)
        case .integer(let value): sqlite3_result_int64(context, value)
        case .real(let value): sqlite3_result_double(context, value)
        case .text(let value):
            // SQLITE_TRANSIENT: SQLite copies.
            let copies = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
            sqlite3_result_text64(context, value, UInt64(value.utf8.count), copies, UInt8(SQLITE_UTF8))
        }
    }
}

extension Value {
    /// Equality of JSON values: numbers by their value, whatever they are kept in.
    func isSameJSON(as other: Value) -> Bool {
        switch (self, other) {
        case (.list(let left), .list(let right)):
            left.count == right.count && zip(left, right).allSatisfy { $0.isSameJSON(as: $1) }
        case (.dictionary(let left), .dictionary(let right)):
            left.count == right.count
                && left.allSatisfy { key, value in right[key].map { value.isSameJSON(as: $0) } ?? false }
        default:
            if let left = double, let right = other.double { left == right } else { self == other }
        }
    }
}
