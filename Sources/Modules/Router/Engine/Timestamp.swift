/// Points in time as text, in the form of RFC 3339 that ISO 8601 shares.
enum Timestamp {
    /// - Parameter seconds: since 1970.
    static func milliseconds(_ seconds: Double) -> Int64 {
        Int64(exactly: (seconds * 1000).rounded()) ?? 0
    }

    /// UTC with milliseconds, e.g. `2026-11-21T04:31:10.123Z`.
    ///
    /// - Parameter seconds: since 1970.
    static func text(_ seconds: Double) -> String { text(milliseconds: milliseconds(seconds)) }

    /// - Parameter milliseconds: since 1970.
    static func text(milliseconds: Int64) -> String {
        let day = milliseconds.flooredQuotient(86_400_000)
        let timeOfDay = milliseconds - day * 86_400_000
        let date = civilDate(daysSince1970: day)
        let time = [timeOfDay / 3_600_000, timeOfDay / 60_000 % 60, timeOfDay / 1000 % 60].map { padded($0, 2) }
        return "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))"
            + "T\(time.joined(separator: ":")).\(padded(timeOfDay % 1000, 3))Z"
    }

    /// Microseconds since 1970 of an RFC 3339 timestamp (`2026-11-21T05:31:10.5+01:00`); nil when it is none. Digits
    /// beyond the microsecond are dropped.
    static func microseconds(_ text: String) -> Int64? {
        var fields = Fields(text)
        guard let year = fields.number(4), fields.skip("-"), let month = fields.number(2), fields.skip("-"),
            let day = fields.number(2), fields.skip("T") || fields.skip("t") || fields.skip(" "),
            let hour = fields.number(2), fields.skip(":"), let minute = fields.number(2), fields.skip(":"),
            let second = fields.number(2)
        else { return nil }
        guard (1...12).contains(month), (1...length(ofMonth: month, year)).contains(day), hour < 24, minute < 60,
            second <= 60
        else { return nil }
        var fraction: Int64 = 0
        if fields.skip(".") {
            guard let read = fields.fraction() else { return nil }
            fraction = read
        }
        guard let offset = fields.offsetMinutes(), fields.isAtEnd else { return nil }
        let minutes = (days(year, month, day) * 24 + hour) * 60 + minute - offset
        return (minutes * 60 + second) * 1_000_000 + fraction
    }

    /// The proleptic Gregorian date, by counting eras of 400 years from 0000-03-01.
    private static func civilDate(daysSince1970: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let days = daysSince1970 + 719_468
        let era = days.flooredQuotient(146_097)
        let dayOfEra = days - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }

    /// Days since 1970 of a date, the same way round.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted.flooredQuotient(400)
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func length(ofMonth month: Int64, _ year: Int64) -> Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// Reads the fields of a timestamp from left to right.
    private struct Fields {
        private var rest: Substring.UTF8View

        init(_ text: String) { rest = Substring(text).utf8 }

        var isAtEnd: Bool { rest.isEmpty }

        mutating func skip(_ character: Unicode.Scalar) -> Bool {
            guard let first = rest.first, UInt32(first) == character.value else { return false }
            rest.removeFirst()
            return true
        }

        /// A number of exactly so many digits.
        mutating func number(_ digitCount: Int) -> Int64? {
            var number: Int64 = 0
            for _ in 0..<digitCount {
                guard let digit = digit() else { return nil }
                number = number * 10 + digit
            }
            return number
        }

        /// The digits after the point, as microseconds.
        mutating func fraction() -> Int64? {
            guard var digit = digit() else { return nil }
            var microseconds: Int64 = 0
            var unit: Int64 = 100_000
            while true {
                microseconds += digit * unit
                unit /= 10
                guard let next = self.digit() else { return microseconds }
                digit = next
            }
        }

        /// `Z` or `±hh:mm`.
        mutating func offsetMinutes() -> Int64? {
            if skip("Z") || skip("z") { return 0 }
            let isNegative = skip("-")
            guard isNegative || skip("+"), let hours = number(2), skip(":"), let minutes = number(2), hours < 24,
                minutes < 60
            else { return nil }
            return (hours * 60 + minutes) * (isNegative ? -1 : 1)
        }

        private mutating func digit() -> Int64? {
            guard let first = rest.first, (0x30...0x39).contains(first) else { return nil }
            rest.removeFirst()
            return Int64(first) - 0x30
        }
    }
}

extension Int64 {
    /// Division that rounds towards minus infinity.
    fileprivate func flooredQuotient(_ divisor: Int64) -> Int64 {
        self >= 0 ? self / divisor : (self - divisor + 1) / divisor
    }
}
