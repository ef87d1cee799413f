/// Checks that bytes are UTF-8, as the Unicode Standard has it (chapter 3, table 3-7): no overlong forms, no
/// surrogates, nothing above U+10FFFF.
enum WellFormedUTF8 {
    /// The highest bit of each byte of a word: set in whatever is not ASCII.
    static let highBits: UInt64 = 0x8080_8080_8080_8080

    /// The end of the string that begins at `start` and is `length` bytes long.
    ///
    /// - Throws: `.truncated` when the bytes end before the string does, `.invalidUTF8` where it is none.
    @inline(__always)
    static func end(_ bytes: Span<UInt8>, from start: Int, length: Int) throws(WireError) -> Int {
        let end = try bytes.end(of: length, from: start)
        if length >= 8 {
            // Both ends, which may overlap; that is all there is up to 16 bytes.
            if (bytes.word(at: start) | bytes.word(at: end &- 8)) & highBits == 0 {
                if length <= 16 { return end }
                if length <= 32, (bytes.word(at: start &+ 8) | bytes.word(at: end &- 16)) & highBits == 0 {
                    return end
                }
            }
        } else if bytes.hasWord(at: start) {
            // Short, and the frame goes on: one word, of which the bytes after the string do not count.
            let ownBytes: UInt64 = (1 &<< UInt64(length &* 8)) &- 1
            if bytes.word(at: start) & highBits & ownBytes == 0 { return end }
        }
        return try checkedEnd(bytes, from: start, to: end)
    }

    /// Checks words while they are ASCII, sequence by sequence what is not. `end` lies within the bytes.
    private static func checkedEnd(_ bytes: Span<UInt8>, from start: Int, to end: Int) throws(WireError) -> Int {
        var position = start
        while position <= end &- 32, bytes.hasWord(at: position &+ 24) {
            let words =
                bytes.word(at: position) | bytes.word(at: position &+ 8) | bytes.word(at: position &+ 16)
                | bytes.word(at: position &+ 24)
            if words & highBits != 0 { break }
            position &+= 32
        }
        while position < end {
            if position <= end &- 8, bytes.hasWord(at: position) {
                let others = bytes.word(at: position) & highBits
                if others == 0 {
                    position &+= 8
                    continue
                }
                position &+= others.trailingZeroBitCount &>> 3
            } else if try bytes.byte(at: position) < 0x80 {
                position &+= 1
                // The last word overlaps the one before: nothing is left to read byte by byte.
                if end &- start >= 8, bytes.word(at: end &- 8) & highBits == 0 { return end }
                continue
            }
            // Sequences come in runs.
            var lead: UInt8 = 0x80
            while lead >= 0x80 {
                let length = sequenceLength(bytes, at: position, end: end)
                guard length > 0 else { throw WireError(.invalidUTF8, at: position) }
                position &+= length
                if position >= end { break }
                lead = try bytes.byte(at: position)
            }
        }
        return end
    }

    /// The length of the well-formed sequence of two to four bytes at `position`; 0 when there is none before `end`.
    @inline(__always)
    static func sequenceLength(_ bytes: Span<UInt8>, at position: Int, end: Int) -> Int {
        guard position <= end &- 4, bytes.hasWord(at: position) else {
            return slowSequenceLength(bytes, at: position, end: end)
        }
        // The lead byte is the lowest. Each mask leaves the bits that the form of a sequence fixes; what the table
        // forbids within a form is then a matter of the few bits where its first payload bits lie.
        let sequence = UInt32(truncatingIfNeeded: bytes.word(at: position))
        if sequence & 0xC0E0 == 0x80C0 {
            return sequence & 0x1E != 0 ? 2 : 0
        }
        if sequence & 0xC0C0F0 == 0x8080E0 {
            let top = sequence & 0x200F
            return top != 0 && top != 0x200D ? 3 : 0
        }
        if sequence & 0xC0C0_C0F8 == 0x8080_80F0 {
            let isOverlong = sequence & 0x3007 == 0
            let isBeyond = sequence & 0x04 != 0 && sequence & 0x3003 != 0
            return isOverlong || isBeyond ? 0 : 4
        }
        return 0
    }

    /// The same, byte by byte: near the end.
    private static func slowSequenceLength(_ bytes: Span<UInt8>, at position: Int, end: Int) -> Int {
        guard position >= 0, end <= bytes.count, position < end else { return 0 }
        let length = expectedLength(bytes[position])
        guard length <= end - position, isPrefix(bytes, at: position, count: length) else { return 0 }
        return length
    }

    /// Whether the bytes at `position` begin a sequence that only needs more bytes than there are up to `end`.
    static func isCutShort(_ bytes: Span<UInt8>, at position: Int, end: Int) -> Bool {
        guard position >= 0, end <= bytes.count, position < end else { return false }
        let available = end - position
        return available < expectedLength(bytes[position]) && isPrefix(bytes, at: position, count: available)
    }

    /// How long a sequence is by its lead byte; 0 if none begins so.
    private static func expectedLength(_ lead: UInt8) -> Int {
        switch lead {
        case 0xC2...0xDF: 2
        case 0xE0...0xEF: 3
        case 0xF0...0xF4: 4
        default: 0
        }
    }

    /// Whether the first `count` bytes at `position` may begin a sequence.
    private static func isPrefix(_ bytes: Span<UInt8>, at position: Int, count: Int) -> Bool {
        guard count >= 1 else { return false }
        let seconds: ClosedRange<UInt8> =
            switch bytes[position] {
            case 0xE0: 0xA0...0xBF
            case 0xED: 0x80...0x9F
            case 0xF0: 0x90...0xBF
            case 0xF4: 0x80...0x8F
            default: 0x80...0xBF
            }
        guard count < 2 || seconds.contains(bytes[position + 1]) else { return false }
        return (position + min(count, 2)..<position + count).allSatisfy { bytes[$0] & 0xC0 == 0x80 }
    }
}
