// The vendor's data template (v1) as it arrives in `fleetdb.realm.prepare`: a WAMP dictionary. The provisioner has
// checked it against the schema, with lines and all; here it is read defensively, because whatever is accepted
// becomes SQL.

import WAMP

/// The tables of a data template.
struct DataTemplate: Sendable, Hashable {
    var tables: [TableSchema]

    /// - Throws: which table and column cannot be kept, and why.
    init(_ template: Value) throws(TemplateError) {
        let data = template["data"] ?? template
        guard let list = data["tables"]?.list ?? (data["tables"] == nil ? [] : nil) else {
            throw TemplateError("data.tables", "expected a list")
        }
        guard list.count <= Self.tablesMax else {
            throw TemplateError("data.tables", "expected at most \(Self.tablesMax) tables")
        }
        tables = []
        for (index, entry) in list.enumerated() {
            let table = try Self.table(entry, "data.tables[\(index)]")
            guard !tables.contains(where: { $0.name.lowercased() == table.name.lowercased() }) else {
                throw TemplateError("data.tables[\(index)].tablename", "there is another table \"\(table.name)\"")
            }
            tables.append(table)
        }
    }

    private static let tablesMax = 1_000
    private static let columnsMax = 500

    private static func table(_ entry: Value, _ path: String) throws(TemplateError) -> TableSchema {
        guard let name = entry["tablename"]?.string, isTableName(name) else {
            throw TemplateError(path + ".tablename", "expected 1 to 100 letters, digits, _ and -")
        }
        guard name != TableSchema.errorLogs.name else {
            throw TemplateError(path + ".tablename", "error-logs is FleetDB's own table")
        }
        let columns = try columns(entry["columns"]?.list ?? [], path + ".columns")
        var schema = TableSchema(name: name, columns: columns)
        schema.entityKey = try entityKey(entry, columns, path + ".maintainLatestFlagFor")
        schema.isPrivate = entry["private"]?.bool ?? false
        if let chunk = try interval(entry, "chunkTimeInterval", path) {
            guard chunk >= 60_000 else { throw TemplateError(path + ".chunkTimeInterval", "expected a minute or more") }
            schema.chunkMilliseconds = chunk
        }
        schema.retentionMilliseconds = try interval(entry, "dropAfter", path)
        return schema
    }

    private static func columns(_ list: [Value], _ path: String) throws(TemplateError) -> [Column] {
        guard list.count <= columnsMax else { throw TemplateError(path, "expected at most \(columnsMax) columns") }
        var columns: [Column] = []
        for (index, entry) in list.enumerated() {
            let path = "\(path)[\(index)]"
            guard let id = entry["id"]?.string, isColumnID(id) else {
                throw TemplateError(path + ".id", "expected letters, digits and _, no digit first, at most 63")
            }
            // SQLite does not tell upper from lower case in names.
            let taken = columns.map { $0.id.lowercased() } + TableSchema.reservedIDs
            guard !taken.contains(id.lowercased()) else {
                throw TemplateError(path + ".id", "\"\(id)\" is there already, or reserved")
            }
            guard let dataType = entry["dataType"]?.string.flatMap(DataType.init(rawValue:)) else {
                throw TemplateError(
                    path + ".dataType", "expected numeric, bigint, timestamp, string, boolean or json")
            }
            guard entry["secret"]?.bool != true else {
                throw TemplateError(path + ".secret", "secret columns are not supported by this version")
            }
            columns.append(Column(id, dataType, source: try source(entry, path)))
        }
        guard columns.contains(where: { $0.id == "tsp" && $0.dataType == .timestamp }) else {
            throw TemplateError(path, "expected a column \"tsp\" of dataType timestamp")
        }
        return columns
    }

    private static func source(_ entry: Value, _ path: String) throws(TemplateError) -> ColumnSource? {
        guard let text = entry["path"]?.string, !text.isEmpty else { return nil }
        guard let source = ColumnSource(path: text) else {
            throw TemplateError(path + ".path", "expected a path below args[0], kwargs or details")
        }
        return source
    }

    private static func entityKey(
        _ entry: Value, _ columns: [Column], _ path: String
    ) throws(TemplateError) -> [String] {
        let names = entry["maintainLatestFlagFor"]?.list ?? []
        var key: [String] = []
        for name in names {
            guard let id = name.string, id == "device_key" || columns.contains(where: { $0.id == id }), id != "tsp",
                !key.contains(id)
            else { throw TemplateError(path, "expected ids of this table's columns, each once, without tsp") }
            key.append(id)
        }
        return key
    }

    private static func interval(_ entry: Value, _ key: String, _ path: String) throws(TemplateError) -> Int64? {
        guard let value = entry[key], value != .null else { return nil }
        guard let text = value.string, let milliseconds = TimeInterval.milliseconds(text) else {
            throw TemplateError("\(path).\(key)", "expected a length of time such as \"30 days\"")
        }
        return milliseconds
    }

    /// What may be a table's name: it becomes a URI component, an SQL name and a directory.
    private static func isTableName(_ name: String) -> Bool {
        (1...100).contains(name.utf8.count)
            && name.utf8.allSatisfy { $0.isLetter || $0.isDigit || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") }
    }

    private static func isColumnID(_ id: String) -> Bool {
        guard let first = id.utf8.first, !first.isDigit, id.utf8.count <= 63 else { return false }
        return id.utf8.allSatisfy { $0.isLetter || $0.isDigit || $0 == UInt8(ascii: "_") }
    }
}

/// Why a template cannot be kept: the place in it, and what was expected there.
struct TemplateError: Error, Sendable, Hashable, CustomStringConvertible {
    var path: String
    var reason: String

    init(_ path: String, _ reason: String) {
        self.path = path
        self.reason = reason
    }

    var description: String { "\(path): \(reason)" }
}

extension UInt8 {
    fileprivate var isLetter: Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self) || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self)
    }
    fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
}
