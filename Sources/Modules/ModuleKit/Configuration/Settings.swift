// A scope of gantry.yml: a typed reader with positions. A reader never stops at a wrong value: it notes the error in
// the document, answers with the default and goes on, so that one `gantry check` names every mistake.

/// A scope of gantry.yml, with the places of its keys.
///
/// Keys are snake_case. Every key that is asked for is known from then on; what stands in the file and was never
/// asked for is an unknown key. Scalars may be overridden by the environment (`GANTRY_LISTENER_PORT`) and by flags.
/// `null`, or nothing behind the colon, is the same as leaving the key out.
///
///     let port = settings.integer("port", default: 8443, in: 1...65535)
///     let timeout = settings.duration("hello_timeout", default: .seconds(10), in: .seconds(1)...(.seconds(300)))
///     let tls = settings.scope("tls")
///     let certificate = tls.string("certificate")                          // nil when it is not set
///     for realm in settings.map("realms") { realm.name; try realm.string(required: "uri") }
package struct Settings: Sendable {
    let document: ConfigurationDocument
    /// The scope's own path, outermost first; elements of lists are `[0]`, `[1]`, ….
    package let path: [String]
    /// The mapping; nil when the file does not have this scope.
    let node: ConfigurationNode?
    /// The scope's own place, or that of the nearest scope around it that the file has.
    let position: Position

    /// The scope's own name: its key, or the name that the user gave an entry of a map.
    package var name: String { path.last ?? "" }

    /// The outermost scope, for a module that also reads what does not belong to it alone (`limits`, `realms`).
    package var root: Settings { document.settings }

    /// Whether the file, the environment or a flag sets a key of this scope.
    package func isSet(_ key: String) -> Bool {
        document.noteRead(key, in: path, isScalar: false)
        return value(of: key) != nil
    }

    // MARK: Scopes

    /// The mapping under a key. When the file does not have it, every key of it has its default.
    package func scope(_ key: String) -> Settings {
        let child = path + [key]
        document.noteRead(key, in: path, isScalar: false)
        document.noteScope(child)
        guard let entry = entry(key), !entry.value.isNull else {
            return Settings(document: document, path: child, node: nil, position: position)
        }
        guard case .mapping = entry.value.content else {
            refuse(key, "expected a mapping, found \(entry.value.found)")
            return Settings(document: document, path: child, node: nil, position: entry.position)
        }
        return Settings(document: document, path: child, node: entry.value, position: entry.position)
    }

    /// The named things under a key, in the order of the file; `name` is the entry's key. What is no mapping is refused
    /// and left out.
    package func map(_ key: String) -> [Settings] {
        let scope = scope(key)
        document.noteOpen(scope.path)
        guard case .mapping(let entries) = scope.node?.content else { return [] }
        return entries.compactMap { entry in
            let thing = scope.scope(entry.key)
            return thing.node != nil || entry.value.isNull ? thing : nil
        }
    }

    /// The mappings of the list under a key, in the order of the file.
    package func list(_ key: String) -> [Settings] {
        elements(of: key).enumerated().compactMap { index, element in
            let child = path + [key, "[\(index)]"]
            document.noteScope(child)
            guard case .mapping = element.content else {
                refuse(element, key: child, "expected a mapping, found \(element.found)")
                return nil
            }
            return Settings(document: document, path: child, node: element, position: element.position)
        }
    }

    /// Whether the value under a key is a mapping, for keys that may be written as one or as a list.
    package func isMapping(_ key: String) -> Bool {
        guard case .mapping = entry(key)?.value.content else { return false }
        return true
    }

    /// The texts of the list under a key.
    package func strings(_ key: String, default defaultValue: [String] = []) -> [String] {
        guard isSet(key) else { return defaultValue }
        return elements(of: key).enumerated().compactMap { index, element in
            if case .scalar(let text, _) = element.content, !element.isNull { return text }
            refuse(element, key: path + [key, "[\(index)]"], "expected a text, found \(element.found)")
            return nil
        }
    }

    /// Leaves a key and all that is under it to somebody else: nothing in it is unknown.
    package func skip(_ key: String) {
        document.noteRead(key, in: path, isScalar: false)
        document.noteOpen(path + [key])
    }

    // MARK: Errors

    /// Notes that the value of a key cannot be used, where the value stands; with nil, that the scope cannot.
    ///
    /// - Parameters:
    ///   - reason: what was expected and what was found, as a sentence fragment.
    ///   - suggestion: what to do about it.
    @discardableResult
    package func refuse(_ key: String?, _ reason: String, suggestion: String? = nil) -> ConfigurationError {
        var origin = place(position)
        var keys = path
        if let key {
            keys.append(key)
            origin = value(of: key)?.origin ?? entry(key).map { place($0.value.position) } ?? origin
        }
        let error = ConfigurationError(
            origin, key: ConfigurationDocument.text(keys), reason: reason, suggestion: suggestion)
        document.record(error)
        return error
    }

    func record(_ key: String, _ origin: ConfigurationError.Origin, _ reason: String, _ suggestion: String?) {
        let text = ConfigurationDocument.text(path + [key])
        document.record(ConfigurationError(origin, key: text, reason: reason, suggestion: suggestion))
    }

    func refuse(_ element: ConfigurationNode, key: [String], _ reason: String) {
        document.record(
            ConfigurationError(place(element.position), key: ConfigurationDocument.text(key), reason: reason))
    }

    // MARK: Looking up

    /// What is set for a key, and by whom; nil when nobody sets it.
    func value(of key: String) -> (node: ConfigurationNode, origin: ConfigurationError.Origin)? {
        values(of: key).first
    }

    /// Everything that is set for a key: by a flag, by the environment, by the file; the first one holds.
    func values(of key: String) -> [(node: ConfigurationNode, origin: ConfigurationError.Origin)] {
        let keys = path + [key]
        func override(_ text: String) -> ConfigurationNode {
            ConfigurationNode(content: .scalar(text, isPlain: false), position: .start)
        }
        var values: [(node: ConfigurationNode, origin: ConfigurationError.Origin)] = []
        if let flag = document.flags[keys.joined(separator: ".")] {
            values.append((override(flag.value), .flag(flag.name)))
        }
        let variable = ConfigurationDocument.variable(for: keys)
        if let text = document.environment[variable], !text.isEmpty {
            values.append((override(text), .environment(variable)))
        }
        if let entry = entry(key), !entry.value.isNull { values.append((entry.value, place(entry.value.position))) }
        return values
    }

    private func entry(_ key: String) -> ConfigurationNode.Entry? {
        guard case .mapping(let entries) = node?.content else { return nil }
        return entries.first { $0.key == key }
    }

    private func elements(of key: String) -> [ConfigurationNode] {
        document.noteRead(key, in: path, isScalar: false)
        guard let entry = entry(key), !entry.value.isNull else { return [] }
        guard case .sequence(let elements) = entry.value.content else {
            refuse(key, "expected a list, found \(entry.value.found)")
            return []
        }
        return elements
    }

    func place(_ position: Position) -> ConfigurationError.Origin {
        .file(document.file, line: position.line, column: position.column)
    }
}
