// Reads `data-template.yml` against the vendor's schema v1. The reader of gantry.yml does the work: it knows the line
// of every key, refuses unknown ones (`additionalProperties: false`) and goes on after a mistake, so that one attempt
// names all of them. Here are the schema's rules.

import ModuleKit

enum TemplateReader {
    /// More text than any template has; the message that brings it may be larger.
    static let bytesMax = 1 << 20
    static let tablesMax = 1000
    static let columnsMax = 500

    /// - Parameter file: the file's name as errors shall say it.
    /// - Throws: every mistake, with its line, its key and the rule that it breaks.
    static func read(_ text: String, file: String = "data-template.yml") throws(ConfigurationErrors) -> DataTemplate {
        guard text.utf8.count <= bytesMax else {
            throw ConfigurationErrors([
                ConfigurationError(
                    .file(file, line: 1, column: 1), key: "", reason: "expected at most \(bytesMax) bytes")
            ])
        }
        let document = ConfigurationDocument(text: text, file: file)
        let template = template(document.settings)
        try document.check()
        return template
    }

    private static func template(_ root: Settings) -> DataTemplate {
        // What an app stores as files is not served by this version: its part of the schema is left alone.
        root.skip("files")
        let data = root.scope("data")
        var template = DataTemplate(description: data.string("description"))
        template.consumes = root.list("consumes").map(consumed)
        guard root.isSet("data") else { return template }
        let tables = data.list("tables")
        if tables.count > tablesMax { data.refuse("tables", "expected at most \(tablesMax) tables") }
        var names: Set<String> = []
        template.tables = tables.prefix(tablesMax).map { table($0, &names) }
        template.transforms = data.list("transforms").prefix(tablesMax).map { transform($0, &names) }
        return template
    }

    private static func consumed(_ settings: Settings) -> DataTemplate.Consumed {
        DataTemplate.Consumed(app: text("app", settings), reason: settings.string("reason"))
    }

    private static func table(_ settings: Settings, _ names: inout Set<String>) -> DataTemplate.Table {
        let name = tablename(settings, &names)
        let columns = columns(settings)
        if !columns.isEmpty, !columns.contains(where: { $0.id == "tsp" && $0.dataType == .timestamp }) {
            settings.refuse("columns", "expected a column \"tsp\" with dataType timestamp: every row has its time")
        }
        return DataTemplate.Table(
            tablename: name, description: settings.string("description"),
            isPrivate: settings.bool("private", default: false), columns: columns,
            chunkTimeInterval: interval("chunkTimeInterval", settings), dropAfter: interval("dropAfter", settings),
            columnstore: settings.bool("columnstore"), columnstoreAfter: interval("columnstoreAfter", settings),
            downsample: downsample(settings), maintainLatestFlagFor: entityKey(settings, columns))
    }

    private static func transform(_ settings: Settings, _ names: inout Set<String>) -> DataTemplate.Transform {
        let name = tablename(settings, &names)
        let materialize = settings.bool("materialize")
        if !settings.isSet("materialize") { missing("materialize", "true or false", settings) }
        let schedule = settings.value("schedule", expected: "a cron schedule of five fields") { text in
            CronSchedule.isValid(text) ? text : nil
        }
        if !settings.isSet("schedule") { missing("schedule", "a cron schedule of five fields", settings) }
        return DataTemplate.Transform(
            tablename: name, isMaterialized: materialize ?? false, schedule: schedule ?? "",
            sql: text("sql", settings), isPrivate: settings.bool("private", default: false),
            columns: columns(settings))
    }

    private static func downsample(_ settings: Settings) -> DataTemplate.Downsample? {
        let isSet = settings.isSet("downsample")
        let scope = settings.scope("downsample")
        let bucket = interval("bucket", scope)
        let keepFor = interval("keepFor", scope)
        let paths = scope.strings("paths")
        guard isSet else { return nil }
        if !scope.isSet("bucket") { missing("bucket", "a length of time such as \"1 minute\"", scope) }
        if let bucket, let milliseconds = TemplateInterval.milliseconds(bucket), 86_400_000 % milliseconds != 0 {
            scope.refuse("bucket", "expected a length of time that divides a day, found \"\(bucket)\"")
        }
        return DataTemplate.Downsample(bucket: bucket ?? "", keepFor: keepFor, paths: paths)
    }
}

// MARK: Columns

extension TemplateReader {
    /// What FleetDB adds to every row.
    static let reservedIDs: Set<String> = ["device_key", "latest_flag", "authid"]

    private static func columns(_ settings: Settings) -> [DataTemplate.Column] {
        let entries = settings.list("columns")
        if !settings.isSet("columns") {
            missing("columns", "a list of columns", settings)
        } else if entries.isEmpty {
            settings.refuse("columns", "expected at least one column")
        }
        if entries.count > columnsMax { settings.refuse("columns", "expected at most \(columnsMax) columns") }
        var ids: Set<String> = []
        return entries.prefix(columnsMax).map { column($0, &ids) }
    }

    private static func column(_ settings: Settings, _ ids: inout Set<String>) -> DataTemplate.Column {
        let id = text("id", settings)
        if !id.isEmpty {
            if !isColumnID(id) {
                settings.refuse("id", "expected letters, digits and _, no digit first, at most 63: it names a column")
            } else if reservedIDs.contains(id.lowercased()) {
                settings.refuse("id", "\"\(id)\" is reserved: every row has it anyway")
            } else if !ids.insert(id.lowercased()).inserted {
                settings.refuse("id", "\"\(id)\" is there twice (upper and lower case count as the same)")
            }
        }
        let type: DataTemplate.ColumnType? = settings.enumeration("dataType")
        if !settings.isSet("dataType") {
            missing(
                "dataType", "one of \(DataTemplate.ColumnType.allCases.map(\.rawValue).joined(separator: ", "))",
                settings)
        }
        let path = settings.value("path", expected: "a path into args, kwargs or details, such as args[0].\(id)") {
            ArgumentPath.isValid($0) ? $0 : nil
        }
        let isSecret = settings.bool("secret", default: false)
        if isSecret, let type, type != .string {
            settings.refuse("secret", "expected a column of dataType string: only texts can be secret")
        }
        return DataTemplate.Column(
            id: id, name: text("name", settings), description: text("description", settings, mayBeEmpty: true),
            dataType: type ?? .string, path: path, isSecret: isSecret)
    }

    private static func entityKey(_ settings: Settings, _ columns: [DataTemplate.Column]) -> [String] {
        let key = settings.strings("maintainLatestFlagFor")
        for (index, id) in key.enumerated() {
            if id == "tsp" {
                settings.refuse("maintainLatestFlagFor", "\"tsp\" cannot name an entity: it differs in every row")
            } else if key[..<index].contains(id) {
                settings.refuse("maintainLatestFlagFor", "\"\(id)\" is there twice")
            } else if id == "device_key" {
                continue
            } else if let column = columns.first(where: { $0.id == id }) {
                if column.isSecret {
                    settings.refuse("maintainLatestFlagFor", "\"\(id)\" is secret and cannot name an entity")
                }
            } else {
                settings.refuse("maintainLatestFlagFor", "\"\(id)\" is none of this table's columns")
            }
        }
        return key
    }

    private static func isColumnID(_ id: String) -> Bool {
        guard let first = id.utf8.first, first.isLetter || first == UInt8(ascii: "_"), id.utf8.count <= 63 else {
            return false
        }
        return id.utf8.allSatisfy { $0.isLetter || $0.isDigit || $0 == UInt8(ascii: "_") }
    }
}

// MARK: Parts

extension TemplateReader {
    private static func tablename(_ settings: Settings, _ names: inout Set<String>) -> String {
        let name = text("tablename", settings)
        guard !name.isEmpty else { return name }
        if !isTableName(name) {
            settings.refuse("tablename", "expected ^[a-z][a-z0-9_]*$ of at most 63 letters: it is part of URIs")
        } else if !names.insert(name).inserted {
            settings.refuse("tablename", "\"\(name)\" is there twice")
        }
        return name
    }

    private static func isTableName(_ name: String) -> Bool {
        guard let first = name.utf8.first, (0x61...0x7A).contains(first), name.utf8.count <= 63 else { return false }
        return name.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0.isDigit || $0 == UInt8(ascii: "_") }
    }

    /// A text that must be there.
    private static func text(_ key: String, _ settings: Settings, mayBeEmpty: Bool = false) -> String {
        guard let text = settings.string(key) else {
            if !settings.isSet(key) { missing(key, "a text", settings) }
            return ""
        }
        if text.isEmpty && !mayBeEmpty { settings.refuse(key, "expected a text, found an empty one") }
        return text
    }

    private static func interval(_ key: String, _ settings: Settings) -> String? {
        settings.value(key, expected: "a length of time such as \"30 days\"") { text in
            TemplateInterval.milliseconds(text) == nil ? nil : text
        }
    }

    private static func missing(_ key: String, _ expected: String, _ settings: Settings) {
        settings.refuse(key, "required, and not there: expected \(expected)")
    }
}

extension UInt8 {
    fileprivate var isLetter: Bool { (0x61...0x7A).contains(self) || (0x41...0x5A).contains(self) }
    fileprivate var isDigit: Bool { (0x30...0x39).contains(self) }
}
