// The typed values of a scope. Each reader comes in three forms: with a default; without one, nil when the key is not
// set; and `required:`, which throws when there is no value to go on with (the error has been noted as well).

extension Settings {
    // MARK: Texts

    /// A text, as it is.
    package func string(_ key: String) -> String? { read(key, expected: "a text") { $0 } }
    package func string(_ key: String, default value: String) -> String { string(key) ?? value }
    package func string(required key: String) throws(ConfigurationError) -> String {
        try require(key, "a text", string(key))
    }

    // MARK: Switches

    /// `true` or `false`, nothing else: YAML's `yes`, `on` and `off` mean different things to different readers.
    package func bool(_ key: String) -> Bool? {
        read(key, expected: "true or false", suggest: Settings.suggestBool) { ["true": true, "false": false][$0] }
    }
    package func bool(_ key: String, default value: Bool) -> Bool { bool(key) ?? value }

    // MARK: Numbers

    /// A whole number within a range.
    package func integer(_ key: String, in range: ClosedRange<Int>) -> Int? {
        read(key, expected: "\(range.lowerBound)…\(range.upperBound)") {
            Int($0).flatMap { range.contains($0) ? $0 : nil }
        }
    }
    package func integer(_ key: String, default value: Int, in range: ClosedRange<Int>) -> Int {
        integer(key, in: range) ?? value
    }
    package func integer(required key: String, in range: ClosedRange<Int>) throws(ConfigurationError) -> Int {
        try require(key, "\(range.lowerBound)…\(range.upperBound)", integer(key, in: range))
    }

    /// A number within a range.
    package func double(_ key: String, in range: ClosedRange<Double>) -> Double? {
        read(key, expected: "\(range.lowerBound)…\(range.upperBound)") {
            Double($0).flatMap { range.contains($0) ? $0 : nil }
        }
    }
    package func double(_ key: String, default value: Double, in range: ClosedRange<Double>) -> Double {
        double(key, in: range) ?? value
    }

    // MARK: Quantities

    /// A duration with its unit: `500ms`, `10s`, `5m`, `2h`, `1d`.
    package func duration(_ key: String, in range: ClosedRange<Duration>) -> Duration? {
        let bounds = "\(Quantity.text(range.lowerBound))…\(Quantity.text(range.upperBound))"
        return read(
            key, expected: "a duration, \(bounds)",
            suggest: { Settings.suggestUnit($0, "s", "units are ms, s, m, h, d") },
            parse: { Quantity.duration($0).flatMap { range.contains($0) ? $0 : nil } })
    }
    package func duration(_ key: String, default value: Duration, in range: ClosedRange<Duration>) -> Duration {
        duration(key, in: range) ?? value
    }

    /// A size in bytes, written with its unit: `512B`, `16KiB`, `64MiB`, `1GiB`.
    package func byteSize(_ key: String, in range: ClosedRange<Int>) -> Int? {
        let bounds = "\(Quantity.text(byteSize: range.lowerBound))…\(Quantity.text(byteSize: range.upperBound))"
        return read(
            key, expected: "a size, \(bounds)",
            suggest: { Settings.suggestUnit($0, "B", "units are B, KiB, MiB, GiB") },
            parse: { Quantity.byteSize($0).flatMap { range.contains($0) ? $0 : nil } })
    }
    package func byteSize(_ key: String, default value: Int, in range: ClosedRange<Int>) -> Int {
        byteSize(key, in: range) ?? value
    }

    /// A share, written `5%`; 5 for `5%`.
    package func percent(_ key: String, in range: ClosedRange<Double>) -> Double? {
        read(
            key, expected: "a share, \(range.lowerBound)%…\(range.upperBound)%",
            suggest: { Settings.suggestUnit($0, "%", "write it with a percent sign") },
            parse: { Quantity.percent($0).flatMap { range.contains($0) ? $0 : nil } })
    }
    package func percent(_ key: String, default value: Double, in range: ClosedRange<Double>) -> Double {
        percent(key, in: range) ?? value
    }

    // MARK: Words

    /// One of some words, each of which stands for a value.
    package func choice<Choice>(_ key: String, among choices: [(word: String, choice: Choice)]) -> Choice? {
        let words = choices.map(\.word)
        return read(
            key, expected: "one of \(words.joined(separator: ", "))",
            suggest: { Suggestion.nearest(to: $0, among: words) },
            parse: { text in choices.first { $0.word == text }?.choice })
    }

    /// Several of some words, as a list; nil when the key is not set.
    package func choices<Choice>(_ key: String, among choices: [(word: String, choice: Choice)]) -> [Choice]? {
        guard isSet(key) else { return nil }
        let words = choices.map(\.word)
        return strings(key).compactMap { text in
            if let choice = choices.first(where: { $0.word == text })?.choice { return choice }
            refuse(
                key, "expected some of \(words.joined(separator: ", ")), found \(ConfigurationNode.quoted(text))",
                suggestion: Suggestion.nearest(to: text, among: words))
            return nil
        }
    }

    /// One of an enumeration's raw values.
    package func enumeration<Choice>(_ key: String, of type: Choice.Type = Choice.self) -> Choice?
    where Choice: CaseIterable & RawRepresentable<String> {
        choice(key, among: Choice.allCases.map { ($0.rawValue, $0) })
    }
    package func enumeration<Choice>(_ key: String, default value: Choice) -> Choice
    where Choice: CaseIterable & RawRepresentable<String> {
        enumeration(key) ?? value
    }
    package func enumeration<Choice>(
        required key: String, of type: Choice.Type = Choice.self
    )
        throws(ConfigurationError) -> Choice
    where Choice: CaseIterable & RawRepresentable<String> {
        let words = Choice.allCases.map(\.rawValue).joined(separator: ", ")
        return try require(key, "one of \(words)", enumeration(key))
    }

    /// Several of an enumeration's raw values, as a list.
    package func enumerations<Choice>(_ key: String, default value: [Choice] = []) -> [Choice]
    where Choice: CaseIterable & RawRepresentable<String> {
        choices(key, among: Choice.allCases.map { ($0.rawValue, $0) }) ?? value
    }

    /// A value of any kind that is written as one text.
    ///
    /// - Parameters:
    ///   - expected: what a right value looks like, for the error: `expected …, found "…"`.
    ///   - parse: nil refuses the text.
    package func value<Parsed>(_ key: String, expected: String, _ parse: (String) -> Parsed?) -> Parsed? {
        read(key, expected: expected, parse: parse)
    }

    // MARK: How

    private func read<Parsed>(
        _ key: String, expected: @autoclosure () -> String, suggest: (String) -> String? = { _ in nil },
        parse: (String) -> Parsed?
    ) -> Parsed? {
        document.noteRead(key, in: path, isScalar: true)
        var effective: Parsed?
        // What is overridden is checked all the same: a mistake in the file must not wait for the variable to go.
        for (index, (node, origin)) in values(of: key).enumerated() {
            var suggestion: String?
            if case .scalar(let text, _) = node.content {
                if let parsed = parse(text) {
                    if index == 0 { effective = parsed }
                    continue
                }
                suggestion = suggest(text)
            }
            record(key, origin, "expected \(expected()), found \(node.found)", suggestion)
        }
        return effective
    }

    /// The value; or throws, because the key is missing or because its value has been refused.
    private func require<Required>(
        _ key: String, _ expected: String, _ value: Required?
    ) throws(ConfigurationError) -> Required {
        if let value { return value }
        if let error = document.error(at: path + [key]) { throw error }
        throw refuse(key, "required, and not set: expected \(expected)")
    }

    private static func suggestBool(_ text: String) -> String? {
        switch text.lowercased() {
        case "yes", "on", "1", "true", "enabled": "write true"
        case "no", "off", "0", "false", "disabled": "write false"
        default: nil
        }
    }

    /// A bare number lacks its unit; anything else may have a wrong one.
    private static func suggestUnit(_ text: String, _ unit: String, _ units: String) -> String {
        let isNumber = !text.isEmpty && text.allSatisfy { ("0"..."9").contains($0) || $0 == "." }
        return isNumber ? "write the unit: \(text.prefix(20))\(unit)" : units
    }
}
