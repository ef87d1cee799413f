package import WAMP

/// A column, or a place inside of a JSON column: `temperature`, `motor.bearing.temperature`, `motor['drive end'][0]`.
package struct ColumnPath: Sendable, Hashable {
    private enum Step: Sendable, Hashable {
        case key(String)
        case index(Int)
    }

    /// As it was written.
    package let text: String
    /// The column itself.
    package let column: String
    private let steps: [Step]

    /// Nil when the text is no path.
    package init?(_ text: String) {
        var rest = Substring(text)
        column = String(Self.word(&rest))
        guard !column.isEmpty else { return nil }
        var steps: [Step] = []
        while let first = rest.popFirst() {
            switch first {
            case ".":
                let word = Self.word(&rest)
                guard !word.isEmpty else { return nil }
                steps.append(.key(String(word)))
            case "[":
                guard let step = Self.bracket(&rest) else { return nil }
                steps.append(step)
            default: return nil
            }
        }
        self.text = text
        self.steps = steps
    }

    /// What stands there; null when nothing does.
    package func value(in columns: [String: Value]) -> Value {
        var value = columns[column] ?? .null
        for step in steps {
            switch step {
            case .key(let key): value = value[key] ?? .null
            case .index(let index):
                guard let list = value.list, list.indices.contains(index) else { return .null }
                value = list[index]
            }
        }
        return value
    }

    private static func word(_ rest: inout Substring) -> Substring {
        let word = rest.prefix { !".[]'\"{} ".contains($0) }
        rest = rest.dropFirst(word.count)
        return word
    }

    /// `'key']`, `"key"]` or `0]`, behind the opening bracket.
    private static func bracket(_ rest: inout Substring) -> Step? {
        if let quote = rest.first, quote == "'" || quote == "\"" {
            rest = rest.dropFirst()
            let key = rest.prefix { $0 != quote }
            rest = rest.dropFirst(key.count)
            guard rest.popFirst() == quote, rest.popFirst() == "]" else { return nil }
            return .key(String(key))
        }
        let digits = rest.prefix { $0 != "]" }
        rest = rest.dropFirst(digits.count)
        guard rest.popFirst() == "]", let index = Int(digits), index >= 0 else { return nil }
        return .index(index)
    }
}
