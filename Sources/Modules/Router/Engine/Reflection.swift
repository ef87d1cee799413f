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
        /// One dictionary in MessagePack: a value would take many times the memory.
        var schema: [UInt8]
        var owner: SessionHandle
    }

    static let definitionBytesMax = 64 << 10
    static let bytesMaxOfSession = 4 << 20
    /// What a definition takes beside its bytes.
    private static let overhead = 512

    private struct Key: Hashable {
        var kind: Kind
        var uri: URIBytes
    }

    /// What one session has defined.
    private struct Holding {
        var byteCount = 0
        var keys: Set<Key> = []
    }

    private var definitions: [Kind: [URIBytes: Definition]] = [:]
    private var holdings: [SessionHandle: Holding] = [:]

    subscript(kind: Kind, uri: String) -> Definition? { definitions[kind]?[URIBytes(uri)] }

    func uris(_ kind: Kind, atMost countMax: Int) -> [String] {
        definitions[kind].map { $0.keys.prefix(countMax).map(\.text) } ?? []
    }

    /// Defines, or replaces what the same session has defined.
    ///
    /// - Returns: false when the session may not hold so much.
    mutating func define(_ kind: Kind, _ uri: String, _ definition: Definition) -> Bool {
        let key = Key(kind: kind, uri: URIBytes(uri))
        let before = definitions[kind]?[key.uri].map { Self.cost($0, key) } ?? 0
        let total = (holdings[definition.owner]?.byteCount ?? 0) - before + Self.cost(definition, key)
        guard definition.schema.count <= Self.definitionBytesMax, total <= Self.bytesMaxOfSession else { return false }
        holdings[definition.owner, default: Holding()].byteCount = total
        holdings[definition.owner]?.keys.insert(key)
        definitions[kind, default: [:]][key.uri] = definition
        return true
    }

    mutating func undefine(_ kind: Kind, _ uri: String) {
        let key = Key(kind: kind, uri: URIBytes(uri))
        guard let removed = definitions[kind]?.removeValue(forKey: key.uri) else { return }
        holdings[removed.owner]?.byteCount -= Self.cost(removed, key)
        holdings[removed.owner]?.keys.remove(key)
    }

    /// A session is leaving: takes out what it defined.
    mutating func removeDefinitions(of owner: SessionHandle) -> [(kind: Kind, uri: String)] {
        guard let holding = holdings.removeValue(forKey: owner) else { return [] }
        for key in holding.keys { definitions[key.kind]?[key.uri] = nil }
        return holding.keys.map { ($0.kind, $0.uri.text) }.sorted { $0.1 < $1.1 }
    }

    private static func cost(_ definition: Definition, _ key: Key) -> Int {
        definition.schema.count + key.uri.count * 2 + overhead
    }
}
