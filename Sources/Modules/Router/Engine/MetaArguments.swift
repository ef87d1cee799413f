import WAMP

/// The ERROR of a meta procedure.
struct MetaError: Error {
    var uri: ErrorURI
    var sentence: String

    init(_ uri: ErrorURI, _ sentence: String) {
        self.uri = uri
        self.sentence = sentence
    }

    init(_ refusal: (uri: ErrorURI, sentence: String)) { self.init(refusal.uri, refusal.sentence) }
}

/// A meta procedure's arguments; the ones by keyword stand in for the positional ones.
struct MetaArguments {
    private var list: [Value] = []
    private var keywords: [String: Value] = [:]

    init(_ message: IncomingMessage, _ bytes: Span<UInt8>) throws(MetaError) {
        do throws(WireError) {
            if !message.head.arguments.isEmpty {
                list = try Value.decode(bytes, message.head.arguments, message.serializer).list ?? []
            }
            if !message.head.argumentsKw.isEmpty {
                keywords = try Value.decode(bytes, message.head.argumentsKw, message.serializer).dictionary ?? [:]
            }
        } catch {
            throw MetaError(.invalidArgument, "the arguments cannot be read")
        }
    }

    /// The last positional argument where it is a dictionary, with the keyword arguments over it.
    var options: [String: Value] {
        (list.last?.dictionary ?? [:]).merging(keywords, uniquingKeysWith: { $1 })
    }

    var message: String? { options["message"]?.string }

    func positional(_ position: Int) -> Value? { list.indices.contains(position) ? list[position] : nil }

    func id(_ position: Int, _ name: String) throws(MetaError) -> UInt64 {
        let value = list.indices.contains(position) ? list[position] : keywords[name]
        guard let id = value?.integer, id >= 1 else {
            throw MetaError(.invalidArgument, "\(name): expected an id, an integer >= 1")
        }
        return UInt64(id)
    }

    /// The argument at a position or under a name; null counts as left out.
    func value(_ position: Int, _ name: String, default missing: Value) -> Value {
        let value = list.indices.contains(position) ? list[position] : keywords[name]
        return value.flatMap { $0 == .null ? nil : $0 } ?? missing
    }

    func string(_ position: Int, _ name: String) throws(MetaError) -> String {
        let value = list.indices.contains(position) ? list[position] : keywords[name]
        guard let text = value?.string else { throw MetaError(.invalidArgument, "\(name): expected a string") }
        return text
    }

    /// The optional list of roles that `count` and `list` filter by.
    func roles() throws(MetaError) -> [String]? {
        guard let first = list.first ?? keywords["filter_authroles"], first != .null else { return nil }
        guard let elements = first.list else {
            throw MetaError(.invalidArgument, "authroles: expected a list of strings")
        }
        return elements.compactMap(\.string)
    }

    /// The reason to close a session with.
    func reason() throws(MetaError) -> ErrorURI {
        guard let value = options["reason"], value != .null else { return .killed }
        guard let text = value.string, URIRules.isValid(Array(text.utf8).span) else {
            throw MetaError(.invalidURI, "reason: expected a URI")
        }
        return ErrorURI(text)
    }
}
