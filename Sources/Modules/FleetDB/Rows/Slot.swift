import WAMP

/// A value of a payload as it was found: its token, where it lies, and in which part.
struct Slot: Sendable {
    /// nil when the payload has no such value.
    var token: Token?
    var range = ByteRange.empty
    var source = TextPlace.Source.arguments

    init() {}

    var isNull: Bool { if case .null? = token { true } else { false } }

    /// The value that comes next at a cursor; a container is passed over.
    @inline(__always)
    init(_ cursor: inout Cursor, _ bytes: Span<UInt8>, _ source: TextPlace.Source) throws(WireError) {
        let start = cursor
        let token = try cursor.next(bytes)
        self.token = token
        self.source = source
        switch token {
        case .list, .dictionary:
            cursor = start
            range = try cursor.skip(bytes)
        default:
            range = ByteRange(start.position, cursor.position)
        }
    }

    /// Walks into a container, lodash's way: keys of dictionaries, numbers for lists.
    func inside(_ steps: ArraySlice<String>, _ payload: Payload) throws(WireError) -> Slot {
        guard let step = steps.first else { return self }
        let found: Slot =
            switch source {
            case .argumentsKw: try element(step, payload.argumentsKw.span, payload.serializer)
            case .arguments, .scratch: try element(step, payload.arguments.span, payload.serializer)
            }
        return try found.inside(steps.dropFirst(), payload)
    }

    private func element(_ step: String, _ bytes: Span<UInt8>, _ serializer: Serializer) throws(WireError) -> Slot {
        guard !range.isEmpty else { return Slot() }
        var cursor = Cursor(serializer, at: Int(range.lowerBound))
        var found = Slot()
        switch try cursor.next(bytes) {
        case .dictionary(var entries):
            while try cursor.more(&entries, bytes) {
                let key = try cursor.key(bytes)
                let value = try Slot(&cursor, bytes, source)
                if cursor.string(key, bytes) == step { found = value }
            }
        case .list(var list):
            var position = 0
            while try cursor.more(&list, bytes) {
                let value = try Slot(&cursor, bytes, source)
                if String(position) == step { found = value }
                position += 1
            }
        default: break
        }
        return found
    }
}
