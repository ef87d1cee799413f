/// Points in time as milliseconds since 1970-01-01T00:00:00Z: what every `tsp` is, from the wire to the store.
enum Timestamp {
    /// The years 1 to 9999: what an ISO 8601 date of four digits can say. Rows outside are refused.
    static let range: ClosedRange<Int64> = -62_135_596_800_000...253_402_300_799_999

    /// Reads an ISO 8601 date or date-time. Without a zone it is UTC; a date alone is its midnight; parts of a
    /// second beyond the millisecond are cut off.
    static func parse(_ text: Span<UInt8>) -> Int64? {
        var reader = ISOReader()
        return reader.read(text)
    }

    static func parse(_ text: String) -> Int64? { parse(Array(text.utf8).span) }

    /// Days from 1970-01-01 to a date of the proleptic Gregorian calendar.
    static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        // Counted in eras of 400 years that begin on March 1st, so that the leap day is the last of a year.
        let year = month <= 2 ? year - 1 : year
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}

/// One pass over the bytes of an ISO 8601 text.
private struct ISOReader {
    private var position = 0

    mutating func read(_ text: Span<UInt8>) -> Int64? {
        skipSpaces(text)
        guard let year = year(text) else { return nil }
        var month: Int64 = 1, day: Int64 = 1, time: Int64 = 0
        if take(UInt8(ascii: "-"), text) {
            guard let value = digits(2, text) else { return nil }
            month = value
            if take(UInt8(ascii: "-"), text) {
                guard let value = digits(2, text) else { return nil }
                day = value
            }
        }
        guard isDate(year, month, day) else { return nil }
        let mark = position
        if take(UInt8(ascii: "T"), text) || take(UInt8(ascii: " "), text) {
            if let value = timeOfDay(text) {
                time = value
            } else {
                // A space may also stand before the zone.
                guard text[mark] == UInt8(ascii: " ") else { return nil }
                position = mark
            }
        }
        skipSpaces(text)
        guard let offset = zone(text) else { return nil }
        skipSpaces(text)
        guard position == text.count else { return nil }
        return Timestamp.days(year: year, month: month, day: day) * 86_400_000 + time - offset
    }

    private mutating func year(_ text: Span<UInt8>) -> Int64? {
        if take(UInt8(ascii: "-"), text) { return digits(6, text).map { -$0 } }
        return take(UInt8(ascii: "+"), text) ? digits(6, text) : digits(4, text)
    }

    private func isDate(_ year: Int64, _ month: Int64, _ day: Int64) -> Bool {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let length: Int64
        switch month {
        case 2: length = isLeap ? 29 : 28
        case 4, 6, 9, 11: length = 30
        case 1...12: length = 31
        default: return false
        }
        return (1...length).contains(day)
    }

    private mutating func timeOfDay(_ text: Span<UInt8>) -> Int64? {
        guard let hour = digits(2, text), hour < 24, take(UInt8(ascii: ":"), text), let minute = digits(2, text),
            minute < 60
        else {
            return nil
        }
        var milliseconds = (hour * 60 + minute) * 60_000
        guard take(UInt8(ascii: ":"), text) else { return milliseconds }
        guard let second = digits(2, text), second < 60 else { return nil }
        milliseconds += second * 1000
        guard take(UInt8(ascii: "."), text) || take(UInt8(ascii: ","), text) else { return milliseconds }
        var weight: Int64 = 100
        var count = 0
        while let digit = digit(text) {
            milliseconds += digit * weight
            weight /= 10
            count += 1
        }
        return count > 0 ? milliseconds : nil
    }

    /// Milliseconds east of UTC; 0 when the text names no zone.
    private mutating func zone(_ text: Span<UInt8>) -> Int64? {
        guard position < text.count else { return 0 }
        if take(UInt8(ascii: "Z"), text) || take(UInt8(ascii: "z"), text) { return 0 }
        let isWest = take(UInt8(ascii: "-"), text)
        guard isWest || take(UInt8(ascii: "+"), text), let hours = digits(2, text) else { return nil }
        var minutes: Int64 = 0
        if take(UInt8(ascii: ":"), text) || position < text.count {
            guard let value = digits(2, text) else { return nil }
            minutes = value
        }
        let offset = (hours * 60 + minutes) * 60_000
        return isWest ? -offset : offset
    }

    private mutating func digits(_ count: Int, _ text: Span<UInt8>) -> Int64? {
        var value: Int64 = 0
        for _ in 0..<count {
            guard let digit = digit(text) else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    private mutating func digit(_ text: Span<UInt8>) -> Int64? {
        guard position < text.count, case let byte = text[position], (0x30...0x39).contains(byte) else { return nil }
        position += 1
        return Int64(byte - 0x30)
    }

    private mutating func take(_ byte: UInt8, _ text: Span<UInt8>) -> Bool {
        guard position < text.count, text[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func skipSpaces(_ text: Span<UInt8>) {
        while take(UInt8(ascii: " "), text) {}
    }
}
