/// Who published an event and when, as the first 16 characters of its payload: 4 hexadecimal digits of the publisher's
/// number, 12 of the nanosecond. All peers of a load live in one process, so that latencies need no clock agreement.
package struct LoadStamp: Sendable, Hashable {
    package var publisher: Int
    /// The lower 48 bits of a monotonic clock's nanoseconds; they last for three days.
    package var time: UInt64

    /// How long a payload has to be to hold one.
    package static let bytes = 16
    package static let publishersMax = 1 << 16
    private static let timeMask: UInt64 = (1 << 48) - 1

    package init(publisher: Int, time: UInt64) {
        self.publisher = publisher
        self.time = time & Self.timeMask
    }

    /// Reads the stamp that begins at `offset`; nil when there is none.
    package init?(_ bytes: Span<UInt8>, at offset: Int) {
        guard offset >= 0, bytes.count - offset >= Self.bytes else { return nil }
        var word: UInt64 = 0
        for index in offset..<offset + Self.bytes {
            guard let digit = Self.digit(bytes[index]) else { return nil }
            word = word << 4 | UInt64(digit)
        }
        publisher = Int(word >> 48)
        time = word & Self.timeMask
    }

    /// Writes the stamp over the 16 bytes at `offset`.
    package func write(to bytes: inout [UInt8], at offset: Int) {
        guard offset >= 0, bytes.count - offset >= Self.bytes else { return }
        var word = UInt64(truncatingIfNeeded: publisher) << 48 | time
        for index in offset..<offset + Self.bytes {
            let digit = UInt8(truncatingIfNeeded: word >> 60)
            bytes[index] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") - 10 + digit
            word <<= 4
        }
    }

    /// Nanoseconds since the stamp was made.
    package func age(at now: UInt64) -> UInt64 { (now &- time) & Self.timeMask }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}
