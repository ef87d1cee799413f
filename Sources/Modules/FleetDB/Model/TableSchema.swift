// A table as FleetDB keeps it: the template's columns in their order, and what FleetDB adds to every row.

/// One column of a data template.
struct Column: Sendable, Hashable {
    /// Its name in rows, filters and the store.
    var id: String
    var dataType: DataType
    /// Where a write finds the value.
    var source: ColumnSource

    init(_ id: String, _ dataType: DataType, source: ColumnSource? = nil) {
        self.id = id
        self.dataType = dataType
        self.source = source ?? .row(id)
    }
}

/// One table of a data template, or the `error-logs` that every realm has.
struct TableSchema: Sendable, Hashable {
    var name: String
    var columns: [Column]
    /// `maintainLatestFlagFor`: the columns that name the entity whose latest row is kept; empty for none.
    var entityKey: [String] = []
    /// Not readable by other apps (role `app_reader`).
    var isPrivate = false
    /// `chunkTimeInterval` in milliseconds: how much time one file holds; nil leaves it to the setting.
    var chunkMilliseconds: Int64?
    /// `dropAfter` in milliseconds; nil keeps rows forever.
    var retentionMilliseconds: Int64?
    /// Rows show their sequence as `id`, as the vendor's `error-logs` does.
    var showsSequence = false

    init(name: String, columns: [Column], entityKey: [String] = []) {
        self.name = name
        self.columns = columns
        self.entityKey = entityKey
    }

    /// The columns that every row has beside the template's.
    static let deviceKey = Column("device_key", .bigint, source: .deviceKey)
    static let authid = Column("authid", .string, source: .authid)

    /// Ids that a template may not use: FleetDB's own columns and the legacy marker.
    static let reservedIDs: Set<String> = ["device_key", "latest_flag", "authid"]

    /// The row as the store and the readers know it: the template's columns, then `device_key` and `authid`.
    var storedColumns: [Column] { columns + [Self.deviceKey, Self.authid] }

    func column(_ id: String) -> Column? { storedColumns.first { $0.id == id } }

    var keepsLatest: Bool { !entityKey.isEmpty }
}

extension TableSchema {
    /// What went wrong with rows and functions: every realm has it, whatever the template says.
    static let errorLogs: TableSchema = {
        var schema = TableSchema(
            name: "error-logs",
            columns: [
                Column("tsp", .timestamp), Column("msg", .string), Column("user_message", .string),
                Column("source", .string), Column("level", .string),
            ])
        schema.isPrivate = true
        schema.showsSequence = true
        schema.retentionMilliseconds = 90 * 86_400_000
        return schema
    }()
}
