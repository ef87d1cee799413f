/// Reads MessagePack: every type but the extensions, every encoding of a value, the shortest or not.
///
/// Format: github.com/msgpack/msgpack, "spec.md".
enum MessagePackReader {
    /// How a first byte goes on.
    private enum Head {
        case token(Token, end: Int)
        case string(start: Int, length: Int)
        case bytes(start: Int, length: Int)
        case list(start: Int, count: Int)
        case dictionary(start: Int, count: Int)
    }

    static func next(_ bytes: Span<UInt8>, _ cursor: inout Cursor) throws(WireError) -> Token {
        let offset = cursor.position
        switch try head(bytes, at: offset) {
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
        case .list(let start, let count):
            try cursor.enter(at: offset)
            guard count <= bytes.count - start else { throw WireError(.truncated, at: bytes.count) }
            cursor.position = start
            return .list(Container(.counted, remaining: count))
        case .dictionary(let start, let count):
            try cursor.enter(at: offset)
            guard count <= (bytes.count - start) / 2 else { throw WireError(.truncated, at: bytes.count) }
            cursor.position = start
            return .dictionary(Container(.counted, remaining: count))
        }
    }

    static func key(_ bytes: Span<UInt8>, _ position: inout Int) throws(WireError) -> StringToken {
        let start: Int
        let length: Int
        (start, length) = try keyHead(bytes, at: position)
        position = try WellFormedUTF8.end(bytes, from: start, length: length)
        return StringToken(start, position)
    }

    /// The end of the value that begins at `start`; `levels` more containers may open.
    static func skip(_ bytes: Span<UInt8>, from start: Int, levels: Int) throws(WireError) -> Int {
        try skip(bytes, from: start, count: 1, areEntries: false, levels: levels)
    }

    /// The end of `count` values (or entries) that begin at `start`. Recursion ends with `levels`.
    private static func skip(
        _ bytes: Span<UInt8>, from start: Int, count: Int, areEntries: Bool, levels: Int
    ) throws(WireError) -> Int {
        var position = start
        var remaining = count
        while remaining > 0 {
            remaining &-= 1
            if areEntries {
                let (start, length) = try keyHead(bytes, at: position)
                position = try WellFormedUTF8.end(bytes, from: start, length: length)
            }
            switch try bytes.byte(at: position) {
            // What most values are, without a detour over a token.
            case 0x00...0x7F, 0xE0...0xFF, 0xC0, 0xC2, 0xC3:
                position &+= 1
                continue
            case 0xCC, 0xD0:
                position = try bytes.end(of: 2, from: position)
                continue
            case 0xCD, 0xD1:
                position = try bytes.end(of: 3, from: position)
                continue
            case 0xCA, 0xCE, 0xD2:
                position = try bytes.end(of: 5, from: position)
                continue
            case 0xCB, 0xCF, 0xD3:
                position = try bytes.end(of: 9, from: position)
                continue
            case let byte where byte & 0xE0 == 0xA0:
                position = try WellFormedUTF8.end(bytes, from: position + 1, length: Int(byte & 0x1F))
                continue
            default: break
            }
            switch try head(bytes, at: position) {
            case .token(_, let end):
                position = end
            case .string(let start, let length):
                position = try WellFormedUTF8.end(bytes, from: start, length: length)
            case .bytes(let start, let length):
                position = try bytes.end(of: length, from: start)
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

    /// What the byte at `position` begins. Scalars are read, everything else only up to its contents.
    @inline(__always)
    private static func head(_ bytes: Span<UInt8>, at position: Int) throws(WireError) -> Head {
        let byte = try bytes.byte(at: position)
        let start = position + 1
        switch byte {
        case 0x00...0x7F: return .token(.integer(Int64(byte)), end: start)
        case 0x80...0x8F: return .dictionary(start: start, count: Int(byte & 0x0F))
        case 0x90...0x9F: return .list(start: start, count: Int(byte & 0x0F))
        case 0xA0...0xBF: return .string(start: start, length: Int(byte & 0x1F))
        case 0xC0: return .token(.null, end: start)
        case 0xC2: return .token(.bool(false), end: start)
        case 0xC3: return .token(.bool(true), end: start)
        case 0xC4: return .bytes(start: start + 1, length: Int(try bytes.bigEndian(start, UInt8.self)))
        case 0xC5: return .bytes(start: start + 2, length: Int(try bytes.bigEndian(start, UInt16.self)))
        case 0xC6: return .bytes(start: start + 4, length: Int(try bytes.bigEndian(start, UInt32.self)))
        case 0xCA...0xD3: return try number(bytes, byte, at: start)
        case 0xD9: return .string(start: start + 1, length: Int(try bytes.bigEndian(start, UInt8.self)))
        case 0xDA: return .string(start: start + 2, length: Int(try bytes.bigEndian(start, UInt16.self)))
        case 0xDB: return .string(start: start + 4, length: Int(try bytes.bigEndian(start, UInt32.self)))
        case 0xDC: return .list(start: start + 2, count: Int(try bytes.bigEndian(start, UInt16.self)))
        case 0xDD: return .list(start: start + 4, count: Int(try bytes.bigEndian(start, UInt32.self)))
        case 0xDE: return .dictionary(start: start + 2, count: Int(try bytes.bigEndian(start, UInt16.self)))
        case 0xDF: return .dictionary(start: start + 4, count: Int(try bytes.bigEndian(start, UInt32.self)))
        case 0xE0...0xFF: return .token(.integer(Int64(Int8(bitPattern: byte))), end: start)
        case 0xC1: throw WireError(.malformed, at: position)
        default: throw WireError(.unsupportedType, at: position)
        }
    }

    /// float 32 to int 64.
    @inline(__always)
    private static func number(_ bytes: Span<UInt8>, _ byte: UInt8, at start: Int) throws(WireError) -> Head {
        switch byte {
        case 0xCA:
            let bits = try bytes.bigEndian(start, UInt32.self)
            return .token(.double(Double(Float(bitPattern: bits))), end: start + 4)
        case 0xCB:
            let bits = try bytes.bigEndian(start, UInt64.self)
            return .token(.double(Double(bitPattern: bits)), end: start + 8)
        case 0xCC: return .token(.integer(Int64(try bytes.bigEndian(start, UInt8.self))), end: start + 1)
        case 0xCD: return .token(.integer(Int64(try bytes.bigEndian(start, UInt16.self))), end: start + 2)
        case 0xCE: return .token(.integer(Int64(try bytes.bigEndian(start, UInt32.self))), end: start + 4)
        case 0xCF:
            let value = try bytes.bigEndian(start, UInt64.self)
            return .token(value > UInt64(Int64.max) ? .unsigned(value) : .integer(Int64(value)), end: start + 8)
        case 0xD0:
            let bits = try bytes.bigEndian(start, UInt8.self)
            return .token(.integer(Int64(Int8(bitPattern: bits))), end: start + 1)
        case 0xD1:
            let bits = try bytes.bigEndian(start, UInt16.self)
            return .token(.integer(Int64(Int16(bitPattern: bits))), end: start + 2)
        case 0xD2:
            let bits = try bytes.bigEndian(start, UInt32.self)
            return .token(.integer(Int64(Int32(bitPattern: bits))), end: start + 4)
        default:
            let bits = try bytes.bigEndian(start, UInt64.self)
            return .token(.integer(Int64(bitPattern: bits)), end: start + 8)
        }
    }

    /// Where the string that is a key begins, and how long it says to be.
    @inline(__always)
    private static func keyHead(_ bytes: Span<UInt8>, at position: Int) throws(WireError) -> (start: Int, length: Int) {
        let byte = try bytes.byte(at: position)
        let start = position + 1
        switch byte {
        case 0xA0...0xBF: return (start, Int(byte & 0x1F))
        case 0xD9: return (start + 1, Int(try bytes.bigEndian(start, UInt8.self)))
        case 0xDA: return (start + 2, Int(try bytes.bigEndian(start, UInt16.self)))
        case 0xDB: return (start + 4, Int(try bytes.bigEndian(start, UInt32.self)))
        default: throw WireError(.invalidKey, at: position)
        }
    }
}
