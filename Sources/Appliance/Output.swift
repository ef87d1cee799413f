// What a command prints: a table for people, JSON or an environment for scripts. Standard output has the result and
// nothing else; everything that is told besides goes to standard error.

import ArgumentParser
import WAMP

/// `-o`.
enum OutputFormat: String, CaseIterable, ExpressibleByArgument, Sendable {
    case table
    case json
    /// `KEY=value` lines that a shell can source.
    case env
}

struct OutputOptions: ParsableArguments {
    @Option(name: [.short, .long], help: "How the result is printed.")
    var output: OutputFormat = .table

    /// Prints a result.
    ///
    /// - Parameter columns: the columns of a table of many things, in order; of one thing, the keys that come first.
    func print(_ result: Value, columns: [String] = []) {
        Swift.print(Rendering.text(result, as: output, columns: columns), terminator: "")
    }
}

/// Results as text. Pure.
enum Rendering {
    static func text(_ result: Value, as format: OutputFormat, columns: [String]) -> String {
        switch format {
        case .json: json(result) + "\n"
        case .env: environment(result)
        case .table: table(result, columns: columns)
        }
    }

    // MARK: JSON

    /// One line; keys by name, so that two answers can be compared.
    static func json(_ value: Value) -> String {
        var writer = ValueWriter(.json)
        write(value, &writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private static func write(_ value: Value, _ writer: inout ValueWriter) {
        switch value {
        case .dictionary(let entries):
            writer.beginDictionary(entries.count)
            for (key, entry) in entries.sorted(by: { $0.key < $1.key }) {
                writer.key(key)
                write(entry, &writer)
            }
            writer.endDictionary()
        case .list(let elements):
            writer.beginList(elements.count)
            for element in elements { write(element, &writer) }
            writer.endList()
        default:
            writer.value(value)
        }
    }

    // MARK: Environment

    /// One `KEY=value` for each entry of a dictionary, quoted for any POSIX shell; a list of dictionaries has none.
    static func environment(_ value: Value) -> String {
        (value.dictionary ?? [:]).sorted { $0.key < $1.key }.map { key, entry in
            let name = String(key.uppercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
            return "\(name)=\(shellQuoted(cell(entry)))\n"
        }.joined()
    }

    static func shellQuoted(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "_-./:@%+,".utf8.contains(byte)
            }
        }
        if isPlain && !text.isEmpty { return text }
        return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }

    // MARK: Tables

    /// A dictionary as lines of key and value, all of them; a list of dictionaries as rows, of which `columns` are shown
    /// (all, where none is named): JSON has the rest.
    static func table(_ value: Value, columns: [String]) -> String {
        switch value {
        case .dictionary(let entries):
            let keys = order(Set(entries.keys), beginning: columns)
            let width = keys.map(\.count).max() ?? 0
            return keys.map { key in
                key + String(repeating: " ", count: width - key.count + 2) + cell(entries[key] ?? nil) + "\n"
            }.joined()
        case .list(let elements):
            let rows = elements.compactMap(\.dictionary)
            guard !rows.isEmpty else { return elements.map { cell($0) + "\n" }.joined() }
            let all = rows.reduce(into: Set<String>()) { $0.formUnion($1.keys) }
            let keys = columns.isEmpty ? all.sorted() : columns.filter(all.contains)
            let cells = [keys.map { $0.uppercased() }] + rows.map { row in keys.map { cell(row[$0] ?? nil) } }
            let widths = keys.indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
            return cells.map { row in
                let padded = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
                let line = padded.joined(separator: "  ")
                return String(line.prefix(line.count - line.reversed().prefix { $0 == " " }.count)) + "\n"
            }.joined()
        default:
            return cell(value) + "\n"
        }
    }

    private static func order(_ keys: Set<String>, beginning columns: [String]) -> [String] {
        columns.filter(keys.contains) + keys.subtracting(columns).sorted()
    }

    /// A value in one cell: without control characters, because names come from whoever made them.
    private static func cell(_ value: Value) -> String {
        switch value {
        case .null: return ""
        case .string(let text):
            return String(
                String.UnicodeScalarView(
                    text.unicodeScalars.map { $0.value < 0x20 || (0x7F...0x9F).contains($0.value) ? "\u{FFFD}" : $0 }))
        case .list(let elements) where elements.allSatisfy { $0.dictionary == nil && $0.list == nil }:
            return elements.map(cell).joined(separator: ", ")
        default: return json(value)
        }
    }
}
