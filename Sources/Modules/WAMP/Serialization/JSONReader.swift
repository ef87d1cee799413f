/// Reads JSON, strictly (RFC 8259): UTF-8 without a byte order mark, no comment, no trailing comma, no lone surrogate.
enum JSONReader {
    static func next(_ bytes: Span<UInt8>, _ cursor: inout Cursor) throws(WireError) -> Token {
        let offset = skipSpace(bytes, cursor.position)
        switch try bytes.byte(at: offset) {
        case JSON.quote:
            let text = try JSONText.read(bytes, openedAt: offset)
            cursor.position = text.end + 1
            guard text.isBinary else { return .string(text.token) }
            return .bytes(try text.binaryToken(bytes))
        case JSON.listStart:
            try cursor.enter(at: offset)
            cursor.position = offset + 1
            return .list(Container(.jsonList))
        case JSON.dictionaryStart:
            try cursor.enter(at: offset)
            cursor.position = offset + 1
            return .dictionary(Container(.jsonDictionary))
        case JSON.minus, JSON.zero...UInt8(ascii: "9"):
            if let (value, end) = JSONNumber.shortInteger(bytes, from: offset) {
                cursor.position = end
                return .integer(value)
            }
            let number = try JSONNumber.read(bytes, from: offset)
            cursor.position = number.end
            return number.token(bytes)
        case UInt8(ascii: "t"):
            cursor.position = try literal(bytes, "true", at: offset)
            return .bool(true)
        case UInt8(ascii: "f"):
            cursor.position = try literal(bytes, "false", at: offset)
            return .bool(false)
        case UInt8(ascii: "n"):
            cursor.position = try literal(bytes, "null", at: offset)
            return .null
        default:
            throw WireError(.malformed, at: offset)
        }
    }

    /// Whether a container goes on: reads the comma before any element but the first, or the closer.
    static func more(
        _ bytes: Span<UInt8>, _ position: inout Int, isFirst: Bool, closer: UInt8
    ) throws(WireError) -> Bool {
        position = skipSpace(bytes, position)
        let byte = try bytes.byte(at: position)
        if byte == closer {
            position += 1
            return false
        }
        if isFirst { return true }
        guard byte == JSON.comma else { throw WireError(.malformed, at: position) }
        position += 1
        return true
    }

    static func key(_ bytes: Span<UInt8>, _ position: inout Int) throws(WireError) -> StringToken {
        let offset = skipSpace(bytes, position)
        guard try bytes.byte(at: offset) == JSON.quote else { throw WireError(.invalidKey, at: offset) }
        let text = try JSONText.read(bytes, openedAt: offset)
        position = try colon(bytes, text.end + 1)
        return text.token
    }

    /// The end of the value that begins at `start`; `levels` more containers may open.
    ///
    /// No recursion: what is open is one bit for each level, which is why a cursor allows no more than 64.
    static func skip(_ bytes: Span<UInt8>, from start: Int, levels: Int) throws(WireError) -> Int {
        var position = start
        // The innermost container is the lowest bit: set for a dictionary.
        var kinds: UInt64 = 0
        var open = 0
        while true {
            position = skipSpace(bytes, position)
            let byte = try bytes.byte(at: position)
            switch byte {
            case JSON.quote:
                let text = try JSONText.read(bytes, openedAt: position)
                if text.isBinary { _ = try text.binaryToken(bytes) }
                position = text.end + 1
            case JSON.listStart, JSON.dictionaryStart:
                guard open < levels else { throw WireError(.nestedTooDeep, at: position) }
                let isDictionary = byte == JSON.dictionaryStart
                position = skipSpace(bytes, position + 1)
                if try bytes.byte(at: position) == (isDictionary ? JSON.dictionaryEnd : JSON.listEnd) {
                    position += 1
                    break
                }
                open += 1
                kinds = kinds << 1 | (isDictionary ? 1 : 0)
                if isDictionary { position = try skipKey(bytes, position) }
                continue
            case JSON.minus, JSON.zero...UInt8(ascii: "9"): position = try JSONNumber.read(bytes, from: position).end
            case UInt8(ascii: "t"): position = try literal(bytes, "true", at: position)
            case UInt8(ascii: "f"): position = try literal(bytes, "false", at: position)
            case UInt8(ascii: "n"): position = try literal(bytes, "null", at: position)
            default: throw WireError(.malformed, at: position)
            }
            // A value has ended: so may containers, until one goes on.
            if try closed(bytes, &position, &kinds, &open) { return position }
        }
    }

    /// Closes what ends at `position`. True when nothing is open any more, false when another value must follow.
    @inline(__always)
    private static func closed(
        _ bytes: Span<UInt8>, _ position: inout Int, _ kinds: inout UInt64, _ open: inout Int
    ) throws(WireError) -> Bool {
        while open > 0 {
            position = skipSpace(bytes, position)
            let isDictionary = kinds & 1 == 1
            switch try bytes.byte(at: position) {
            case JSON.comma:
                position += 1
                if isDictionary { position = try skipKey(bytes, skipSpace(bytes, position)) }
                return false
            case isDictionary ? JSON.dictionaryEnd : JSON.listEnd:
                position += 1
                open -= 1
                kinds >>= 1
            default: throw WireError(.malformed, at: position)
            }
        }
        return true
    }

    /// Passes over a key and its colon.
    @inline(__always)
    private static func skipKey(_ bytes: Span<UInt8>, _ position: Int) throws(WireError) -> Int {
        guard try bytes.byte(at: position) == JSON.quote else { throw WireError(.invalidKey, at: position) }
        return try colon(bytes, JSONText.read(bytes, openedAt: position).end + 1)
    }

    @inline(__always)
    private static func colon(_ bytes: Span<UInt8>, _ position: Int) throws(WireError) -> Int {
        let offset = skipSpace(bytes, position)
        guard try bytes.byte(at: offset) == JSON.colon else { throw WireError(.malformed, at: offset) }
        return offset + 1
    }

    /// The first byte at or after `position` that is not white space, or the end.
    @inline(__always)
    static func skipSpace(_ bytes: Span<UInt8>, _ position: Int) -> Int {
        var position = position
        while let byte = try? bytes.byte(at: position), JSON.isSpace(byte) { position &+= 1 }
        return position
    }

    /// Passes over `true`, `false` or `null`.
    @inline(__always)
    private static func literal(_ bytes: Span<UInt8>, _ text: StaticString, at start: Int) throws(WireError) -> Int {
        for index in 0..<text.utf8CodeUnitCount {
            // Within the code units of the literal, by the loop.
            let expected = unsafe text.utf8Start[index]
            guard try bytes.byte(at: start + index) == expected else { throw WireError(.malformed, at: start + index) }
        }
        return start + text.utf8CodeUnitCount
    }
}
