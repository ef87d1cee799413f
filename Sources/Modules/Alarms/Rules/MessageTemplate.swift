import WAMP

/// The text of an alarm with places for columns: `Boiler {device_key} has {temperature} °C`.
///
/// `{severity}` is the alarm's severity; any other name is a column or a path into one. A NULL shows as a dash.
package struct MessageTemplate: Sendable, Hashable {
    private enum Piece: Sendable, Hashable {
        case text(String)
        case severity
        case column(ColumnPath)
    }

    /// As it was written.
    package let text: String
    private let pieces: [Piece]

    /// - Throws: what stands between braces and is no column, as it stands there.
    package init(_ text: String) throws(NoColumn) {
        var pieces: [Piece] = []
        var rest = Substring(text)
        while let brace = rest.firstIndex(of: "{") {
            if brace > rest.startIndex { pieces.append(.text(String(rest[..<brace]))) }
            let behind = rest[rest.index(after: brace)...]
            guard let end = behind.firstIndex(of: "}") else { throw NoColumn(text: String(behind.prefix(40))) }
            let name = String(behind[..<end])
            if name == "severity" {
                pieces.append(.severity)
            } else if let column = ColumnPath(name) {
                pieces.append(.column(column))
            } else {
                throw NoColumn(text: String(name.prefix(40)))
            }
            rest = behind[behind.index(after: end)...]
        }
        if !rest.isEmpty { pieces.append(.text(String(rest))) }
        self.text = text
        self.pieces = pieces
    }

    package struct NoColumn: Error, Sendable, Hashable {
        package var text: String
    }

    /// The text with a row's values, cut to 500 characters.
    func rendered(_ columns: [String: Value], _ severity: Severity?) -> String {
        let text = pieces.map { piece in
            switch piece {
            case .text(let text): text
            case .severity: severity?.name ?? "normal"
            case .column(let column): column.value(in: columns).shown
            }
        }
        return String(text.joined().prefix(500))
    }

    var columns: [ColumnPath] {
        pieces.compactMap { piece in
            if case .column(let column) = piece { column } else { nil }
        }
    }
}

extension Value {
    /// The value as a person reads it, within a sentence.
    fileprivate var shown: String {
        switch self {
        case .null: "–"
        case .bool(let value): value ? "true" : "false"
        case .integer(let value): "\(value)"
        case .unsigned(let value): "\(value)"
        case .double(let value): Int64(exactly: value).map { "\($0)" } ?? "\(value)"
        case .string(let value): String(value.prefix(100))
        case .bytes: "(binary)"
        case .list, .dictionary: "(JSON)"
        }
    }
}
