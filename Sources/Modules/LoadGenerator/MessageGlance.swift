import WAMP

/// The type of a message and the first of its ids: all that a load counts by, and cheaper than the whole.
struct MessageGlance: Sendable, Hashable {
    var type: MessageType
    var id: UInt64

    /// Nil for messages that do not begin with an id.
    init?(_ bytes: Span<UInt8>, _ serializer: Serializer) throws(WireError) {
        var cursor = Cursor(serializer)
        guard case .list(var list) = try cursor.next(bytes), try cursor.more(&list, bytes),
            case .integer(let code) = try cursor.next(bytes), let code = UInt8(exactly: code),
            let type = MessageType(rawValue: code), try cursor.more(&list, bytes),
            case .integer(let id) = try cursor.next(bytes), id >= 0
        else { return nil }
        self.type = type
        self.id = UInt64(id)
    }
}
