/// Reads CBOR (RFC 8949): definite and indefinite lengths, every encoding of a value, the shortest or not.
///
/// Tags say what a value is for, which WAMP does not carry: they are passed over, but for the bignums, whose value
/// would be lost. `undefined` is null. The other simple values have no meaning here.
enum CBORReader {
    /// The "break" that ends what has no length.
    static let stop: UInt8 = 0xFF

    private enum Major {
        static let bytes: UInt8 = 2
        static let text: UInt8 = 3
    }

    /// How a value's first byte goes on.
    private enum Head {
        case token(Token, end: Int)
        case string(start: Int, length: Int)
        case bytes(start: Int, length: Int)
        /// A string or byte string in chunks up to a break.
        case chunks(start: Int, major: UInt8)
        case list(start: Int, count: Int)
        case dictionary(start: Int, count: Int)
        /// The count of a container without one: up to a break.
        static let untilStop = -1
    }

    static func next(_ bytes: Span<UInt8>, _ cursor: inout Cursor) throws(WireError) -> Token {
        var position = cursor.position
        switch try head(bytes, &position) {
        case .token(let token, let end):
            cursor.position = end
            return token
        case .string(let start, let length):
            let end = try WellFormedUTF8.end(bytes, from: start, length: length)
            cursor.position = end
            return .string(StringToken(start, end))
        case .bytes(let start, let length):
            let end = try bytes.end(of: length, from: start)
            cursor.position = end
            return .bytes(StringToken(start, end))
        case .chunks(let start, let major):
            let end = try chunksEnd(bytes, from: start, major: major)
            cursor.position = end + 1
            let token = StringToken(start, end, .chunks)
            return major == Major.text ? .string(token) : .bytes(token)
        case .list(let start, let count):
            try cursor.enter(at: position)
            guard count <= bytes.count - start else { throw WireError(.truncated, at: bytes.count) }
            cursor.position = start
            return .list(count < 0 ? Container(.indefinite) : Container(.counted, remaining: count))
        case .dictionary(let start, let count):
            try cursor.enter(at: position)
            guard count <= (bytes.count - start) / 2 else { throw WireError(.truncated, at: bytes.count) }
            cursor.position = start
            return .dictionary(count < 0 ? Container(.indefinite) : Container(.counted, remaining: count))
        }
    }

    /// Whether a container of indefinite length goes on; passes over the break if not.
    @inline(__always)
    static func more(_ bytes: Span<UInt8>, _ position: inout Int) throws(WireError) -> Bool {
        guard try bytes.byte(at: position) == stop else { return true }
        position += 1
        return false
    }

    static func key(_ bytes: Span<UInt8>, _ position: inout Int) throws(WireError) -> StringToken {
        let offset = position
        let byte = try bytes.byte(at: offset)
        guard byte >> 5 == Major.text else { throw WireError(.invalidKey, at: offset) }
        if byte & 0x1F == 31 {
            let end = try chunksEnd(bytes, from: offset + 1, major: Major.text)
            position = end + 1
            return StringToken(offset + 1, end, .chunks)
        }
        let (length, start) = try argument(bytes, byte, at: offset)
        position = try WellFormedUTF8.end(bytes, from: start, length: Int(clamping: length))
        return StringToken(start, position)
    }

    /// The end of the value that begins at `start`; `levels` more containers may open.
    static func skip(_ bytes: Span<UInt8>, from start: Int, levels: Int) throws(WireError) -> Int {
        try skip(bytes, from: start, count: 1, areEntries: false, levels: levels)
    }

    /// The end of `count` values (or entries) that begin at `start`, or of those up to a break. Recursion ends
    /// with `levels`.
    private static func skip(
        _ bytes: Span<UInt8>, from start: Int, count: Int, areEntries: Bool, levels: Int
    ) throws(WireError) -> Int {
        var position = start
        var remaining = count
        while remaining != 0 {
            if remaining > 0 { remaining &-= 1 } else if try !more(bytes, &position) { break }
            if areEntries {
                let byte = try bytes.byte(at: position)
                if (0x60...0x77).contains(byte) {
                    position = try WellFormedUTF8.end(bytes, from: position + 1, length: Int(byte & 0x1F))
                } else {
                    _ = try key(bytes, &position)
                }
            }
            switch try bytes.byte(at: position) {
            // What most values are, without a detour over a token.
            case 0x00...0x17, 0x20...0x37, 0xF4...0xF7:
                position &+= 1
                continue
            case 0x18, 0x38:
                position = try bytes.end(of: 2, from: position)
                continue
            case 0x19, 0x39, 0xF9:
                position = try bytes.end(of: 3, from: position)
                continue
            case 0x1A, 0x3A, 0xFA:
                position = try bytes.end(of: 5, from: position)
                continue
            case 0x1B, 0x3B, 0xFB:
                position = try bytes.end(of: 9, from: position)
                continue
            case let byte where (0x60...0x77).contains(byte):
                position = try WellFormedUTF8.end(bytes, from: position + 1, length: Int(byte & 0x1F))
                continue
            default: break
            }
            switch try head(bytes, &position) {
            case .token(_, let end):
                position = end
            case .string(let start, let length):
                position = try WellFormedUTF8.end(bytes, from: start, length: length)
            case .bytes(let start, let length):
                position = try bytes.end(of: length, from: start)
            case .chunks(let start, let major):
                position = try chunksEnd(bytes, from: start, major: major) + 1
            case .list(let start, let count):
                guard levels > 0 else { throw WireError(.nestedTooDeep, at: position) }
                guard count <= bytes.count - start else { throw WireError(.truncated, at: bytes.count) }
                position = try skip(bytes, from: start, count: count, areEntries: false, levels: levels - 1)
            case .dictionary(let start, let count):
                guard levels > 0 else { throw WireError(.nestedTooDeep, at: position) }
                guard count <= (bytes.count - start) / 2 else { throw WireError(.truncated, at: bytes.count) }
                position = try skip(bytes, from: start, count: count, areEntries: true, levels: levels - 1)
            }
        }
        return position
    }

    /// The next chunk of a string without a length: where its contents lie; nil at the break.
    ///
    /// - Parameter position: of the chunk's header; afterwards of the next one's.
    static func chunk(
        _ bytes: Span<UInt8>, _ position: inout Int, major: UInt8
    ) throws(WireError) -> (start: Int, end: Int)? {
        let offset = position
        let byte = try bytes.byte(at: offset)
        if byte == stop { return nil }
        // Chunks are of the string's own type and have a length.
        guard byte >> 5 == major, byte & 0x1F != 31 else { throw WireError(.malformed, at: offset) }
        let (length, start) = try argument(bytes, byte, at: offset)
        position = try bytes.end(of: Int(clamping: length), from: start)
        return (start, position)
    }

    /// The chunks of a string that was checked, one by one. One that was not ends early.
    static func forEachChunk(of range: Range<Int>, _ bytes: Span<UInt8>, _ body: (Range<Int>) -> Void) {
        var position = range.lowerBound
        while position < min(range.upperBound, bytes.count) {
            guard let chunk = try? chunk(bytes, &position, major: bytes[position] >> 5) else { return }
            body(chunk.start..<chunk.end)
        }
    }

    /// Where the break of a chunked string lies. Each chunk of a text is UTF-8 on its own (RFC 8949 "Indefinite-Length
    /// Byte Strings and Text Strings").
    private static func chunksEnd(_ bytes: Span<UInt8>, from start: Int, major: UInt8) throws(WireError) -> Int {
        var position = start
        while let (start, end) = try chunk(bytes, &position, major: major) {
            if major == Major.text { _ = try WellFormedUTF8.end(bytes, from: start, length: end - start) }
        }
        return position
    }

    /// What the value at `position` begins with, tags passed over. Scalars are read, everything else only up to its
    /// contents.
    @inline(__always)
    private static func head(_ bytes: Span<UInt8>, _ position: inout Int) throws(WireError) -> Head {
        var byte = try bytes.byte(at: position)
        while byte >> 5 == 6 {
            let (tag, end) = try argument(bytes, byte, at: position)
            guard tag != 2, tag != 3 else { throw WireError(.unsupportedType, at: position) }
            position = end
            byte = try bytes.byte(at: position)
        }
        let major = byte >> 5
        if major == 7 { return try simple(bytes, byte, at: position) }
        if byte & 0x1F == 31 {
            switch major {
            case Major.bytes, Major.text: return .chunks(start: position + 1, major: major)
            case 4: return .list(start: position + 1, count: Head.untilStop)
            case 5: return .dictionary(start: position + 1, count: Head.untilStop)
            default: throw WireError(.malformed, at: position)
            }
        }
        let (value, start) = try argument(bytes, byte, at: position)
        switch major {
        case 0:
            return .token(value > UInt64(Int64.max) ? .unsigned(value) : .integer(Int64(value)), end: start)
        case 1:
            // -1 - value; what Int64 cannot hold is rounded to a double.
            let isExact = value <= UInt64(Int64.max)
            return .token(isExact ? .integer(~Int64(value)) : .double(-1 - Double(value)), end: start)
        case Major.bytes: return .bytes(start: start, length: Int(clamping: value))
        case Major.text: return .string(start: start, length: Int(clamping: value))
        case 4: return .list(start: start, count: Int(clamping: value))
        default: return .dictionary(start: start, count: Int(clamping: value))
        }
    }

    /// The number that belongs to a head (a value, a length, a tag), and where it ends.
    @inline(__always)
    private static func argument(
        _ bytes: Span<UInt8>, _ byte: UInt8, at position: Int
    ) throws(WireError) -> (value: UInt64, end: Int) {
        let start = position + 1
        switch byte & 0x1F {
        case let value where value < 24: return (UInt64(value), start)
        case 24: return (UInt64(try bytes.bigEndian(start, UInt8.self)), start + 1)
        case 25: return (UInt64(try bytes.bigEndian(start, UInt16.self)), start + 2)
        case 26: return (UInt64(try bytes.bigEndian(start, UInt32.self)), start + 4)
        case 27: return (try bytes.bigEndian(start, UInt64.self), start + 8)
        default: throw WireError(.malformed, at: position)
        }
    }

    /// Major type 7: floating-point numbers and simple values.
    private static func simple(_ bytes: Span<UInt8>, _ byte: UInt8, at position: Int) throws(WireError) -> Head {
        let start = position + 1
        switch byte & 0x1F {
        case 20: return .token(.bool(false), end: start)
        case 21: return .token(.bool(true), end: start)
        case 22, 23: return .token(.null, end: start)
        case 25: return .token(.double(half(try bytes.bigEndian(start, UInt16.self))), end: start + 2)
        case 26:
            let bits = try bytes.bigEndian(start, UInt32.self)
            return .token(.double(Double(Float(bitPattern: bits))), end: start + 4)
        case 27:
            let bits = try bytes.bigEndian(start, UInt64.self)
            return .token(.double(Double(bitPattern: bits)), end: start + 8)
        case 28...31: throw WireError(.malformed, at: position)
        default: throw WireError(.unsupportedType, at: position)
        }
    }

    /// A half-precision number (RFC 8949 appendix D).
    private static func half(_ bits: UInt16) -> Double {
        let exponent = Int(bits >> 10) & 0x1F
        let fraction = Double(bits & 0x3FF)
        let magnitude: Double =
            switch exponent {
            case 0: fraction / 16_777_216
            case 31: fraction == 0 ? .infinity : .nan
            default: Double(sign: .plus, exponent: exponent - 25, significand: fraction + 1024)
            }
        return bits & 0x8000 == 0 ? magnitude : -magnitude
    }
}
