// How a table's rows are found in a payload, worked out once per table: which keys of a row matter, and which column
// gets what.

import WAMP

/// A table's way from payload to row.
struct RowPlan: Sendable, Hashable {
    /// Where a column's value is found.
    enum Place: Sendable, Hashable {
        /// A key of the row: an index of `keys`, and the steps inside its value (none for nearly every column).
        case row(key: Int, [String])
        case argument(Int, [String])
        /// An index of `keywords`, and the steps inside its value.
        case keyword(Int, [String])
        case details([String])
    }

    struct Target: Sendable, Hashable {
        var dataType: DataType
        var place: Place
    }

    let schema: TableSchema
    /// The keys of a row that matter, as UTF-8: each once.
    let keys: [[UInt8]]
    /// One for each column of the template, in its order.
    let targets: [Target]
    /// The same for the columns that are simply a key of the row: an index of `keys`, -1 for the others.
    let simpleKeys: [Int]
    let dataTypes: [DataType]
    /// Whether a column wants more than `args[0]`.
    let usesArguments: Bool
    /// The names of the keyword arguments that matter, as UTF-8; the first is `DEVICE_KEY`.
    let keywords: [[UInt8]]
    /// The key `DEVICE_KEY`, an index of `keys`.
    let deviceKey: Int
    /// The column `tsp`, an index of `targets`.
    let tsp: Int
    /// The entity key's columns, indexes of the stored row (`targets`, then `device_key`).
    let entityKey: [Int]

    static let deviceKeyName = "DEVICE_KEY"

    /// - Precondition: the schema has a column `tsp`; `DataTemplate` accepts no other.
    init(_ schema: TableSchema) {
        var keys: [[UInt8]] = []
        func index(_ key: String) -> Int {
            let utf8 = Array(key.utf8)
            if let index = keys.firstIndex(of: utf8) { return index }
            keys.append(utf8)
            return keys.count - 1
        }
        var keywords = [Array(Self.deviceKeyName.utf8)]
        func keyword(_ name: String) -> Int {
            let utf8 = Array(name.utf8)
            if let index = keywords.firstIndex(of: utf8) { return index }
            keywords.append(utf8)
            return keywords.count - 1
        }
        targets = schema.columns.map { column in
            let place: Place =
                switch column.source {
                case .row(let key): .row(key: index(key), [])
                case .insideRow(let steps): .row(key: index(steps.first ?? ""), Array(steps.dropFirst()))
                case .argument(let position, let steps): .argument(position, steps)
                case .keyword(let steps): .keyword(keyword(steps.first ?? ""), Array(steps.dropFirst()))
                case .details(let steps): .details(steps)
                // Not of the template: `TableSchema` adds these itself.
                case .deviceKey, .authid: .details([])
                }
            return Target(dataType: column.dataType, place: place)
        }
        deviceKey = index(Self.deviceKeyName)
        self.keys = keys
        simpleKeys = targets.map { if case .row(let key, let steps) = $0.place, steps.isEmpty { key } else { -1 } }
        dataTypes = targets.map(\.dataType)
        usesArguments = targets.contains { if case .argument = $0.place { true } else { false } }
        self.keywords = keywords
        self.schema = schema
        let tsp = schema.columns.firstIndex { $0.id == "tsp" }
        precondition(tsp != nil, "a table has a column tsp")
        self.tsp = tsp ?? 0
        let stored = schema.storedColumns
        entityKey = schema.entityKey.compactMap { id in stored.firstIndex { $0.id == id } }
    }
}

/// One value of a row on its way into the store: what SQLite stores, texts by the place where their bytes lie.
enum Cell: Sendable, Hashable, BitwiseCopyable {
    /// The payload does not name the column: NULL, or in an entity table what the entity's latest row has.
    case absent
    case null
    /// Also a boolean, 0 or 1, and a timestamp in milliseconds.
    case integer(Int64)
    case real(Double)
    /// UTF-8; of a json column, the JSON text.
    case text(TextPlace)
}

/// Where the UTF-8 of a text lies: in one of the payload's two parts, or among what the reader had to write anew.
struct TextPlace: Sendable, Hashable, BitwiseCopyable {
    enum Source: UInt8, Sendable { case arguments, argumentsKw, scratch }
    var source: Source
    var range: ByteRange
}

/// Who wrote a row, as the router disclosed it.
struct RowAuthor: Sendable, Hashable {
    /// `publisher` or `caller`: the prefix of the router's details.
    var role: String
    var authid: String?
    var authrole: String?
    var session: UInt64?

    /// What a column with the path `details.<name>` gets.
    func detail(_ name: String) -> String? {
        switch name {
        case role + "_authid": authid
        case role + "_authrole": authrole
        case role: session.map(String.init)
        default: nil
        }
    }
}
