/// A JSON string, checked: where its contents lie and whether they are the text itself.
struct JSONText {
    /// The first byte after the opening quote.
    let start: Int
    /// The closing quote.
    let end: Int
    let isEscaped: Bool
    /// Whether it begins with an escaped NUL and so stands for bytes. Keys never do.
    let isBinary: Bool

    /// The token of a text.
    var token: StringToken { StringToken(start, end, isEscaped ? .escapedText : .plain) }

    /// The token of what stands for bytes.
    ///
    /// - Throws: `.invalidString` when it is not base64. Else one peer could send what no other can read.
    func binaryToken(_ bytes: Span<UInt8>) throws(WireError) -> StringToken {
        let token = StringToken(start + JSON.binaryPrefixCount, end, .base64)
        guard Base64.decodedCount(ofJSON: token, bytes) != nil else { throw WireError(.invalidString, at: start) }
        return token
    }

    /// Checks a string, from its opening quote to the closing one.
    @inline(__always)
    static func read(_ bytes: Span<UInt8>, openedAt quote: Int) throws(WireError) -> JSONText {
        let start = quote + 1
        let stop = firstStop(bytes, from: start)
        if try bytes.byte(at: stop) == JSON.quote {
            return JSONText(start: start, end: stop, isEscaped: false, isBinary: false)
        }
        return try readOn(bytes, start: start, from: stop)
    }

    /// The same, from the first byte that is neither plain ASCII nor the closing quote.
    private static func readOn(_ bytes: Span<UInt8>, start: Int, from stop: Int) throws(WireError) -> JSONText {
        var position = stop
        var isEscaped = false
        while position < bytes.count {
            let byte = bytes[position]
            if byte >= 0x80 {
                let length = WellFormedUTF8.sequenceLength(bytes, at: position, end: bytes.count)
                guard length > 0 else {
                    let isCutShort = WellFormedUTF8.isCutShort(bytes, at: position, end: bytes.count)
                    throw isCutShort ? WireError(.truncated, at: bytes.count) : WireError(.invalidUTF8, at: position)
                }
                position += length
                // More of the same is likely.
                if position < bytes.count, bytes[position] >= 0x80 { continue }
            } else if byte == JSON.backslash {
                isEscaped = true
                position = try JSONEscape.read(bytes, at: position).end
            } else if byte == JSON.quote {
                let isBinary = isEscaped && JSONEscape.isNul(bytes, at: start)
                return JSONText(start: start, end: position, isEscaped: isEscaped, isBinary: isBinary)
            } else {
                throw WireError(.invalidString, at: position)
            }
            position = firstStop(bytes, from: position)
        }
        throw WireError(.truncated, at: bytes.count)
    }

    /// The first byte at or after `position` that a string cannot simply contain: a quote, a backslash, a control
    /// character or whatever is not ASCII. The end if there is none.
    @inline(__always)
    static func firstStop(_ bytes: Span<UInt8>, from position: Int) -> Int {
        var position = position
        while bytes.hasWord(at: position) {
            let stops = stops(bytes.word(at: position))
            if stops != 0 { return position &+ stops.trailingZeroBitCount &>> 3 }
            position &+= 8
        }
        while let byte = try? bytes.byte(at: position) {
            if byte < 0x20 || byte >= 0x80 || byte == JSON.quote || byte == JSON.backslash { break }
            position += 1
        }
        return position
    }

    /// The highest bit of the first byte of a word that is a stop; what is above it means nothing.
    ///
    /// A subtraction sets a byte's highest bit when it borrows: from a byte below 0x20, from a quote or a backslash
    /// that XOR has made zero. A borrow only spoils bytes above the one that it comes from, which is a stop itself.
    @inline(__always)
    static func stops(_ word: UInt64) -> UInt64 {
        let control = word &- 0x2020_2020_2020_2020
        let quote = (word ^ 0x2222_2222_2222_2222) &- 0x0101_0101_0101_0101
        let backslash = (word ^ 0x5C5C_5C5C_5C5C_5C5C) &- 0x0101_0101_0101_0101
        return (word | control | quote | backslash) & WellFormedUTF8.highBits
    }
}
