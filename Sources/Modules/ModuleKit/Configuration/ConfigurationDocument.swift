// One configuration as it is being read: the file's tree, the environment, the flags, and what has been found wrong so
// far. It remembers which keys were asked for, so that what nobody asked for is known without a second list of keys.

import Synchronization

/// A configuration that is being read. Precedence: flag > environment > file > built-in default.
///
/// Pure: text and environment in, values and errors out. Read everything through `settings`, then call `check()`.
package final class ConfigurationDocument: Sendable {
    /// A value that a flag of the command line gives to a key.
    package struct Flag: Sendable {
        /// The key's path with dots (`data.directory`).
        package var key: String
        /// The flag as it is typed, for errors (`--data`).
        package var name: String
        package var value: String

        package init(key: String, name: String, value: String) {
            self.key = key
            self.name = name
            self.value = value
        }
    }

    /// The file's name as errors say it.
    package let file: String
    let root: ConfigurationNode
    let environment: [String: String]
    let flags: [String: Flag]
    private let findings: Mutex<Findings>

    private struct Findings {
        var errors: [ConfigurationError] = []
        /// The keys that were asked for, by the path of their mapping.
        var keysRead: [[String]: [String]] = [:]
        /// Mappings whose keys are names that the user makes up.
        var openMappings: Set<[String]> = []
        var variablesRead: Set<String> = []
    }

    /// - Parameters:
    ///   - text: the file's YAML; a syntax error is kept for `check()` and reads as an empty file.
    ///   - file: the file's name as errors shall say it.
    ///   - environment: all variables; only those that begin with `GANTRY_` are looked at.
    package init(text: String, file: String, environment: [String: String] = [:], flags: [Flag] = []) {
        self.file = file
        self.environment = environment.filter { $0.key.hasPrefix("GANTRY_") }
        self.flags = Dictionary(flags.map { ($0.key, $0) }, uniquingKeysWith: { $1 })
        var found = Findings()
        do {
            self.root = try ConfigurationNode.compose(text, file: file)
        } catch {
            found.errors.append(error)
            self.root = ConfigurationNode(content: .mapping([]), position: .start)
        }
        self.isReadable = found.errors.isEmpty
        if case .mapping = root.content {
        } else if !root.isNull {
            let place = ConfigurationError.Origin.file(file, line: root.position.line, column: root.position.column)
            found.errors.append(ConfigurationError(place, key: "", reason: "expected a mapping, found \(root.found)"))
        }
        self.findings = Mutex(found)
    }

    /// False when the text is not YAML at all; then nothing else is worth reporting.
    package let isReadable: Bool

    /// The outermost scope.
    package var settings: Settings { Settings(document: self, path: [], node: root, position: root.position) }

    /// Throws everything that was found wrong, unknown keys included. Call it when everything has been read.
    package func check() throws(ConfigurationErrors) {
        let found = findings.withLock { $0 }
        var errors = found.errors
        if isReadable { collectUnknownKeys(in: root, path: [], found, into: &errors) }
        if !errors.isEmpty { throw ConfigurationErrors(isReadable ? errors : Array(errors.prefix(1))) }
    }

    /// `GANTRY_` variables that no key answers to, each with the nearest one that exists. Not errors: a variable may
    /// be meant for another program or another version.
    package var unknownVariables: [ConfigurationError] {
        let known = findings.withLock { $0.variablesRead }
        return environment.keys.filter { !known.contains($0) }.sorted().map { name in
            ConfigurationError(
                .environment(name), key: "", reason: "no setting has this name",
                suggestion: Suggestion.nearest(to: name, among: known.sorted()))
        }
    }

    /// Keys that were asked for and that the file does not have, not even with nothing behind the colon. For the
    /// default file's test: it must have all of them.
    package var absentKeys: [String] {
        let found = findings.withLock { $0 }
        return found.keysRead.flatMap { path, keys in
            let present = Self.keys(at: path, in: root)
            // A scope in which nothing is read is a module without settings.
            return keys.filter { !present.contains($0) && found.keysRead[path + [$0]] != [] }
                .map { Self.text(path + [$0]) }
        }.sorted()
    }

    private static func keys(at path: [String], in root: ConfigurationNode) -> Set<String> {
        var node = root
        for key in path {
            guard case .mapping(let entries) = node.content, let entry = entries.first(where: { $0.key == key }) else {
                return []
            }
            node = entry.value
        }
        guard case .mapping(let entries) = node.content else { return [] }
        return Set(entries.map(\.key))
    }

    /// The variable that overrides a key: `listener.tls.certificate` is `GANTRY_LISTENER_TLS_CERTIFICATE`.
    package static func variable(for path: [String]) -> String {
        path.reduce("GANTRY") { name, key in
            name + "_"
                + String(key.uppercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
        }
    }

    /// A path with dots; a name that has dots or spaces itself stands in quotes, an element of a list in brackets.
    static func text(_ path: [String]) -> String {
        path.reduce("") { text, key in
            if key.hasPrefix("[") { return text + key }
            let isWord = key.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" }
            return text + (text.isEmpty ? "" : ".") + (isWord ? key : ConfigurationNode.quoted(key))
        }
    }

    func record(_ error: ConfigurationError) {
        findings.withLock { if !$0.errors.contains(error) { $0.errors.append(error) } }
    }

    func noteRead(_ key: String, in path: [String], isScalar: Bool) {
        findings.withLock { found in
            if !found.keysRead[path, default: []].contains(key) { found.keysRead[path, default: []].append(key) }
            if isScalar { found.variablesRead.insert(Self.variable(for: path + [key])) }
        }
    }

    /// The errors so far whose key is a path, for `required:`.
    func error(at path: [String]) -> ConfigurationError? {
        let key = Self.text(path)
        return findings.withLock { $0.errors.first { $0.key == key } }
    }

    /// The mapping is read, even if none of its keys is.
    func noteScope(_ path: [String]) {
        findings.withLock { $0.keysRead[path, default: []] += [] }
    }

    /// The mapping's keys are names, or it is nobody's business here: none of them is unknown.
    func noteOpen(_ path: [String]) {
        findings.withLock { _ = $0.openMappings.insert(path) }
    }

    private func collectUnknownKeys(
        in node: ConfigurationNode, path: [String], _ found: Findings, into errors: inout [ConfigurationError]
    ) {
        switch node.content {
        case .scalar:
            return
        case .sequence(let elements):
            for (index, element) in elements.enumerated() {
                collectUnknownKeys(in: element, path: path + ["[\(index)]"], found, into: &errors)
            }
        case .mapping(let entries):
            let isOpen = found.openMappings.contains(path)
            guard isOpen || found.keysRead[path] != nil || path.isEmpty else { return }
            let known = found.keysRead[path] ?? []
            for entry in entries {
                if isOpen || known.contains(entry.key) {
                    collectUnknownKeys(in: entry.value, path: path + [entry.key], found, into: &errors)
                } else {
                    let place = ConfigurationError.Origin.file(
                        file, line: entry.position.line, column: entry.position.column)
                    let suggestion =
                        Suggestion.nearest(to: entry.key, among: known)
                        ?? (known.isEmpty ? nil : "known here: \(known.sorted().joined(separator: ", "))")
                    errors.append(
                        ConfigurationError(
                            place, key: Self.text(path + [entry.key]), reason: "unknown key", suggestion: suggestion))
                }
            }
        }
    }
}
