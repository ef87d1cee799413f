import ModuleKit
import WAMP

// The procedures of reflection. Spec: WAMP-04 "Interface Reflection".

extension RealmEngine {
    /// The result of a procedure below `wamp.reflection.` or `wamp.reflect.`; nil is a result without arguments.
    mutating func reflectionResult(
        _ procedure: String, _ arguments: MetaArguments, _ caller: SessionHandle
    ) throws(MetaError) -> Value? {
        switch procedure {
        case "wamp.reflect.define":
            try define(arguments, caller)
            return nil
        case "wamp.reflect.describe":
            let uri = try arguments.string(0, "uri")
            for kind in Reflection.Kind.allCases {
                if let description = description(of: kind, uri, for: caller.slot) { return description }
            }
            return .null
        default: break
        }
        for kind in Reflection.Kind.allCases {
            if procedure == "wamp.reflection.\(kind.rawValue).list" {
                return .list(reflectedURIs(kind, for: caller.slot).map { .string($0) })
            }
            if procedure == "wamp.reflection.\(kind.rawValue).describe" {
                return description(of: kind, try arguments.string(0, "uri"), for: caller.slot) ?? .null
            }
        }
        throw MetaError(.noSuchProcedure, "the router has no procedure \(procedure)")
    }

    /// `wamp.reflect.define(uri|uri, schema|dict, type|string)`; a schema of null takes the definition back.
    private mutating func define(_ arguments: MetaArguments, _ caller: SessionHandle) throws(MetaError) {
        let uri = try arguments.string(0, "uri")
        let schema = arguments.value(1, "schema", default: .null)
        guard let kind = arguments.reflectedKind else {
            throw MetaError(.invalidArgument, "type: expected topic, procedure or error")
        }
        guard URIRules.isValid(Array(uri.utf8).span, countMax: limits.uriBytesMax) else {
            throw MetaError(.invalidURI, "uri: expected a URI")
        }
        guard !URIRules.isReserved(Array(uri.utf8).span) else {
            throw MetaError(.invalidURI, "what begins with wamp is the router's to define")
        }
        guard mayDefine(kind, uri, caller.slot) else {
            let denial = denial(of: kind.defining[0], Array(uri.utf8).span, .exact, caller.slot)
            throw MetaError(denial.uri, "not allowed to define \(uri)")
        }
        if let known = reflection[kind, uri], known.owner != caller {
            throw MetaError(.notAuthorized, "another session has defined \(uri)")
        }
        guard schema != .null else {
            guard reflection[kind, uri] != nil else { return }
            reflection.undefine(kind, uri)
            return announceDefinition("wamp.reflect.on_undefine", kind, uri)
        }
        guard schema.dictionary != nil else { throw MetaError(.invalidArgument, "schema: expected a dictionary") }
        let definition = Reflection.Definition(schema: schema.encoded(.messagePack), owner: caller)
        guard reflection.define(kind, uri, definition) else {
            throw MetaError(
                .limitExceeded,
                "schema: expected at most \(Reflection.definitionBytesMax) bytes, \(Reflection.bytesMaxOfSession) of one session"
            )
        }
        announceDefinition("wamp.reflect.on_define", kind, uri)
    }

    /// A session is leaving: nobody answers for its definitions any more.
    mutating func removeDefinitions(of session: SessionHandle) {
        for (kind, uri) in reflection.removeDefinitions(of: session) {
            announceDefinition("wamp.reflect.on_undefine", kind, uri)
        }
    }

    private mutating func announceDefinition(_ topic: String, _ kind: Reflection.Kind, _ uri: String) {
        guard isHeard(topic) else { return }
        publish(topic: topic, [.string(uri), .string(kind.rawValue)])
    }

    // MARK: Who may

    /// Who provides a thing may describe it.
    private func mayDefine(_ kind: Reflection.Kind, _ uri: String, _ slot: Int32) -> Bool {
        kind.defining.contains { allows($0, uri, slot) }
    }

    /// Who may use a thing, or provide it, may read of it; of errors everybody may.
    private func mayRead(_ kind: Reflection.Kind, _ uri: String, _ slot: Int32) -> Bool {
        kind.reading.isEmpty || kind.reading.contains { allows($0, uri, slot) }
    }

    // MARK: What there is

    /// How many URIs one answer lists: all sessions wait while it is made.
    static let reflectedURIsMax = 2000

    /// What has been defined, and what is there without a definition: exact registrations and subscriptions.
    private func reflectedURIs(_ kind: Reflection.Kind, for slot: Int32) -> [String] {
        var uris = Set(reflection.uris(kind, atMost: Self.reflectedURIsMax))
        switch kind {
        case .topic: uris.formUnion(subscriptions.exactURIs(atMost: Self.reflectedURIsMax))
        case .procedure: uris.formUnion(registrations.exactURIs(atMost: Self.reflectedURIsMax))
        case .error: break
        }
        return uris.sorted().prefix(Self.reflectedURIsMax).filter { mayRead(kind, $0, slot) }
    }

    /// What a session may know of a URI; nil when there is nothing, or nothing for it.
    private func description(of kind: Reflection.Kind, _ uri: String, for slot: Int32) -> Value? {
        guard mayRead(kind, uri, slot) else { return nil }
        let bytes = Array(uri.utf8)
        var facts: [String: Value]
        switch kind {
        case .topic: facts = subscriptions.find(bytes.span, .exact).map { subscriptions[$0].details } ?? [:]
        case .procedure: facts = bestRegistration(for: bytes.span).map { registrations[$0].details } ?? [:]
        case .error: facts = [:]
        }
        let definition = reflection[kind, uri]
        guard definition != nil || !facts.isEmpty else { return nil }
        if let pattern = facts["uri"], pattern != .string(uri) { facts["pattern"] = pattern }
        facts["uri"] = .string(uri)
        facts["type"] = .string(kind.rawValue)
        facts["schema"] = definition.flatMap { try? Value.decode($0.schema, .messagePack) } ?? .null
        return .dictionary(facts)
    }
}

extension Reflection.Kind {
    /// Any of these gives the right to define. An error belongs to whoever registers or publishes below the same name.
    var defining: [Action] {
        switch self {
        case .topic: [.publish]
        case .procedure: [.register]
        case .error: [.register, .publish]
        }
    }

    /// Any of these gives the right to read.
    var reading: [Action] {
        switch self {
        case .topic: [.subscribe, .publish]
        case .procedure: [.call, .register]
        case .error: []
        }
    }
}

extension MetaArguments {
    /// What `wamp.reflect.define` defines: `type`, or what the schema says.
    var reflectedKind: Reflection.Kind? {
        let schema = value(1, "schema", default: .null)
        let word = value(2, "type", default: schema["type"] ?? .null)
        return word.string.flatMap(Reflection.Kind.init(rawValue:))
    }
}

extension URITable {
    fileprivate func exactURIs(atMost countMax: Int) -> [String] {
        var uris: [String] = []
        for index in indices where self[index].match == .exact {
            guard uris.count < countMax else { break }
            uris.append(self[index].uri.text)
        }
        return uris
    }
}
