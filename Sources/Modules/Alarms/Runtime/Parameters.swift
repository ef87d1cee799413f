package import ModuleKit
package import WAMP

/// The arguments of a call by name: the dictionary that is its first argument, and its keyword arguments over it.
package struct Parameters: Sendable, Hashable {
    static let remarkCharactersMax = 2000
    /// Of a call: a rule file, and room for more.
    static let bytesMax = 128 * 1024

    package var values: [String: Value]

    package init(_ values: [String: Value]) { self.values = values }

    /// - Throws: `wamp.error.invalid_argument` when the payload cannot be read.
    package init(_ payload: Payload) throws(WAMPError) {
        guard payload.arguments.count + payload.argumentsKw.count <= Self.bytesMax else {
            throw WAMPError(.payloadSizeExceeded, "Expected at most \(Self.bytesMax) bytes.")
        }
        do {
            let first = try payload.decodedArguments().first?.dictionary ?? [:]
            values = first.merging(try payload.decodedArgumentsKw()) { $1 }
        } catch {
            throw WAMPError(.invalidArgument, "The arguments cannot be read.")
        }
    }

    /// An argument that cannot be used.
    static func refusal(_ key: String, _ reason: String) -> WAMPError {
        .invalidArgument(key, "\(key): \(reason)")
    }

    package func text(_ key: String) throws(WAMPError) -> String {
        guard let text = try optionalText(key) else { throw Self.refusal(key, "required, and not there") }
        return text
    }

    package func optionalText(_ key: String) throws(WAMPError) -> String? {
        guard let value = present(key) else { return nil }
        guard case .string(let text) = value else { throw Self.refusal(key, "expected a text") }
        return text
    }

    func word(_ key: String, of words: [String]) throws(WAMPError) -> String? {
        guard let text = try optionalText(key) else { return nil }
        guard words.contains(text) else {
            throw Self.refusal(key, "expected one of \(words.joined(separator: ", "))")
        }
        return text
    }

    func severity(_ key: String) throws(WAMPError) -> Severity? {
        try word(key, of: Severity.worstFirst.map(\.name)).flatMap(Severity.init(name:))
    }

    package func optionalInteger(_ key: String) throws(WAMPError) -> Int64? {
        guard let value = present(key) else { return nil }
        // Environment variables, and so the SDKs' DEVICE_KEY, are texts.
        guard let integer = value.integer ?? value.string.flatMap({ Int64($0) }) else {
            throw Self.refusal(key, "expected a whole number")
        }
        return integer
    }

    func integer(_ key: String, default value: Int, in range: ClosedRange<Int>) throws(WAMPError) -> Int {
        guard let integer = try optionalInteger(key) else { return value }
        guard let integer = Int(exactly: integer), range.contains(integer) else {
            throw Self.refusal(key, "expected \(range.lowerBound) to \(range.upperBound)")
        }
        return integer
    }

    func timestamp(_ key: String) throws(WAMPError) -> Timestamp? {
        try optionalInteger(key).map(Timestamp.init(milliseconds:))
    }

    /// What somebody says: absent is empty.
    func remark(_ key: String) throws(WAMPError) -> String {
        let text = try optionalText(key) ?? ""
        guard text.count <= Self.remarkCharactersMax else {
            throw Self.refusal(key, "expected at most \(Self.remarkCharactersMax) characters")
        }
        return text
    }

    func alarm() throws(WAMPError) -> AlarmKey {
        let rule = try text("rule")
        guard let deviceKey = try optionalInteger("device_key") else {
            throw Self.refusal("device_key", "required, and not there")
        }
        return AlarmKey(rule: rule, deviceKey: deviceKey)
    }

    func expiry() throws(WAMPError) -> AlarmRequest.ShelfExpiry {
        if let until = try timestamp("until") { return .at(until) }
        guard let text = try optionalText("duration") else {
            throw Self.refusal("until", "required, in milliseconds since 1970; or a duration like 8h")
        }
        guard let duration = Quantity.duration(text) else {
            throw Self.refusal("duration", "expected a time with its unit, like 8h")
        }
        return .after(duration)
    }

    /// The rule under `rule` or `rules` (a text is YAML), or the parameters themselves.
    func rule() throws(WAMPError) -> AlarmRequest.RuleSource {
        switch present("rules") ?? present("rule") {
        case .string(let text): .yaml(text)
        case let value?: .value(value)
        case nil: .value(.dictionary(values))
        }
    }

    private func present(_ key: String) -> Value? {
        let value = values[key]
        return value == .null ? nil : value
    }
}
