/// Checks that bytes are UTF-8, as the Unicode Standard has it (chapter 3, table 3-7): no overlong forms, no
/// surrogates, nothing above U+10FFFF.
enum WellFormedUTF8 {
    /// The highest bit of each byte of a word: set in whatever is not ASCII.
    static let highBits: UInt64 = 0x8080_8080_8080_8080

    /// The end of the string that begins at `start` and is `length` bytes long.
    ///
    /// - Throws: `.truncated` when the bytes end before the string does, `.invalidUTF8` where it is none.
    @inline(__always)
    static func end(
        _ bytes: Span<UInt8>, from start: Int, length: Int
    ) throws(WireError) -> Int {
        guard start >= 0, length >= 0, length <= bytes.count - start else {
            throw WireError(.truncated, at: bytes.count)
        }
        let end = start + length
        var position = start
        // Whole words; the last one overlaps the one before, so that nothing is read byte by byte.
        if length >= 8 {
            while position <= end - 8 {
                if bytes.word(at: position) & highBits != 0 { return try checkedEnd(bytes, from: position, to: end) }
                position += 8
            }
            if position == end || bytes.word(at: end - 8) & highBits == 0 { return end }
        } else if start <= bytes.count - 8 {
            // Short, and the frame goes on: one word, of which the bytes after the string do not count.
            if length == 0 || bytes.word(at: start) & (highBits &>> UInt64(64 - 8 * length)) == 0 { return end }
        }
        return try checkedEnd(bytes, from: position, to: end)
    }

    /// Checks sequence by sequence.
    private static func checkedEnd(_ bytes: Span<UInt8>, from start: Int, to end: Int) throws(WireError) -> Int {
        var position = start
        while position < end {
            if bytes[position] < 0x80 {
                position += 1
                while position <= end - 8, bytes.word(at: position) & highBits == 0 { position += 8 }
            } else {
                let length = sequenceLength(bytes, at: position, end: end)
                guard length > 0 else { throw WireError(.invalidUTF8, at: position) }
                position += length
            }
        }
        return end
    }

    /// The length of the well-formed sequence of two to four bytes at `position`; 0 when there is none before `end`.
    @inline(__always)
    static func sequenceLength(_ bytes: Span<UInt8>, at position: Int, end: Int) -> Int {
        let available = end - position
        guard available >= 2, position >= 0, end <= bytes.count else { return 0 }
        let lead = bytes[position]
        let second = bytes[position + 1]
        switch lead {
        case 0xC2...0xDF:
            return isContinuation(second) ? 2 : 0
        case 0xE0...0xEF:
            guard available >= 3, isContinuation(bytes[position + 2]) else { return 0 }
            return secondRange(lead).contains(second) ? 3 : 0
        case 0xF0...0xF4:
            guard available >= 4, isContinuation(bytes[position + 2]), isContinuation(bytes[position + 3]) else {
                return 0
            }
            return secondRange(lead).contains(second) ? 4 : 0
        default:
            return 0
        }
    }

    /// Whether the bytes at `position` begin a sequence that only needs more bytes than there are up to `end`.
    static func isCutShort(_ bytes: Span<UInt8>, at position: Int, end: Int) -> Bool {
        let available = end - position
        guard available >= 1, position >= 0, end <= bytes.count else { return false }
        let lead = bytes[position]
        let length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2
        guard (0xC2...0xF4).contains(lead), available < length else { return false }
        if available >= 2, !secondRange(lead).contains(bytes[position + 1]) { return false }
        return available < 3 || isContinuation(bytes[position + 2])
    }

    /// The second bytes that may follow a lead byte.
    @inline(__always)
    private static func secondRange(_ lead: UInt8) -> ClosedRange<UInt8> {
        switch lead {
        case 0xE0: 0xA0...0xBF
        case 0xED: 0x80...0x9F
        case 0xF0: 0x90...0xBF
        case 0xF4: 0x80...0x8F
        default: 0x80...0xBF
        }
    }

    @inline(__always)
    private static func isContinuation(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }
}
