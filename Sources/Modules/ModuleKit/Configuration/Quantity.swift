// Values that carry their unit: `10s`, `64MiB`, `5%`. A bare number is refused: the reader of a file must not guess.

/// Reads and writes durations and sizes as gantry.yml has them.
package enum Quantity {
    private static let durations: [(unit: String, milliseconds: Int64)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
    ]
    private static let sizes: [(unit: String, bytes: Int)] = [
        ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000),
        ("B", 1),
    ]

    /// `500ms`, `10s`, `5m`, `2h`, `1d`; nil for anything else, also for what does not fit.
    package static func duration(_ text: String) -> Duration? {
        guard let (number, unit) = split(text), let value = Int64(number),
            let factor = durations.first(where: { $0.unit == unit })?.milliseconds
        else { return nil }
        let (milliseconds, overflow) = value.multipliedReportingOverflow(by: factor)
        return overflow ? nil : .milliseconds(milliseconds)
    }

    /// `512B`, `16KiB`, `64MiB`, `1GiB` and the decimal `kB`, `MB`, `GB`, in bytes; nil for anything else.
    package static func byteSize(_ text: String) -> Int? {
        guard let (number, unit) = split(text), let value = Int(number),
            let factor = sizes.first(where: { $0.unit == unit })?.bytes
        else { return nil }
        let (bytes, overflow) = value.multipliedReportingOverflow(by: factor)
        return overflow ? nil : bytes
    }

    /// `5%` or `0.5%`, in percent; nil for anything else.
    package static func percent(_ text: String) -> Double? {
        guard text.last == "%", let value = Double(text.dropLast()), value.isFinite else { return nil }
        return value
    }

    /// A duration in the largest unit in which it is a whole number.
    package static func text(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        let (milliseconds, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        if overflow { return "\(seconds)s" }
        let total = milliseconds + attoseconds / 1_000_000_000_000_000
        if total == 0 { return "0s" }
        let fit = durations.first { total % $0.milliseconds == 0 } ?? ("ms", 1)
        return "\(total / fit.milliseconds)\(fit.unit)"
    }

    /// A size in the largest binary unit in which it is a whole number.
    package static func text(byteSize bytes: Int) -> String {
        if bytes == 0 { return "0B" }
        let fit = sizes.first { $0.unit.hasSuffix("iB") && bytes % $0.bytes == 0 } ?? ("B", 1)
        return "\(bytes / fit.bytes)\(fit.unit)"
    }

    /// Digits, then letters; a space between them is allowed.
    private static func split(_ text: String) -> (number: Substring, unit: Substring)? {
        let number = text.prefix { ("0"..."9").contains($0) }
        let unit = text.dropFirst(number.count).drop { $0 == " " }
        return number.isEmpty || unit.isEmpty ? nil : (number, unit)
    }
}
