/// JSON without white space, UTF-8 as it is, only what must be escaped escaped.
enum JSONEncoding {
    /// What goes before a value: a comma or nothing, and up to seven bytes more.
    struct Lead {
        fileprivate let bytes: UInt64
        fileprivate let count: Int

        @inline(__always)
        init(comma: Bool) {
            bytes = comma ? UInt64(JSON.comma) : 0
            count = comma ? 1 : 0
        }

        @inline(__always)
        private init(_ bytes: UInt64, _ count: Int) {
            self.bytes = bytes
            self.count = count
        }

        @inline(__always)
        func followed(by byte: UInt8) -> Lead {
            Lead(bytes | UInt64(byte) &<< UInt64(8 &* count), count &+ 1)
        }
    }

    /// A value of ASCII, at most eight bytes: a literal, a bracket.
    @inline(__always)
    static func append(_ lead: Lead, _ literal: UInt64, _ count: Int, to result: inout [UInt8]) {
        result.append(lead.bytes, lead.count, Span(), literal, count)
    }

    /// What is JSON already.
    @inline(__always)
    static func append(_ lead: Lead, _ encoded: Span<UInt8>, to result: inout [UInt8]) {
        result.append(lead.bytes, lead.count, encoded, 0, 0)
    }

    static func append(_ lead: Lead, _ value: Double, to result: inout [UInt8]) {
        var text = value.description
        text.withUTF8 { result.append(lead.bytes, lead.count, $0.span, 0, 0) }
    }

    static func append(_ lead: Lead, _ value: UInt64, to result: inout [UInt8]) {
        // Chunks of eight digits, the first one without its leading zeros.
        let (upper, last) = value.quotientAndRemainder(dividingBy: 100_000_000)
        let (top, middle) = upper.quotientAndRemainder(dividingBy: 100_000_000)
        let first = digits(top > 0 ? top : upper > 0 ? upper : last)
        let zeroCount = min(7, first.trailingZeroBitCount / 8)
        result.append(addingCapacity: 32) { span in
            unsafe span.withUnsafeMutableBufferPointer { buffer, count in
                let buffer = UnsafeMutableRawBufferPointer(buffer)
                unsafe buffer.storeBytes(of: lead.bytes.littleEndian, as: UInt64.self)
                count = lead.count
                store(first &>> UInt64(8 &* zeroCount), 8 &- zeroCount)
                if top > 0 { store(digits(middle), 8) }
                if upper > 0 { store(digits(last), 8) }

                func store(_ digits: UInt64, _ digitCount: Int) {
                    let text = digits | 0x3030_3030_3030_3030
                    unsafe buffer.storeBytes(of: text.littleEndian, toByteOffset: count, as: UInt64.self)
                    count &+= digitCount
                }
            }
        }
    }

    /// The eight decimal digits of a number below 10^8, each in a byte, the first in the lowest.
    ///
    /// All at once: the number is split into fours, the fours into twos, the twos into ones, by multiplications with
    /// rounded reciprocals (of 100 and 10) that are exact for numbers so small.
    @inline(__always)
    private static func digits(_ value: UInt64) -> UInt64 {
        let fours = value / 10_000 | (value % 10_000) &<< 32
        let hundreds = ((fours &* 10_486) &>> 20) & 0x0000_007F_0000_007F
        let twos = hundreds | (fours &- hundreds &* 100) &<< 16
        let tens = ((twos &* 103) &>> 10) & 0x000F_000F_000F_000F
        return tens | (twos &- tens &* 10) &<< 8
    }

    /// A string that stands for bytes: an escaped NUL and base64 (WAMP "Binary support of JSON").
    static func append(_ lead: Lead, binary: Span<UInt8>, to result: inout [UInt8]) {
        append(lead.followed(by: JSON.quote), 0, 0, to: &result)
        result.append(contentsOf: #"\u0000"#.utf8)
        Base64.append(encoding: binary, to: &result)
        result.append(JSON.quote)
    }

    /// A text in quotes.
    ///
    /// - Parameter isKey: whether a colon follows.
    static func append(_ lead: Lead, text: Span<UInt8>, isKey: Bool = false, to result: inout [UInt8]) {
        let lead = lead.followed(by: JSON.quote)
        let end = UInt64(JSON.quote) | UInt64(JSON.colon) &<< 8
        var stop = firstToEscape(text, from: 0)
        if stop == text.count { return result.append(lead.bytes, lead.count, text, end, isKey ? 2 : 1) }
        append(lead, 0, 0, to: &result)
        var position = 0
        while stop < text.count {
            result.append(text.extracting(position..<stop))
            append(escaping: text[stop], to: &result)
            position = stop + 1
            stop = firstToEscape(text, from: position)
        }
        result.append(0, 0, text.extracting(position..<stop), end, isKey ? 2 : 1)
    }

    /// The first byte at or after `position` that a string must not contain as it is; the end if there is none.
    @inline(__always)
    private static func firstToEscape(_ text: Span<UInt8>, from position: Int) -> Int {
        var position = position
        while text.hasWord(at: position) {
            let word = text.word(at: position)
            // Of the stops of a reader all but what is not ASCII.
            let stops = JSONText.stops(word) & ~word
            if stops != 0 { return position &+ stops.trailingZeroBitCount &>> 3 }
            position &+= 8
        }
        while position < text.count, !mustEscape(text[position]) { position += 1 }
        return position
    }

    @inline(__always)
    private static func mustEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == JSON.quote || byte == JSON.backslash
    }

    private static func append(escaping byte: UInt8, to result: inout [UInt8]) {
        switch byte {
        case JSON.quote, JSON.backslash: result += [JSON.backslash, byte]
        case 0x08: result.append(contentsOf: #"\b"#.utf8)
        case 0x0C: result.append(contentsOf: #"\f"#.utf8)
        case 0x0A: result.append(contentsOf: #"\n"#.utf8)
        case 0x0D: result.append(contentsOf: #"\r"#.utf8)
        case 0x09: result.append(contentsOf: #"\t"#.utf8)
        default:
            let digit = byte & 0x0F
            result.append(contentsOf: #"\u00"#.utf8)
            result.append(JSON.zero | byte >> 4)
            result.append(digit < 10 ? JSON.zero | digit : UInt8(ascii: "a") + digit - 10)
        }
    }
}
