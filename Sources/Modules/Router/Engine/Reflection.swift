import WAMP

/// What sessions have told of their topics, procedures and errors, so that others can ask. Spec: WAMP-04
/// "Interface Reflection", a sketch: it names procedures and events, and leaves their arguments open. Here a definition
/// is any dictionary, belongs to the session that made it, and ends with it.
struct Reflection: Sendable {
    /// What a definition is of; the raw value is the word on the wire.
    enum Kind: String, Sendable, CaseIterable {
        case topic, procedure, error
    }

    struct Definition: Sendable {
        var schema: Value
        var byteCount: Int
        var owner: SessionHandle
    }

    static let definitionBytesMax = 64 << 10
    static let bytesMaxOfSession = 4 << 20

    private var definitions: [Kind: [String: Definition]] = [:]
    private var byteCounts: [SessionHandle: Int] = [:]

    subscript(kind: Kind, uri: String) -> Definition? { definitions[kind]?[uri] }

    func uris(_ kind: Kind) -> [String] { definitions[kind].map { Array($0.keys) } ?? [] }

    /// Defines, or replaces what the same session has defined.
    ///
    /// - Returns: false when the session may not hold so much.
    mutating func define(_ kind: Kind, _ uri: String, _ definition: Definition) -> Bool {
        let before = definitions[kind]?[uri]?.byteCount ?? 0
        let total = byteCounts[definition.owner, default: 0] - before + definition.byteCount
        guard definition.byteCount <= Self.definitionBytesMax, total <= Self.bytesMaxOfSession else { return false }
        byteCounts[definition.owner] = total
        definitions[kind, default: [:]][uri] = definition
        return true
    }

    mutating func undefine(_ kind: Kind, _ uri: String) {
        guard let removed = definitions[kind]?.removeValue(forKey: uri) else { return }
        byteCounts[removed.owner, default: 0] -= removed.byteCount
    }

    /// A session is leaving: takes out what it defined.
    mutating func removeDefinitions(of owner: SessionHandle) -> [(kind: Kind, uri: String)] {
        guard byteCounts.removeValue(forKey: owner) != nil else { return [] }
        var removed: [(kind: Kind, uri: String)] = []
        for (kind, byURI) in definitions {
            for (uri, definition) in byURI where definition.owner == owner {
                definitions[kind]?[uri] = nil
                removed.append((kind, uri))
            }
        }
        return removed.sorted { $0.uri < $1.uri }
    }
}
