package import WAMP

/// What is wrong with a rule: where, which key, why, and what would be right.
package struct AlarmRuleError: Error, Sendable, Hashable {
    /// Counts from 1; nil when the rule did not come as text.
    package var line: Int?
    /// The key's path (`severities.critical[0].operator`); empty when the rule as a whole is meant.
    package var key: String
    /// What was expected and what was found.
    package var reason: String

    package init(line: Int? = nil, key: String = "", reason: String) {
        self.line = line
        self.key = key
        self.reason = reason
    }
}

extension AlarmRuleError: CustomStringConvertible {
    /// `line 7: severities.critical[0].operator: expected …`
    package var description: String {
        let place = line.map { "line \($0): " } ?? ""
        return place + (key.isEmpty ? "" : "\(key): ") + reason
    }
}

extension AlarmRuleError {
    /// The arguments of the ERROR that tells it: a sentence for people, and its parts for programs.
    package var payload: Payload {
        var parts: [String: Value] = ["key": .string(key), "reason": .string(reason)]
        if let line { parts["line"] = .integer(Int64(line)) }
        return Payload([.string(description)], parts)
    }
}
