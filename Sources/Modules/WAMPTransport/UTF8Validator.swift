// Text is checked as it arrives, so that a bad byte ends the connection when it is seen and not when the message is
// complete. The state between two pieces is three bytes: how many continuation bytes are due, and in what range the
// next one must lie (which is what rules out overlong forms, surrogates and code points above U+10FFFF).

/// An incremental UTF-8 check (The Unicode Standard, table "Well-Formed UTF-8 Byte Sequences").
struct UTF8Validator: Sendable {
    private var due: UInt8 = 0
    private var lower: UInt8 = 0x80
    private var upper: UInt8 = 0xBF

    /// The bytes so far end between two characters.
    var isComplete: Bool { due == 0 }

    /// Whether a whole text is valid.
    static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var validator = UTF8Validator()
        return validator.consume(bytes) && validator.isComplete
    }

    /// Continues with the next piece; false at the first byte that cannot be part of any text.
    mutating func consume(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var index = 0
        let count = bytes.count
        while index < count {
            if due == 0 {
                index = Self.endOfASCII(bytes, from: index)
                guard index < count else { return true }
            }
            guard consume(bytes[index]) else { return false }
            index += 1
        }
        return true
    }

    /// The first index from `start` on whose byte is not ASCII; looks at eight bytes at a time.
    private static func endOfASCII(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        var index = start
        while bytes.count - index >= 8 {
            let word = bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            guard word & 0x8080_8080_8080_8080 == 0 else { break }
            index += 8
        }
        while index < bytes.count, bytes[index] < 0x80 { index += 1 }
        return index
    }

    private mutating func consume(_ byte: UInt8) -> Bool {
        if due > 0 {
            guard lower <= byte, byte <= upper else { return false }
            (lower, upper) = (0x80, 0xBF)
            due -= 1
            return true
        }
        switch byte {
        case 0x00...0x7F: return true
        case 0xC2...0xDF: due = 1
        case 0xE0: (due, lower) = (2, 0xA0)
        case 0xE1...0xEC, 0xEE...0xEF: due = 2
        case 0xED: (due, upper) = (2, 0x9F)
        case 0xF0: (due, lower) = (3, 0x90)
        case 0xF1...0xF3: due = 3
        case 0xF4: (due, upper) = (3, 0x8F)
        default: return false
        }
        return true
    }
}
