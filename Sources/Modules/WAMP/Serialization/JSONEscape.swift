/// What follows a backslash in a JSON string (RFC 8259 "Strings").
enum JSONEscape {
    /// The scalar that an escape stands for, and where it ends. A surrogate pair is one escape; half of one is none.
    static func read(_ bytes: Span<UInt8>, at backslash: Int) throws(WireError) -> (scalar: UInt32, end: Int) {
        let end = backslash + 2
        switch try bytes.byte(at: backslash + 1) {
        case UInt8(ascii: "\""): return (0x22, end)
        case UInt8(ascii: "\\"): return (0x5C, end)
        case UInt8(ascii: "/"): return (0x2F, end)
        case UInt8(ascii: "b"): return (0x08, end)
        case UInt8(ascii: "f"): return (0x0C, end)
        case UInt8(ascii: "n"): return (0x0A, end)
        case UInt8(ascii: "r"): return (0x0D, end)
        case UInt8(ascii: "t"): return (0x09, end)
        case UInt8(ascii: "u"): break
        default: throw WireError(.invalidString, at: backslash)
        }
        let unit = try unit(bytes, at: end, of: backslash)
        guard unit & 0xF800 == 0xD800 else { return (unit, end + 4) }
        guard unit < 0xDC00 else { throw WireError(.invalidString, at: backslash) }
        let second = end + 4
        guard try bytes.byte(at: second) == JSON.backslash else { throw WireError(.invalidString, at: backslash) }
        guard try bytes.byte(at: second + 1) == UInt8(ascii: "u") else {
            throw WireError(.invalidString, at: backslash)
        }
        let low = try self.unit(bytes, at: second + 2, of: backslash)
        guard low & 0xFC00 == 0xDC00 else { throw WireError(.invalidString, at: backslash) }
        return (0x10000 + (unit & 0x3FF) << 10 + low & 0x3FF, second + 6)
    }

    /// Four hexadecimal digits.
    private static func unit(_ bytes: Span<UInt8>, at start: Int, of backslash: Int) throws(WireError) -> UInt32 {
        var unit: UInt32 = 0
        for position in start..<start + 4 {
            guard let digit = JSON.hexValue(try bytes.byte(at: position)) else {
                throw WireError(.invalidString, at: backslash)
            }
            unit = unit << 4 | digit
        }
        return unit
    }

    /// Whether an escaped NUL stands at `position`.
    static func isNul(_ bytes: Span<UInt8>, at position: Int) -> Bool {
        guard position <= bytes.count - JSON.binaryPrefixCount else { return false }
        return bytes[position] == JSON.backslash && bytes[position + 1] == UInt8(ascii: "u")
            && (position + 2..<position + JSON.binaryPrefixCount).allSatisfy { bytes[$0] == JSON.zero }
    }

    /// Walks checked text in pieces that stand for themselves and scalars that were escaped.
    ///
    /// Text that was not checked ends the walk early.
    static func forEachPiece(
        of range: Range<Int>, _ bytes: Span<UInt8>, plain: (Range<Int>) -> Void, escaped: (UInt32) -> Void
    ) {
        var position = range.lowerBound
        let end = min(range.upperBound, bytes.count)
        while position < end {
            let start = position
            while position < end, bytes[position] != JSON.backslash { position += 1 }
            if start < position { plain(start..<position) }
            guard position < end, let escape = try? read(bytes, at: position), escape.end <= end else { return }
            escaped(escape.scalar)
            position = escape.end
        }
    }

    /// The bytes of a scalar in UTF-8.
    static func append(_ scalar: UInt32, to result: inout [UInt8]) {
        switch scalar {
        case 0..<0x80:
            result.append(UInt8(scalar))
        case 0x80..<0x800:
            result.append(0xC0 | UInt8(truncatingIfNeeded: scalar >> 6))
            result.append(0x80 | UInt8(truncatingIfNeeded: scalar & 0x3F))
        case 0x800..<0x10000:
            result.append(0xE0 | UInt8(truncatingIfNeeded: scalar >> 12))
            result.append(0x80 | UInt8(truncatingIfNeeded: scalar >> 6 & 0x3F))
            result.append(0x80 | UInt8(truncatingIfNeeded: scalar & 0x3F))
        default:
            result.append(0xF0 | UInt8(truncatingIfNeeded: scalar >> 18 & 0x07))
            result.append(0x80 | UInt8(truncatingIfNeeded: scalar >> 12 & 0x3F))
            result.append(0x80 | UInt8(truncatingIfNeeded: scalar >> 6 & 0x3F))
            result.append(0x80 | UInt8(truncatingIfNeeded: scalar & 0x3F))
        }
    }

    /// How many bytes `append` appends.
    static func byteCount(_ scalar: UInt32) -> Int {
        scalar < 0x80 ? 1 : scalar < 0x800 ? 2 : scalar < 0x10000 ? 3 : 4
    }
}
