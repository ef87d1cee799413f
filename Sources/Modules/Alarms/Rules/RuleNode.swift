// Where rules come from: a text with lines (`gantry alarm rule add FILE`) or a decoded dictionary (`alarms.rule.put`).
// Both become this tree, so that one reader checks both; only the text's nodes know their line.

package import WAMP
import Yams

/// A value of a rule, with the line on which it stands if it came as text.
package struct RuleNode: Sendable, Hashable {
    package indirect enum Content: Sendable, Hashable {
        case scalar(Value)
        case list([RuleNode])
        case mapping([Entry])
    }

    package struct Entry: Sendable, Hashable {
        package var key: String
        package var line: Int?
        package var node: RuleNode
    }

    package var content: Content
    package var line: Int?

    package init(_ content: Content, line: Int? = nil) {
        self.content = content
        self.line = line
    }

    /// A decoded value. Keys are sorted, so that of two mistakes always the same is named.
    package init(_ value: Value) {
        switch value {
        case .list(let elements): self.init(.list(elements.map(RuleNode.init)))
        case .dictionary(let entries):
            let sorted = entries.sorted { $0.key < $1.key }
            self.init(.mapping(sorted.map { Entry(key: $0.key, node: RuleNode($0.value)) }))
        default: self.init(.scalar(value))
        }
    }

    /// What stands here, for an error's "found …".
    var found: String {
        switch content {
        case .scalar(.null): "nothing"
        case .scalar(.string(let text)): String(text.prefix(40)).debugDescription
        case .scalar(.integer(let number)): "\(number)"
        case .scalar(.double(let number)): "\(number)"
        case .scalar(.bool(let truth)): "\(truth)"
        case .scalar: "a value of another type"
        case .list: "a list"
        case .mapping: "a mapping"
        }
    }
}

extension RuleNode {
    /// The longest text that is read as a rule file.
    static let textBytesMax = 64 * 1024
    /// More than any rule file needs; aliases that repeat aliases would otherwise grow without end.
    private static let aliasCountMax = 16
    private static let depthMax = 32

    /// Reads one YAML document.
    package static func compose(yaml text: String) throws(AlarmRuleError) -> RuleNode {
        guard text.utf8.count <= textBytesMax else {
            throw AlarmRuleError(reason: "expected at most \(textBytesMax) bytes, found \(text.utf8.count)")
        }
        guard aliasCount(text) <= aliasCountMax else {
            throw AlarmRuleError(reason: "expected at most \(aliasCountMax) aliases (*name)")
        }
        do {
            let parser = try Parser(yaml: text, resolver: .basic, encoding: .utf8)
            guard let root = try parser.singleRoot() else { return RuleNode(.scalar(.null), line: 1) }
            return try convert(root, line: 1, depth: 0)
        } catch let error as AlarmRuleError {
            throw error
        } catch let error as YamlError {
            throw AlarmRuleError(error)
        } catch {
            throw AlarmRuleError(reason: "not readable as YAML")
        }
    }

    /// How many aliases the text can have at most: Yams expands them before anybody can count.
    private static func aliasCount(_ text: String) -> Int {
        zip(text.utf8, text.utf8.dropFirst()).count { star, next in
            star == UInt8(ascii: "*") && next > UInt8(ascii: " ") && next != UInt8(ascii: "*")
        }
    }

    private static func convert(_ node: Node, line: Int, depth: Int) throws(AlarmRuleError) -> RuleNode {
        let line = node.mark?.line ?? line
        guard depth < depthMax else { throw AlarmRuleError(line: line, reason: "nested too deep") }
        switch node {
        case .scalar(let scalar):
            let isPlain = scalar.style == .plain || scalar.style == .any
            return RuleNode(.scalar(isPlain ? Value(literal: scalar.string) : .string(scalar.string)), line: line)
        case .sequence(let sequence):
            var elements: [RuleNode] = []
            for element in sequence { elements.append(try convert(element, line: line, depth: depth + 1)) }
            return RuleNode(.list(elements), line: line)
        case .mapping(let mapping):
            var entries: [Entry] = []
            for (key, value) in mapping {
                let place = key.mark?.line ?? line
                guard case .scalar(let name) = key else {
                    throw AlarmRuleError(line: place, reason: "a key must be a word, not a list or a mapping")
                }
                let converted = try convert(value, line: place, depth: depth + 1)
                entries.append(Entry(key: name.string, line: place, node: converted))
            }
            return RuleNode(.mapping(entries), line: line)
        case .alias:
            throw AlarmRuleError(line: line, reason: "an alias (*name) without its anchor (&name)")
        }
    }
}

extension AlarmRuleError {
    fileprivate init(_ error: YamlError) {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            let hint = "an operator or a text with \": \", \"#\" or \"{\" stands in quotes"
            self.init(line: mark.line, reason: "not YAML: \(problem); \(hint)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            let key = duplicates.first ?? ""
            self.init(line: context.mark.line, key: key, reason: "the key is there twice; remove one of the two")
        default:
            self.init(reason: "not readable as YAML")
        }
    }
}
