// The three little languages inside a data template: lengths of time, paths into a message, cron schedules. Only
// their grammar is checked here; what they mean is FleetDB's business.

/// A length of time: `30 days`, `1 day 12 hours`.
enum TemplateInterval {
    /// Milliseconds; nil when the text is no positive length of time. A month counts 30 days, a year 365.
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
        case "second", "seconds": 1000
        case "minute", "minutes": 60_000
        case "hour", "hours": 3_600_000
        case "day", "days": 86_400_000
        case "week", "weeks": 604_800_000
        case "month", "months": 30 * 86_400_000
        case "year", "years": 365 * 86_400_000
        default: nil
        }
    }
}

/// Where a write finds a column's value: `args[0].tsp`, `kwargs.DEVICE_NAME`, `args[0]['odd key']`.
enum ArgumentPath {
    static func isValid(_ path: String) -> Bool {
        var rest = path[...]
        guard let root = ["args", "kwargs", "details"].first(where: rest.hasPrefix) else { return false }
        rest = rest.dropFirst(root.count)
        // `args` is a list: an index comes first.
        if root == "args", !startsWithIndex(rest) { return false }
        var steps = 0
        while let first = rest.first {
            let taken: Int? =
                switch first {
                case ".": nameLength(rest.dropFirst()).map { $0 + 1 }
                case "[": bracketLength(rest)
                default: nil
                }
            guard let taken else { return false }
            rest = rest.dropFirst(taken)
            steps += 1
        }
        return steps > 0 && steps <= 16
    }

    private static func startsWithIndex(_ text: Substring) -> Bool {
        guard text.first == "[", let length = bracketLength(text) else { return false }
        return text.dropFirst().prefix(length - 2).allSatisfy(\.isASCIIDigit)
    }

    private static func nameLength(_ text: Substring) -> Int? {
        let name = text.prefix { $0.isASCIIDigit || $0 == "_" || $0 == "-" || $0 == "$" || $0.isLetter }
        return name.isEmpty ? nil : name.count
    }

    /// `[0]`, `['key']` or `["key"]`.
    private static func bracketLength(_ text: Substring) -> Int? {
        let inside = text.dropFirst()
        if let quote = inside.first, quote == "'" || quote == "\"" {
            let key = inside.dropFirst().prefix { $0 != quote }
            let end = inside.dropFirst(1 + key.count)
            return !key.isEmpty && end.hasPrefix("\(quote)]") ? key.count + 4 : nil
        }
        let digits = inside.prefix(while: \.isASCIIDigit)
        guard !digits.isEmpty, digits.count <= 6, inside.dropFirst(digits.count).first == "]" else { return nil }
        return digits.count + 2
    }
}

/// A cron schedule of five fields: minute, hour, day of the month, month, day of the week.
enum CronSchedule {
    static func isValid(_ text: String) -> Bool {
        let fields = text.split(separator: " ")
        let ranges = [0...59, 0...23, 1...31, 1...12, 0...7]
        return fields.count == ranges.count && zip(fields, ranges).allSatisfy { isField($0, $1) }
    }

    /// `*`, `7`, `1-5`, any of them with `/step`, and lists of these.
    private static func isField(_ field: Substring, _ range: ClosedRange<Int>) -> Bool {
        field.split(separator: ",", omittingEmptySubsequences: false).allSatisfy { item in
            let parts = item.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2, number(parts[1]).map({ (1...59).contains($0) }) != true { return false }
            if parts[0] == "*" { return true }
            let ends = parts[0].split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).map(number)
            switch (ends.first ?? nil, ends.count == 2 ? ends[1] : nil, ends.count) {
            case (let only?, nil, 1): return range.contains(only)
            case (let low?, let high?, 2): return range.contains(low) && range.contains(high) && low <= high
            default: return false
            }
        }
    }

    private static func number(_ text: Substring) -> Int? {
        text.allSatisfy(\.isASCIIDigit) ? Int(text) : nil
    }
}

extension Character {
    fileprivate var isASCIIDigit: Bool { ("0"..."9").contains(self) }
}
