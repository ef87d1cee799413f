// The two little path languages of the vendor's contract: where a write finds a column's value (lodash's), and which
// part of a json column a filter or a projection means.

/// Where a write finds a column's value.
enum ColumnSource: Sendable, Hashable {
    /// `args[0].<key>`, the default: a key of the row itself.
    case row(String)
    /// Deeper inside the row: `args[0].position.x`.
    case insideRow([String])
    /// Another positional argument: `args[2].tsp`. A bulk has none: its rows stand alone in `args`.
    case argument(Int, [String])
    case keyword([String])
    /// What the router says about the publisher or caller: `details.caller_authid`.
    case details([String])
    /// `DEVICE_KEY` of the keyword arguments, else of the row.
    case deviceKey
    /// Who wrote the row, as the router disclosed it.
    case authid
}

extension ColumnSource {
    /// Reads a template's `path`; nil when it starts with none of `args`, `kwargs`, `details`.
    init?(path: String) {
        let steps = Self.steps(path)
        guard let root = steps.first else { return nil }
        let rest = Array(steps.dropFirst())
        switch root {
        case "args":
            guard let first = rest.first, let index = Int(first), index >= 0 else { return nil }
            let inside = Array(rest.dropFirst())
            switch (index, inside.count) {
            case (0, 1): self = .row(inside[0])
            case (0, _): self = .insideRow(inside)
            default: self = .argument(index, inside)
            }
        case "kwargs": self = .keyword(rest)
        case "details": self = .details(rest)
        default: return nil
        }
    }

    /// lodash's `stringToPath`: `a.b[0]['c d']` is `a`, `b`, `0`, `c d`.
    static func steps(_ path: String) -> [String] {
        var steps: [String] = []
        var rest = Substring(path)
        while let first = rest.first {
            if first == "." {
                rest.removeFirst()
            } else if first == "[" {
                rest.removeFirst()
                let inside: Substring
                if let quote = rest.first, quote == "'" || quote == "\"" {
                    rest.removeFirst()
                    inside = rest.prefix { $0 != quote }
                    rest = rest[inside.endIndex...].dropFirst()
                    rest = rest.drop { $0 != "]" }.dropFirst()
                } else {
                    inside = rest.prefix { $0 != "]" }
                    rest = rest[inside.endIndex...].dropFirst()
                }
                steps.append(String(inside))
            } else {
                let name = rest.prefix { $0 != "." && $0 != "[" && $0 != "]" }
                rest = rest[name.endIndex...]
                if name.isEmpty { rest = rest.dropFirst() } else { steps.append(String(name)) }
            }
        }
        return steps
    }
}

/// A column as a filter or a projection names it: `temperature`, `json_data.a.b`, `json_data['k']`.
struct ColumnReference: Sendable, Hashable {
    var column: String
    /// Keys inside a json column; empty means the column itself.
    var path: [String]

    /// Never fails: what does not parse is a column of that name, which no table has.
    init(_ text: String) {
        self = Self.parse(text) ?? ColumnReference(column: text, path: [])
    }

    private init(column: String, path: [String]) {
        self.column = column
        self.path = path
    }

    private static func parse(_ text: String) -> ColumnReference? {
        let column = text.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
        guard let first = column.first, !first.isNumber else { return nil }
        var path: [String] = []
        var rest = text[column.endIndex...]
        while let mark = rest.first {
            rest.removeFirst()
            let key: Substring
            switch mark {
            case ".":
                key = rest.prefix { $0 != "." && $0 != "[" }
                rest = rest[key.endIndex...]
            case "[":
                guard let close = rest.firstIndex(of: "]") else { return nil }
                key = unquoted(rest[..<close])
                rest = rest[close...].dropFirst()
            default: return nil
            }
            guard !key.isEmpty else { return nil }
            path.append(String(key))
        }
        return ColumnReference(column: String(column), path: path)
    }

    private static func unquoted(_ text: Substring) -> Substring {
        var text = text
        while text.first == " " { text.removeFirst() }
        while text.last == " " { text.removeLast() }
        guard text.count >= 2, let quote = text.first, quote == "'" || quote == "\"", text.last == quote else {
            return text
        }
        return text.dropFirst().dropLast()
    }
}
