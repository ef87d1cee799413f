/// JSON without white space, UTF-8 as it is, only what must be escaped escaped.
enum JSONEncoding {
    static func append(_ value: UInt64, to result: inout [UInt8]) {
        result.append(addingCapacity: 20) { span in
            let half: UInt64 = 10_000_000_000_000_000
            if value < half {
                digits(value, minimumCount: 1, to: &span)
            } else {
                digits(value / half, minimumCount: 1, to: &span)
                digits(value % half, minimumCount: 16, to: &span)
            }
        }
    }

    /// Up to sixteen digits: gathered from the last one in the nibbles of a word, so that the first one comes out first.
    @inline(__always)
    private static func digits(_ value: UInt64, minimumCount: Int, to span: inout OutputSpan<UInt8>) {
        var value = value
        var nibbles: UInt64 = 0
        var count = 0
        repeat {
            nibbles = nibbles << 4 | value % 10
            value /= 10
            count += 1
        } while value != 0 || count < minimumCount
        while count > 0 {
            span.append(JSON.zero | UInt8(truncatingIfNeeded: nibbles & 0xF))
            nibbles >>= 4
            count -= 1
        }
    }

    /// A string that stands for bytes: an escaped NUL and base64 (WAMP "Binary support of JSON").
    static func append(binary: Span<UInt8>, to result: inout [UInt8]) {
        result.append(contentsOf: #""\u0000"#.utf8)
        Base64.append(encoding: binary, to: &result)
        result.append(JSON.quote)
    }

    static func append(text: Span<UInt8>, to result: inout [UInt8]) {
        result.reserveCapacity(min(result.count + text.count + 2, result.capacity))
        result.append(JSON.quote)
        var position = 0
        while true {
            let stop = firstToEscape(text, from: position)
            if position < stop {
                text.extracting(position..<stop).withUnsafeBufferPointer { unsafe result.append(contentsOf: $0) }
            }
            guard stop < text.count else { break }
            append(escaping: text[stop], to: &result)
            position = stop + 1
        }
        result.append(JSON.quote)
    }

    /// The first byte at or after `position` that a string must not contain as it is; the end if there is none.
    @inline(__always)
    private static func firstToEscape(_ text: Span<UInt8>, from position: Int) -> Int {
        var position = position
        while position <= text.count - 8 {
            let word = text.word(at: position)
            // Of the stops of a reader all but what is not ASCII.
            let stops = JSONText.stops(word) & ~word
            if stops != 0 { return position + stops.trailingZeroBitCount >> 3 }
            position += 8
        }
        while position < text.count, !mustEscape(text[position]) { position += 1 }
        return position
    }

    @inline(__always)
    private static func mustEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == JSON.quote || byte == JSON.backslash
    }

    private static func append(escaping byte: UInt8, to result: inout [UInt8]) {
        result.append(JSON.backslash)
        switch byte {
        case JSON.quote, JSON.backslash: result.append(byte)
        case 0x08: result.append(UInt8(ascii: "b"))
        case 0x0C: result.append(UInt8(ascii: "f"))
        case 0x0A: result.append(UInt8(ascii: "n"))
        case 0x0D: result.append(UInt8(ascii: "r"))
        case 0x09: result.append(UInt8(ascii: "t"))
        default:
            result.append(contentsOf: "u00".utf8)
            result.append(JSON.zero | byte >> 4)
            let digit = byte & 0x0F
            result.append(digit < 10 ? JSON.zero | digit : UInt8(ascii: "a") + digit - 10)
        }
    }
}
