import ModuleKit
import WAMP

/// The keys of one mapping of a rule, with their path for errors.
struct RuleFields {
    private let entries: [RuleNode.Entry]
    private let line: Int?
    private let prefix: String

    /// - Throws: when the node is no mapping, or has a key that is none of the allowed ones.
    init(_ node: RuleNode, at path: String, allowing keys: [String]) throws(AlarmRuleError) {
        guard case .mapping(let entries) = node.content else {
            throw AlarmRuleError(
                line: node.line, key: path,
                reason: "expected a mapping with \(keys.joined(separator: ", ")), found \(node.found)")
        }
        self.entries = entries
        line = node.line
        prefix = path
        for entry in entries where !keys.contains(entry.key) {
            throw AlarmRuleError(
                line: entry.line, key: self.path(String(entry.key.prefix(40))),
                reason: "unknown key; expected one of \(keys.joined(separator: ", "))")
        }
    }

    func path(_ key: String) -> String { prefix.isEmpty ? key : "\(prefix).\(key)" }

    /// Whether the key is there with something behind it.
    func has(_ key: String) -> Bool { entry(key) != nil }

    func node(_ key: String) throws(AlarmRuleError) -> RuleNode {
        guard let entry = entry(key) else {
            throw AlarmRuleError(line: line, key: path(key), reason: "required, and not there")
        }
        return entry.node
    }

    /// A mistake in the value of a key, or in the mapping when the key is not there.
    func error(_ key: String, _ reason: String) -> AlarmRuleError {
        AlarmRuleError(line: entry(key)?.node.line ?? line, key: path(key), reason: reason)
    }

    func text(_ key: String, lengthMax: Int) throws(AlarmRuleError) -> String {
        let node = try node(key)
        guard case .scalar(.string(let text)) = node.content else {
            throw error(key, "expected a text, found \(node.found)")
        }
        let isControl = { (scalar: Unicode.Scalar) in scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) }
        guard (1...lengthMax).contains(text.count), !text.unicodeScalars.contains(where: isControl) else {
            throw error(key, "expected 1 to \(lengthMax) characters, none of them a control character")
        }
        return text
    }

    func text(_ key: String, oneOf words: [String]) throws(AlarmRuleError) -> String {
        let node = try node(key)
        guard case .scalar(.string(let text)) = node.content, words.contains(text) else {
            let hint = words.contains(">") ? " (in quotes: \">\")" : ""
            throw error(key, "expected one of \(words.joined(separator: ", "))\(hint), found \(node.found)")
        }
        return text
    }

    func bool(_ key: String, default value: Bool) throws(AlarmRuleError) -> Bool {
        guard let node = entry(key)?.node else { return value }
        guard case .scalar(.bool(let truth)) = node.content else {
            throw error(key, "expected true or false, found \(node.found)")
        }
        return truth
    }

    func number(_ key: String, atLeast least: Double) throws(AlarmRuleError) -> Double {
        let node = try node(key)
        guard case .scalar(let value) = node.content, let number = value.double, number.isFinite, number >= least else {
            throw error(key, "expected a number of at least \(least), found \(node.found)")
        }
        return number
    }

    func duration(_ key: String, max longest: Duration) throws(AlarmRuleError) -> Duration {
        guard let node = entry(key)?.node else { return .zero }
        guard case .scalar(.string(let text)) = node.content, let duration = Quantity.duration(text),
            duration <= longest
        else {
            throw error(key, "expected a time with its unit, 0s to \(Quantity.text(longest)), found \(node.found)")
        }
        return duration
    }

    private func entry(_ key: String) -> RuleNode.Entry? {
        entries.first { $0.key == key && $0.node.content != .scalar(.null) }
    }
}
