/// Base64 with padding (RFC 4648 section 4), as WAMP writes byte strings in JSON.
package enum Base64 {
    private static let padding = UInt8(ascii: "=")
    private static let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

    /// How many bytes the base64 of a token decodes to; nil when it is none.
    static func decodedCount(ofJSON token: StringToken, _ bytes: Span<UInt8>) -> Int? {
        let range = token.range.range
        for position in range where bytes[position] == JSON.backslash {
            let text = unescaped(range, bytes)
            return decodedCount(text.span, 0..<text.count)
        }
        return decodedCount(bytes, range)
    }

    /// Appends what the base64 of a token decodes to.
    static func append(decodingJSON token: StringToken, _ bytes: Span<UInt8>, to result: inout [UInt8]) {
        let range = token.range.range
        for position in range where bytes[position] == JSON.backslash {
            let text = unescaped(range, bytes)
            return append(decoding: text.span, 0..<text.count, to: &result)
        }
        append(decoding: bytes, range, to: &result)
    }

    /// Base64 needs no escapes, but some encoders escape the slash.
    private static func unescaped(_ range: Range<Int>, _ bytes: Span<UInt8>) -> [UInt8] {
        var text: [UInt8] = []
        JSONEscape.forEachPiece(
            of: range, bytes,
            plain: { piece in for position in piece { text.append(bytes[position]) } },
            escaped: { JSONEscape.append($0, to: &text) })
        return text
    }

    private static func decodedCount(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int? {
        guard range.count.isMultiple(of: 4) else { return nil }
        guard !range.isEmpty else { return 0 }
        let paddingCount =
            bytes[range.upperBound - 1] != padding ? 0 : bytes[range.upperBound - 2] != padding ? 1 : 2
        for position in range.dropLast(paddingCount) where sextet(bytes[position]) == nil { return nil }
        return range.count / 4 * 3 - paddingCount
    }

    /// Decodes what `decodedCount` has accepted.
    private static func append(decoding bytes: Span<UInt8>, _ range: Range<Int>, to result: inout [UInt8]) {
        var bits: UInt32 = 0
        var bitCount = 0
        for position in range {
            guard let sextet = sextet(bytes[position]) else { return }
            bits = bits << 6 | sextet
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                result.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
            }
        }
    }

    @inline(__always)
    private static func sextet(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte &- UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte &- UInt8(ascii: "a") &+ 26)
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte &- UInt8(ascii: "0") &+ 52)
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }

    /// The base64 of bytes, as text.
    package static func encode(_ bytes: Span<UInt8>) -> String {
        var text: [UInt8] = []
        append(encoding: bytes, to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Appends the base64 of bytes.
    static func append(encoding bytes: Span<UInt8>, to result: inout [UInt8]) {
        var position = 0
        while position < bytes.count {
            let count = min(3, bytes.count - position)
            var bits = UInt32(bytes[position]) << 16
            if count > 1 { bits |= UInt32(bytes[position + 1]) << 8 }
            if count > 2 { bits |= UInt32(bytes[position + 2]) }
            result.append(letter(bits >> 18))
            result.append(letter(bits >> 12))
            result.append(count > 1 ? letter(bits >> 6) : padding)
            result.append(count > 2 ? letter(bits) : padding)
            position += count
        }
    }

    @inline(__always)
    private static func letter(_ sextet: UInt32) -> UInt8 {
        // Six bits are always an index of the 64 letters.
        unsafe alphabet.utf8Start[Int(sextet & 0x3F)]
    }
}
