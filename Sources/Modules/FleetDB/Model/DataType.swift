/// What a column of a data template holds.
enum DataType: String, Sendable, Hashable, CaseIterable {
    /// A number as JavaScript knows it: a double, and an integer whenever it is whole.
    case numeric
    case bigint
    /// Milliseconds since 1970-01-01T00:00:00Z.
    case timestamp
    case string
    case boolean
    case json

    /// The column's type in a STRICT table.
    var storage: String {
        switch self {
        case .numeric: "REAL"
        case .bigint, .timestamp, .boolean: "INTEGER"
        case .string, .json: "TEXT"
        }
    }
}
