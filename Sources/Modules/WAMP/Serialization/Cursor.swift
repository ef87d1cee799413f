/// Walks encoded values of one serializer, from token to token.
///
/// A cursor holds no bytes: every call is given the frame, always the same one. It reads what outsiders sent, so
/// it never traps and never allocates by a number that it read; whatever is not well-formed is a `WireError`, after
/// which the cursor is of no more use. A container is walked to its end before anything after it is read:
///
///     guard case .list(var list) = try cursor.next(bytes) else { … }
///     while try cursor.more(&list, bytes) { _ = try cursor.skip(bytes) }
package struct Cursor: Sendable {
    /// The deepest nesting that any cursor allows, whatever it is asked for.
    package static let depthLimit = 64

    package let serializer: Serializer
    /// The offset of the next byte; a valid offset of the frame or its end.
    package var position: Int
    /// How many containers may be open at once.
    let depthMax: Int
    /// How many are.
    var depth = 0

    /// - Parameter depthMax: containers that may be open at once; at most `depthLimit` are.
    package init(_ serializer: Serializer, at position: Int = 0, depthMax: Int = depthLimit) {
        precondition(position >= 0, "a frame begins at offset 0")
        self.serializer = serializer
        self.position = position
        self.depthMax = min(depthMax, Cursor.depthLimit)
    }

    /// One scalar, or the opening of a container.
    package mutating func next(_ bytes: Span<UInt8>) throws(WireError) -> Token {
        try checkSize(bytes)
        return switch serializer {
        case .json: try JSONReader.next(bytes, &self)
        case .messagePack: try MessagePackReader.next(bytes, &self)
        case .cbor: try CBORReader.next(bytes, &self)
        }
    }

    /// Whether the container has another element (of a list) or entry (of a dictionary).
    ///
    /// Reads the separator before the element, or after the last one the closer.
    package mutating func more(_ container: inout Container, _ bytes: Span<UInt8>) throws(WireError) -> Bool {
        let isMore: Bool =
            switch container.form {
            case .counted: container.remaining > 0
            case .indefinite: try CBORReader.more(bytes, &position)
            case .jsonList: try JSONReader.more(bytes, &position, isFirst: container.isFirst, closer: JSON.listEnd)
            case .jsonDictionary:
                try JSONReader.more(bytes, &position, isFirst: container.isFirst, closer: JSON.dictionaryEnd)
            }
        container.isFirst = false
        if isMore {
            container.remaining &-= 1
        } else {
            depth -= 1
        }
        return isMore
    }

    /// The key of the next dictionary entry, and JSON's colon.
    package mutating func key(_ bytes: Span<UInt8>) throws(WireError) -> StringToken {
        try checkSize(bytes)
        return switch serializer {
        case .json: try JSONReader.key(bytes, &position)
        case .messagePack: try MessagePackReader.key(bytes, &position)
        case .cbor: try CBORReader.key(bytes, &position)
        }
    }

    /// Passes over a key that was seen before and comes again, byte for byte; false, and nothing is read, when another
    /// one comes, or the same written in another way.
    ///
    /// - Parameter encoded: what `ValueWriter.key` writes.
    package mutating func pass(key encoded: Span<UInt8>, _ bytes: Span<UInt8>) -> Bool {
        let count = encoded.count
        guard position <= bytes.count &- count else { return false }
        var offset = 0
        while encoded.hasWord(at: offset), bytes.hasWord(at: position &+ offset) {
            guard encoded.word(at: offset) == bytes.word(at: position &+ offset) else { return false }
            offset &+= 8
        }
        while offset < count {
            guard encoded[offset] == bytes[position &+ offset] else { return false }
            offset &+= 1
        }
        position &+= count
        return true
    }

    /// Passes over a null; false, and nothing is read, when anything else comes.
    package mutating func passNull(_ bytes: Span<UInt8>) throws(WireError) -> Bool {
        let start = serializer == .json ? JSONReader.skipSpace(bytes, position) : position
        let byte = try bytes.byte(at: start)
        let mayBeNull =
            switch serializer {
            case .json: byte == UInt8(ascii: "n")
            case .messagePack: byte == 0xC0
            // Null and undefined, as simple values, and with a tag before them.
            case .cbor: byte >= 0xF6 || byte >> 5 == 6
            }
        guard mayBeNull else { return false }
        var ahead = self
        guard case .null = try ahead.next(bytes) else { return false }
        self = ahead
        return true
    }

    /// Checks one whole value for well-formedness (types, UTF-8, numbers, depth) and passes over it.
    ///
    /// The router's way over payloads: it decodes and allocates nothing.
    /// - Returns: where the value lies, without white space around it.
    package mutating func skip(_ bytes: Span<UInt8>) throws(WireError) -> ByteRange {
        try checkSize(bytes)
        let start: Int
        switch serializer {
        case .json:
            start = JSONReader.skipSpace(bytes, position)
            position = try JSONReader.skip(bytes, from: start, levels: depthMax - depth)
        case .messagePack:
            start = position
            position = try MessagePackReader.skip(bytes, from: start, levels: depthMax - depth)
        case .cbor:
            start = position
            position = try CBORReader.skip(bytes, from: start, levels: depthMax - depth)
        }
        return ByteRange(start, position)
    }

    /// Calls `body` with each key of a dictionary and the place of its value; with none when something else is there.
    package static func forEachEntry(
        of range: ByteRange, _ bytes: Span<UInt8>, _ serializer: Serializer,
        _ body: (_ key: ByteRange, _ value: ByteRange) throws(WireError) -> Void
    ) throws(WireError) {
        var cursor = Cursor(serializer, at: Int(range.lowerBound))
        guard case .dictionary(var entries) = try cursor.next(bytes) else { return }
        while try cursor.more(&entries, bytes) {
            let key = try cursor.key(bytes).range
            try body(key, try cursor.skip(bytes))
        }
    }

    /// Throws `.trailingBytes` unless everything (but JSON's white space) was read.
    package mutating func end(_ bytes: Span<UInt8>) throws(WireError) {
        if serializer == .json { position = JSONReader.skipSpace(bytes, position) }
        guard position >= bytes.count else { throw WireError(.trailingBytes, at: position) }
    }

    /// Refuses what a `ByteRange` cannot tell places in. Transports allow a fraction of it.
    @inline(__always)
    private func checkSize(_ bytes: Span<UInt8>) throws(WireError) {
        guard bytes.count <= ByteRange.offsetMax else { throw WireError(.malformed, at: ByteRange.offsetMax) }
    }

    /// Accounts for a container that opens at `offset`.
    @inline(__always)
    mutating func enter(at offset: Int) throws(WireError) {
        guard depth < depthMax else { throw WireError(.nestedTooDeep, at: offset) }
        depth += 1
    }
}
