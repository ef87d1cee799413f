// A YAML text as a tree in which every key and every value knows its line and column. Yams composes it; this file is
// the only one that sees Yams. Scalars stay text here: only the reader of a key knows what type the key has.

internal import Yams

/// A place in a text; both count from 1, columns in Unicode scalars.
struct Position: Sendable, Hashable {
    var line: Int
    var column: Int
    static let start = Position(line: 1, column: 1)
}

/// A value of a configuration file, with its place.
struct ConfigurationNode: Sendable {
    indirect enum Content: Sendable {
        /// `isPlain` is false for what stands in quotes, which is never null.
        case scalar(String, isPlain: Bool)
        case sequence([ConfigurationNode])
        case mapping([Entry])
    }

    /// One `key: value` of a mapping.
    struct Entry: Sendable {
        var key: String
        var position: Position
        var value: ConfigurationNode
    }

    var content: Content
    var position: Position

    /// `key:` with nothing behind it, `~` or `null`.
    var isNull: Bool {
        guard case .scalar(let text, isPlain: true) = content else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(text)
    }

    /// What stands there, for an error's "found …": never long, never with control characters.
    var found: String {
        switch content {
        case .scalar(let text, _): isNull ? "nothing" : ConfigurationNode.quoted(text)
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }

    /// A text from outside in quotes, cut to 40 characters and with control characters replaced.
    static func quoted(_ text: String) -> String {
        var shown = String.UnicodeScalarView()
        for scalar in text.unicodeScalars.prefix(40) {
            let isControl = scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
            shown.append(isControl ? "\u{FFFD}" : scalar)
        }
        return "\"\(String(shown))\(text.unicodeScalars.count > 40 ? "…" : "")\""
    }
}

extension ConfigurationNode {
    /// More values than any configuration has: an alias that repeats aliases would otherwise grow without end.
    static let valuesMax = 100_000

    /// Composes one YAML document; an empty text is an empty mapping.
    ///
    /// - Throws: the syntax error, duplicate key or excess that stopped it. Yams stops at the first one of these.
    static func compose(_ text: String, file: String) throws(ConfigurationError) -> ConfigurationNode {
        do {
            // The basic resolver has no rules: every scalar stays text, and `1` and `"1"` are the same key.
            let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
            guard let root = try parser.singleRoot() else {
                return ConfigurationNode(content: .mapping([]), position: .start)
            }
            var composer = Composer(file: file, budget: valuesMax)
            return try composer.convert(root, fallback: .start)
        } catch let error as ConfigurationError {
            throw error
        } catch let error as YamlError {
            throw ConfigurationError(error, text: text, file: file)
        } catch {
            throw ConfigurationError(.file(file, line: 1, column: 1), key: "", reason: "not readable as YAML: \(error)")
        }
    }
}

/// Turns Yams' nodes into ours, and counts them.
private struct Composer {
    let file: String
    var budget: Int

    mutating func convert(_ node: Node, fallback: Position) throws(ConfigurationError) -> ConfigurationNode {
        let position = node.mark.map { Position(line: $0.line, column: $0.column) } ?? fallback
        budget -= 1
        guard budget >= 0 else {
            throw error(position, "more than \(ConfigurationNode.valuesMax) values: do its aliases repeat each other?")
        }
        switch node {
        case .scalar(let scalar):
            let isPlain = scalar.style == .plain || scalar.style == .any
            return ConfigurationNode(content: .scalar(scalar.string, isPlain: isPlain), position: position)
        case .sequence(let sequence):
            var elements: [ConfigurationNode] = []
            for element in sequence {
                elements.append(try convert(element, fallback: position))
            }
            return ConfigurationNode(content: .sequence(elements), position: position)
        case .mapping(let mapping):
            var entries: [ConfigurationNode.Entry] = []
            for (key, value) in mapping {
                let place = key.mark.map { Position(line: $0.line, column: $0.column) } ?? position
                guard case .scalar(let name) = key else {
                    throw error(place, "a key must be a word, not a list or a mapping")
                }
                let converted = try convert(value, fallback: place)
                entries.append(.init(key: name.string, position: place, value: converted))
            }
            return ConfigurationNode(content: .mapping(entries), position: position)
        case .alias:
            throw error(position, "an alias (`*name`) without its anchor (`&name`)")
        }
    }

    private func error(_ position: Position, _ reason: String) -> ConfigurationError {
        ConfigurationError(.file(file, line: position.line, column: position.column), key: "", reason: reason)
    }
}

extension ConfigurationError {
    /// A complaint of Yams in our words, at its place.
    fileprivate init(_ error: YamlError, text: String, file: String) {
        var position = Position.start
        var key = ""
        var reason: String
        var suggestion: String?
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            position = Position(line: mark.line, column: mark.column)
            reason = "not YAML: \(problem)"
            if problem.contains("nesting level") { reason = "nested too deep" }
            if problem.contains("cannot start any token") { suggestion = "indent with spaces, or put it in quotes" }
            if problem.contains("mapping values are not allowed") { suggestion = "put a text with \": \" in quotes" }
        case .reader(let problem, let offset, _, _):
            position = Position.at(utf8Offset: offset ?? 0, in: text)
            reason = "not YAML: \(problem)"
        case .duplicatedKeysInMapping(let duplicates, let context):
            let first = Position(line: context.mark.line, column: context.mark.column)
            key = duplicates.first ?? ""
            position = Position.second(key, after: first, in: text) ?? first
            reason = "the key is there twice, first in line \(first.line)"
            suggestion = "remove one of the two"
        default:
            reason = "not readable as YAML"
        }
        self.init(.file(file, line: position.line, column: position.column), key: key, reason: reason)
        self.suggestion = suggestion
    }
}

extension Position {
    /// The place of a byte.
    fileprivate static func at(utf8Offset: Int, in text: String) -> Position {
        let before = String(decoding: text.utf8.prefix(utf8Offset), as: UTF8.self)
        let lines = before.split(separator: "\n", omittingEmptySubsequences: false)
        return Position(line: lines.count, column: (lines.last?.unicodeScalars.count ?? 0) + 1)
    }

    /// Where a block mapping has `key` again. Yams tells where it stands first; all keys of a block stand in one column.
    fileprivate static func second(_ key: String, after first: Position, in text: String) -> Position? {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated().dropFirst(first.line) {
            let indentation = line.prefix { $0 == " " }.count
            let content = line.dropFirst(indentation)
            if content.isEmpty || content.hasPrefix("#") { continue }
            if indentation + 1 < first.column { return nil }
            let isKey = [key, "\"\(key)\"", "'\(key)'"].contains { content.hasPrefix($0 + ":") }
            if indentation + 1 == first.column && isKey { return Position(line: index + 1, column: first.column) }
        }
        return nil
    }
}
