/// Reads the lengths of time of a data template: `30 days`, `1 day 12 hours`, `90 minutes`.
///
/// A month is 30 days and a year 365: retention is counted, not looked up in a calendar.
enum TimeInterval {
    /// Milliseconds; nil when the text is no positive length of time.
    static func milliseconds(_ text: String) -> Int64? {
        let words = text.lowercased().split(whereSeparator: \.isWhitespace)
        guard !words.isEmpty, words.count % 2 == 0 else { return nil }
        var total: Int64 = 0
        for index in stride(from: 0, to: words.count, by: 2) {
            guard let count = Int64(words[index]), count >= 0, let unit = unit(words[index + 1]) else { return nil }
            let (part, overflows) = count.multipliedReportingOverflow(by: unit)
            let (sum, overflowsToo) = total.addingReportingOverflow(part)
            guard !overflows, !overflowsToo else { return nil }
            total = sum
        }
        return total > 0 ? total : nil
    }

    private static func unit(_ word: Substring) -> Int64? {
        switch word {
        case "millisecond", "milliseconds", "ms": 1
        case "second", "seconds", "sec", "secs": 1000
        case "minute", "minutes", "min", "mins": 60_000
        case "hour", "hours": 3_600_000
        case "day", "days": 86_400_000
        case "week", "weeks": 604_800_000
        case "month", "months", "mon", "mons": 30 * 86_400_000
        case "year", "years": 365 * 86_400_000
        default: nil
        }
    }
}
