// The vendor's data template, v1: which tables an app has. This is what has been checked; the text it was read from
// is what is stored and shown again. To other modules it travels as a WAMP dictionary of the same shape and keys.

import WAMP

/// An app's tables, and what else its `data-template.yml` says.
struct DataTemplate: Sendable, Hashable {
    struct Table: Sendable, Hashable {
        var tablename: String
        var description: String?
        var isPrivate: Bool
        var columns: [Column]
        /// Lengths of time as they are written: `30 days`.
        var chunkTimeInterval: String?
        var dropAfter: String?
        var columnstore: Bool?
        var columnstoreAfter: String?
        var downsample: Downsample?
        /// Ids of the columns that name an entity; its latest row is kept.
        var maintainLatestFlagFor: [String]
    }

    struct Column: Sendable, Hashable {
        var id: String
        var name: String
        var description: String
        var dataType: ColumnType
        /// Where a write finds the value; nil is `args[0].<id>`.
        var path: String?
        var isSecret: Bool
    }

    enum ColumnType: String, Sendable, Hashable, CaseIterable {
        case numeric, bigint, timestamp, string, boolean, json
    }

    struct Downsample: Sendable, Hashable {
        var bucket: String
        var keepFor: String?
        var paths: [String]
    }

    /// A view, computed on a schedule.
    struct Transform: Sendable, Hashable {
        var tablename: String
        var isMaterialized: Bool
        var schedule: String
        var sql: String
        var isPrivate: Bool
        var columns: [Column]
    }

    /// Another app whose realm this one reads.
    struct Consumed: Sendable, Hashable {
        var app: String
        var reason: String?
    }

    var description: String?
    var tables: [Table] = []
    var transforms: [Transform] = []
    var consumes: [Consumed] = []
}

// MARK: As a WAMP value

extension DataTemplate {
    /// The template's own shape and keys; what it leaves out is left out here.
    var value: Value {
        var data: [String: Value] = ["tables": .list(tables.map(\.value))]
        if let description { data["description"] = .string(description) }
        if !transforms.isEmpty { data["transforms"] = .list(transforms.map(\.value)) }
        var template: [String: Value] = ["data": .dictionary(data)]
        if !consumes.isEmpty { template["consumes"] = .list(consumes.map(\.value)) }
        return .dictionary(template)
    }
}

extension DataTemplate.Table {
    var value: Value {
        var table: [String: Value] = [
            "tablename": .string(tablename), "private": .bool(isPrivate), "columns": .list(columns.map(\.value)),
        ]
        table["description"] = description.map(Value.string)
        table["chunkTimeInterval"] = chunkTimeInterval.map(Value.string)
        table["dropAfter"] = dropAfter.map(Value.string)
        table["columnstore"] = columnstore.map(Value.bool)
        table["columnstoreAfter"] = columnstoreAfter.map(Value.string)
        table["downsample"] = downsample?.value
        if !maintainLatestFlagFor.isEmpty {
            table["maintainLatestFlagFor"] = .list(maintainLatestFlagFor.map(Value.string))
        }
        return .dictionary(table)
    }
}

extension DataTemplate.Column {
    var value: Value {
        var column: [String: Value] = [
            "id": .string(id), "name": .string(name), "description": .string(description),
            "dataType": .string(dataType.rawValue),
        ]
        column["path"] = path.map(Value.string)
        if isSecret { column["secret"] = true }
        return .dictionary(column)
    }
}

extension DataTemplate.Downsample {
    var value: Value {
        var downsample: [String: Value] = ["bucket": .string(bucket), "paths": .list(paths.map(Value.string))]
        downsample["keepFor"] = keepFor.map(Value.string)
        return .dictionary(downsample)
    }
}

extension DataTemplate.Transform {
    var value: Value {
        [
            "tablename": .string(tablename), "materialize": .bool(isMaterialized), "schedule": .string(schedule),
            "sql": .string(sql), "private": .bool(isPrivate), "columns": .list(columns.map(\.value)),
        ]
    }
}

extension DataTemplate.Consumed {
    var value: Value {
        var consumed: [String: Value] = ["app": .string(app)]
        consumed["reason"] = reason.map(Value.string)
        return .dictionary(consumed)
    }
}
