/// A message as a router reads it: its ids by value, everything else as a place in the frame.
///
/// Decoding checks the whole message (shape, UTF-8, numbers, depth) and allocates nothing; the options and the
/// payload stay where they are until somebody asks. What each field holds, by message:
///
/// | message | `request` | `id` | `dictionary` | `uri` | payload |
/// |---|---|---|---|---|---|
/// | HELLO | | | Details | Realm, empty when null | |
/// | WELCOME | | Session | Details | | |
/// | ABORT, GOODBYE | | | Details | Reason | ABORT only |
/// | CHALLENGE, AUTHENTICATE | | | Extra | AuthMethod, Signature | |
/// | ERROR | REQUEST.Request | REQUEST.Type | Details | Error | yes |
/// | PUBLISH, CALL | Request | | Options | Topic, Procedure | yes |
/// | SUBSCRIBE, REGISTER | Request | | Options | Topic, Procedure | |
/// | PUBLISHED, SUBSCRIBED, REGISTERED | Request | Publication, Subscription, Registration | | | |
/// | UNSUBSCRIBE, UNREGISTER | Request | Subscription, Registration | | | |
/// | UNSUBSCRIBED, UNREGISTERED | Request | | Details, if there | | |
/// | EVENT | | Subscription, and `request` = Publication | Details | | yes |
/// | CANCEL, INTERRUPT | Request | | Options | | |
/// | INVOCATION | Request | Registration | Details | | yes |
/// | RESULT, YIELD | Request | | Details, Options | | yes |
package struct MessageHead: Sendable, Hashable, BitwiseCopyable {
    package var type: MessageType
    package var request: UInt64 = 0
    package var id: UInt64 = 0
    package var dictionary = ByteRange.empty
    package var uri = ByteRange.empty
    /// One encoded list, or empty when the message has none.
    package var arguments = ByteRange.empty
    /// One encoded dictionary, or empty when the message has none.
    package var argumentsKw = ByteRange.empty
    /// A URI or an option key is not there as plain bytes (JSON escapes, CBOR chunks): whoever wants to compare
    /// bytes transcodes the frame to MessagePack first and decodes that.
    package var isEscaped = false

    init(type: MessageType) { self.type = type }
}

extension MessageHead {
    /// Decodes one message that fills the frame.
    ///
    /// - Parameter trustsPayload: the arguments were encoded in this process, and need not be walked through when
    ///   nothing comes behind them.
    /// - Throws: `.invalidMessage` when the bytes are a well-formed value but no message of the specification.
    package static func decode(
        _ bytes: Span<UInt8>, _ serializer: Serializer, depthMax: Int = 64, trustsPayload: Bool = false
    ) throws(WireError) -> MessageHead {
        var cursor = Cursor(serializer, depthMax: depthMax)
        guard case .list(let list) = try cursor.next(bytes) else { throw WireError(.invalidMessage, at: 0) }
        var reader = MessageReader(cursor: cursor, list: list, trustsPayload: trustsPayload)
        return try reader.message(bytes)
    }
}

/// Reads the elements of one message in the order in which its layout names them.
private struct MessageReader {
    private var cursor: Cursor
    private var list: Container
    private let trustsPayload: Bool
    private var isEscaped = false
    private var isAtEnd = false

    init(cursor: Cursor, list: Container, trustsPayload: Bool) {
        self.cursor = cursor
        self.list = list
        self.trustsPayload = trustsPayload
    }

    mutating func message(_ bytes: Span<UInt8>) throws(WireError) -> MessageHead {
        let code = try integer(bytes)
        guard let code = UInt8(exactly: code), let type = MessageType(rawValue: code) else {
            throw WireError(.invalidMessage, at: cursor.position)
        }
        var head = MessageHead(type: type)
        try elements(of: &head, bytes)
        guard try !hasMore(bytes) else { throw WireError(.invalidMessage, at: cursor.position) }
        try cursor.end(bytes)
        head.isEscaped = isEscaped
        return head
    }

    private mutating func elements(of head: inout MessageHead, _ bytes: Span<UInt8>) throws(WireError) {
        switch head.type {
        case .publish, .call:
            head.request = try id(bytes)
            head.dictionary = try dictionary(bytes)
            head.uri = try string(bytes)
            try payload(of: &head, bytes)
        case .yield, .result:
            head.request = try id(bytes)
            head.dictionary = try dictionary(bytes)
            try payload(of: &head, bytes)
        case .event:
            head.id = try id(bytes)
            head.request = try id(bytes)
            head.dictionary = try dictionary(bytes)
            try payload(of: &head, bytes)
        case .invocation:
            head.request = try id(bytes)
            head.id = try id(bytes)
            head.dictionary = try dictionary(bytes)
            try payload(of: &head, bytes)
        case .error:
            head.id = try integer(bytes)
            head.request = try id(bytes)
            head.dictionary = try dictionary(bytes)
            head.uri = try string(bytes)
            try payload(of: &head, bytes)
        case .subscribe, .register:
            head.request = try id(bytes)
            head.dictionary = try dictionary(bytes)
            head.uri = try string(bytes)
        case .unsubscribe, .unregister, .published, .subscribed, .registered:
            head.request = try id(bytes)
            head.id = try id(bytes)
        case .unsubscribed, .unregistered:
            // A revocation says which subscription or registration in Details, and its request is 0.
            head.request = try integer(bytes)
            if try hasMore(bytes) { head.dictionary = try dictionaryHere(bytes) }
        case .cancel, .interrupt:
            head.request = try id(bytes)
            head.dictionary = try dictionary(bytes)
        case .hello:
            head.uri = try stringOrNull(bytes)
            head.dictionary = try dictionary(bytes)
        case .challenge, .authenticate:
            head.uri = try string(bytes)
            head.dictionary = try dictionary(bytes)
        case .welcome:
            head.id = try id(bytes)
            head.dictionary = try dictionary(bytes)
        case .abort:
            head.dictionary = try dictionary(bytes)
            head.uri = try string(bytes)
            try payload(of: &head, bytes)
        case .goodbye:
            head.dictionary = try dictionary(bytes)
            head.uri = try string(bytes)
        }
    }

    /// Whether another element follows. Asking again after the end stays at the end.
    private mutating func hasMore(_ bytes: Span<UInt8>) throws(WireError) -> Bool {
        guard !isAtEnd else { return false }
        isAtEnd = try !cursor.more(&list, bytes)
        return !isAtEnd
    }

    private mutating func expectElement(_ bytes: Span<UInt8>) throws(WireError) {
        guard try hasMore(bytes) else { throw WireError(.invalidMessage, at: cursor.position) }
    }

    private mutating func integer(_ bytes: Span<UInt8>) throws(WireError) -> UInt64 {
        try expectElement(bytes)
        let start = cursor.position
        switch try cursor.next(bytes) {
        case .integer(let value) where value >= 0: return UInt64(value)
        // A JSON number may write an id as 1.0 or 1e3 (JavaScript knows no other numbers).
        case .double(let value):
            guard let id = UInt64(exactly: value) else { throw WireError(.invalidMessage, at: start) }
            return id
        default: throw WireError(.invalidMessage, at: start)
        }
    }

    private mutating func id(_ bytes: Span<UInt8>) throws(WireError) -> UInt64 {
        let value = try integer(bytes)
        guard value >= 1, value <= identifierMax else { throw WireError(.invalidMessage, at: cursor.position) }
        return value
    }

    /// A string, or nothing where null stands for it: a realm that the router is to choose.
    private mutating func stringOrNull(_ bytes: Span<UInt8>) throws(WireError) -> ByteRange {
        var next = list
        var ahead = cursor
        if try ahead.more(&next, bytes), case .null = try ahead.next(bytes) {
            list = next
            cursor = ahead
            return .empty
        }
        return try string(bytes)
    }

    private mutating func string(_ bytes: Span<UInt8>) throws(WireError) -> ByteRange {
        try expectElement(bytes)
        let start = cursor.position
        guard case .string(let token) = try cursor.next(bytes) else { throw WireError(.invalidMessage, at: start) }
        if token.isEscaped { isEscaped = true }
        return token.range
    }

    private mutating func dictionary(_ bytes: Span<UInt8>) throws(WireError) -> ByteRange {
        try expectElement(bytes)
        return try dictionaryHere(bytes)
    }

    private mutating func dictionaryHere(_ bytes: Span<UInt8>) throws(WireError) -> ByteRange {
        let range = try cursor.skip(bytes)
        guard cursor.serializer.opensDictionary(bytes[Int(range.lowerBound)]) else {
            throw WireError(.invalidMessage, at: Int(range.lowerBound))
        }
        if cursor.serializer == .json, range.count > 2, bytes.contains(UInt8(ascii: "\\"), in: range) {
            isEscaped = true
        }
        return range
    }

    private mutating func payload(of head: inout MessageHead, _ bytes: Span<UInt8>) throws(WireError) {
        guard try hasMore(bytes) else { return }
        if trustsPayload, list.count == 0, cursor.serializer == .messagePack, cursor.position < bytes.count,
            cursor.serializer.opensList(bytes[cursor.position])
        {
            // A list has no closer in MessagePack: the last element is what is left.
            head.arguments = ByteRange(cursor.position, bytes.count)
            cursor.position = bytes.count
            return
        }
        head.arguments = try cursor.skip(bytes)
        guard cursor.serializer.opensList(bytes[Int(head.arguments.lowerBound)]) else {
            return try transparentPayload(of: &head, bytes)
        }
        guard try hasMore(bytes) else { return }
        head.argumentsKw = try dictionaryHere(bytes)
    }

    /// Payload transparency, the older form of payload passthru: one binary value where the arguments would stand.
    private func transparentPayload(of head: inout MessageHead, _ bytes: Span<UInt8>) throws(WireError) {
        var value = Cursor(cursor.serializer, at: Int(head.arguments.lowerBound))
        // JSON has binary inside of strings, and only the token tells which of them are: a text would reach peers of
        // other serializers as one.
        guard case .bytes = try value.next(bytes) else {
            throw WireError(.invalidMessage, at: Int(head.arguments.lowerBound))
        }
    }
}

extension Span<UInt8> {
    fileprivate func contains(_ byte: UInt8, in range: ByteRange) -> Bool {
        for index in range.range where self[index] == byte { return true }
        return false
    }
}

extension Serializer {
    /// Whether a value that begins with this byte is a dictionary.
    func opensDictionary(_ byte: UInt8) -> Bool {
        switch self {
        case .json: byte == UInt8(ascii: "{")
        case .messagePack: byte & 0xF0 == 0x80 || byte == 0xDE || byte == 0xDF
        case .cbor: byte & 0xE0 == 0xA0
        }
    }

    /// Whether a value that begins with this byte is a list.
    func opensList(_ byte: UInt8) -> Bool {
        switch self {
        case .json: byte == UInt8(ascii: "[")
        case .messagePack: byte & 0xF0 == 0x90 || byte == 0xDC || byte == 0xDD
        case .cbor: byte & 0xE0 == 0x80
        }
    }
}
