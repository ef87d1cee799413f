// What is wrong with a configuration, as a value: where, which key, what was expected, what to do. Reading never stops
// at the first mistake; `ConfigurationErrors` holds all of them, in the order of the file.

/// One mistake in a configuration: where, what was expected, what to do about it.
package struct ConfigurationError: Error, Sendable, Hashable {
    /// Where the value was written.
    package enum Origin: Sendable, Hashable {
        /// A place in a file; line and column count from 1, columns in Unicode scalars.
        case file(String, line: Int, column: Int)
        /// An environment variable, by its name.
        case environment(String)
        /// A flag of the command line, as it is typed (`--data`).
        case flag(String)
    }

    package var origin: Origin
    /// The key's path as it is written with dots (`listener.port`); empty when no key is concerned.
    package var key: String
    /// One sentence fragment: what was expected and what was found.
    package var reason: String
    /// What would be right, if that can be guessed: `did you mean "port"?`.
    package var suggestion: String?

    package init(_ origin: Origin, key: String, reason: String, suggestion: String? = nil) {
        self.origin = origin
        self.key = key
        self.reason = reason
        self.suggestion = suggestion
    }
}

extension ConfigurationError {
    /// The file's name, when the mistake is in a file.
    package var file: String? { if case .file(let name, _, _) = origin { name } else { nil } }
    /// Counts from 1; nil when the mistake is not in a file.
    package var line: Int? { if case .file(_, let line, _) = origin { line } else { nil } }
    /// Counts from 1, in Unicode scalars; nil when the mistake is not in a file.
    package var column: Int? { if case .file(_, _, let column) = origin { column } else { nil } }
}

extension ConfigurationError.Origin: CustomStringConvertible {
    /// `etc/gantry.yml:12:5`, `GANTRY_LISTENER_PORT`, `--data`.
    package var description: String {
        switch self {
        case .file(let name, let line, let column): "\(name):\(line):\(column)"
        case .environment(let name), .flag(let name): name
        }
    }
}

extension ConfigurationError: CustomStringConvertible {
    /// `etc/gantry.yml:12:5: listener.port: expected 1…65535, found "eighty"`, and the suggestion after a semicolon.
    package var description: String {
        var text = "\(origin): "
        if !key.isEmpty { text += "\(key): " }
        text += reason
        if let suggestion { text += "; \(suggestion)" }
        return text
    }
}

/// Everything that is wrong with a configuration, in the order of the file. Never empty.
package struct ConfigurationErrors: Error, Sendable, Hashable, CustomStringConvertible {
    package var all: [ConfigurationError]

    /// Sorts by place; what is not in a file stands last.
    package init(_ errors: [ConfigurationError]) {
        self.all = errors.enumerated().sorted { left, right in
            let (a, b) = (left.element, right.element)
            let places = (
                (a.line ?? .max, a.column ?? .max, left.offset), (b.line ?? .max, b.column ?? .max, right.offset)
            )
            return places.0 < places.1
        }.map(\.element)
    }

    /// One line for each mistake: `error: etc/gantry.yml:12:5: listener.port: …`.
    package var description: String { all.map { "error: \($0)" }.joined(separator: "\n") }
}
