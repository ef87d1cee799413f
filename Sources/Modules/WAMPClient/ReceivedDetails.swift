import WAMP

/// What a client needs of `EVENT.Details`, `INVOCATION.Details` and `RESULT.Details`, read key by key: they come with every
/// message, and no dictionary has to be made of them.
struct ReceivedDetails: Sendable, Hashable {
    /// `topic` or `procedure`, of pattern subscriptions and registrations.
    var uri: String?
    /// `publisher` or `caller`, where that is disclosed.
    var session: SessionID?
    var authid: String?
    var authrole: String?
    var retained = false
    var receiveProgress = false
    var progress = false

    init() {}

    init(_ bytes: Span<UInt8>, _ range: ByteRange, _ serializer: Serializer) throws(WireError) {
        var cursor = Cursor(serializer, at: Int(range.lowerBound))
        guard case .dictionary(var entries) = try cursor.next(bytes) else { return }
        while try cursor.more(&entries, bytes) {
            let key = try cursor.key(bytes)
            try read(key, cursor, bytes)
            _ = try cursor.skip(bytes)
        }
    }

    /// Takes the value behind a key, when it is one that counts and of its type.
    private mutating func read(_ key: StringToken, _ value: Cursor, _ bytes: Span<UInt8>) throws(WireError) {
        var value = value
        // A router has no reason to escape any of these.
        let name = bytes.extracting(key.range.range)
        switch name.count {
        case 5 where name.isEqual("topic"): uri = try value.string(bytes)
        case 9 where name.isEqual("procedure"): uri = try value.string(bytes)
        case 9 where name.isEqual("publisher"): session = try value.session(bytes)
        case 6 where name.isEqual("caller"): session = try value.session(bytes)
        case 16 where name.isEqual("publisher_authid"): authid = try value.string(bytes)
        case 13 where name.isEqual("caller_authid"): authid = try value.string(bytes)
        case 18 where name.isEqual("publisher_authrole"): authrole = try value.string(bytes)
        case 15 where name.isEqual("caller_authrole"): authrole = try value.string(bytes)
        case 8 where name.isEqual("retained"): retained = try value.bool(bytes)
        case 16 where name.isEqual("receive_progress"): receiveProgress = try value.bool(bytes)
        case 8 where name.isEqual("progress"): progress = try value.bool(bytes)
        default: break
        }
    }
}

extension Cursor {
    /// The text that comes next; nil for anything else.
    fileprivate mutating func string(_ bytes: Span<UInt8>) throws(WireError) -> String? {
        guard case .string(let token) = try next(bytes) else { return nil }
        return string(token, bytes)
    }

    fileprivate mutating func session(_ bytes: Span<UInt8>) throws(WireError) -> SessionID? {
        guard case .integer(let id) = try next(bytes), id >= 0 else { return nil }
        return SessionID(UInt64(id))
    }

    fileprivate mutating func bool(_ bytes: Span<UInt8>) throws(WireError) -> Bool {
        if case .bool(true) = try next(bytes) { true } else { false }
    }
}

extension Span<UInt8> {
    @inline(__always)
    fileprivate func isEqual(_ name: StaticString) -> Bool {
        guard count == name.utf8CodeUnitCount else { return false }
        // A literal outlives every call.
        let name = UnsafeBufferPointer(start: name.utf8Start, count: count)
        for index in 0..<count where self[index] != name[index] { return false }
        return true
    }
}
