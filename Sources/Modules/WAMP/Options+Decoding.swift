// Options as they come off the wire. Unknown keys are ignored, as the specification demands ("Extensibility");
// known ones of the wrong type, and known ones that are there twice, are refused by name. Null is no type of its own: an
// option that is null has not been said, whichever it is.

/// A known option with a value of the wrong type or outside its range.
package struct OptionError: Error, Sendable, Hashable {
    package var key: String
    package var expected: String

    package init(key: String, expected: String) {
        self.key = key
        self.expected = expected
    }
}

extension PublishOptions {
    /// Reads `PUBLISH.Options`; the dictionary has been checked for well-formedness.
    package static func decode(
        _ bytes: Span<UInt8>, _ range: ByteRange, _ serializer: Serializer
    ) throws(OptionError) -> PublishOptions {
        var options = PublishOptions()
        var reader = OptionReader(serializer, range)
        while let key = try reader.nextKey(bytes) {
            switch key.count {
            case 4 where reader.isKey("rkey", bytes): options.rkey = try reader.shardKey("rkey", bytes)
            case 6 where reader.isKey("retain", bytes): options.retain = try reader.bool("retain", bytes)
            case 7 where reader.isKey("exclude", bytes): options.exclude = try reader.sessions("exclude", bytes)
            case 8 where reader.isKey("eligible", bytes): options.eligible = try reader.sessions("eligible", bytes)
            case 10 where reader.isKey("exclude_me", bytes): options.excludeMe = try reader.bool("exclude_me", bytes)
            case 11 where reader.isKey("acknowledge", bytes):
                options.acknowledge = try reader.bool("acknowledge", bytes)
            case 11 where reader.isKey("disclose_me", bytes):
                options.discloseMe = try reader.bool("disclose_me", bytes)
            case 14 where reader.isKey("exclude_authid", bytes):
                options.excludeAuthID = try reader.strings("exclude_authid", bytes)
            case 15 where reader.isKey("eligible_authid", bytes):
                options.eligibleAuthID = try reader.strings("eligible_authid", bytes)
            case 16 where reader.isKey("exclude_authrole", bytes):
                options.excludeAuthRole = try reader.strings("exclude_authrole", bytes)
            case 17 where reader.isKey("eligible_authrole", bytes):
                options.eligibleAuthRole = try reader.strings("eligible_authrole", bytes)
            default: try reader.forwardOrSkip(&options.forwarded, bytes)
            }
        }
        return options
    }
}

extension SubscribeOptions {
    /// Reads `SUBSCRIBE.Options`.
    package static func decode(
        _ bytes: Span<UInt8>, _ range: ByteRange, _ serializer: Serializer
    ) throws(OptionError) -> SubscribeOptions {
        var options = SubscribeOptions()
        var reader = OptionReader(serializer, range)
        while try reader.nextKey(bytes) != nil {
            if reader.isKey("match", bytes) {
                options.match = try reader.word("match", bytes, MatchPolicy.allCases, \.name)
            } else if reader.isKey("get_retained", bytes) {
                options.getRetained = try reader.bool("get_retained", bytes)
            } else if reader.isKey("nkey", bytes) {
                options.nkey = try reader.shardKey("nkey", bytes)
            } else {
                try reader.skipValue(bytes)
            }
        }
        return options
    }
}

extension RegisterOptions {
    /// Reads `REGISTER.Options`.
    package static func decode(
        _ bytes: Span<UInt8>, _ range: ByteRange, _ serializer: Serializer
    ) throws(OptionError) -> RegisterOptions {
        var options = RegisterOptions()
        var reader = OptionReader(serializer, range)
        while try reader.nextKey(bytes) != nil {
            if reader.isKey("match", bytes) {
                options.match = try reader.word("match", bytes, MatchPolicy.allCases, \.name)
            } else if reader.isKey("invoke", bytes) {
                options.invoke = try reader.word("invoke", bytes, InvocationPolicy.allCases, \.name)
            } else if reader.isKey("force_reregister", bytes) {
                options.forceReregister = try reader.bool("force_reregister", bytes)
            } else if reader.isKey("disclose_caller", bytes) {
                options.discloseCaller = try reader.bool("disclose_caller", bytes)
            } else if reader.isKey("concurrency", bytes) {
                options.concurrency = Int(clamping: try reader.natural("concurrency", bytes, zeroAllowed: false))
            } else if reader.isKey("forward_timeout", bytes) {
                options.forwardTimeout = try reader.bool("forward_timeout", bytes)
            } else {
                try reader.skipValue(bytes)
            }
        }
        return options
    }
}

extension CallOptions {
    /// Reads `CALL.Options`.
    package static func decode(
        _ bytes: Span<UInt8>, _ range: ByteRange, _ serializer: Serializer
    ) throws(OptionError) -> CallOptions {
        guard range.count > OptionReader.emptyCountMax else { return CallOptions() }
        var options = CallOptions()
        var reader = OptionReader(serializer, range)
        while try reader.nextKey(bytes) != nil {
            if reader.isKey("timeout", bytes) {
                options.timeoutMilliseconds = try reader.natural("timeout", bytes)
            } else if reader.isKey("receive_progress", bytes) {
                options.receiveProgress = try reader.bool("receive_progress", bytes)
            } else if reader.isKey("disclose_me", bytes) {
                options.discloseMe = try reader.bool("disclose_me", bytes)
            } else if reader.isKey("progress", bytes) {
                options.progress = try reader.bool("progress", bytes)
            } else if reader.isKey("runmode", bytes) {
                options.runMode = try reader.word("runmode", bytes, RunMode.allCases, \.name)
            } else if reader.isKey("rkey", bytes) {
                options.resourceKey = try reader.text("rkey", bytes)
            } else {
                try reader.forwardOrSkip(&options.forwarded, bytes)
            }
        }
        return options
    }
}

extension YieldOptions {
    /// Reads `YIELD.Options`, and the details of an ERROR that answers an INVOCATION.
    package static func decode(
        _ bytes: Span<UInt8>, _ range: ByteRange, _ serializer: Serializer
    ) throws(OptionError) -> YieldOptions {
        guard range.count > OptionReader.emptyCountMax else { return YieldOptions() }
        var options = YieldOptions()
        var reader = OptionReader(serializer, range)
        while try reader.nextKey(bytes) != nil {
            if reader.isKey("progress", bytes) {
                options.progress = try reader.bool("progress", bytes)
            } else {
                try reader.forwardOrSkip(&options.forwarded, bytes)
            }
        }
        return options
    }
}

extension CancelMode {
    /// Reads `CANCEL.Options.mode`; nil when the caller did not say one.
    package static func decode(
        _ bytes: Span<UInt8>, _ range: ByteRange, _ serializer: Serializer
    ) throws(OptionError) -> CancelMode? {
        var mode: CancelMode?
        var reader = OptionReader(serializer, range)
        while try reader.nextKey(bytes) != nil {
            if reader.isKey("mode", bytes) {
                mode = try reader.word("mode", bytes, CancelMode.allCases, \.name)
            } else {
                try reader.skipValue(bytes)
            }
        }
        return mode
    }
}

/// Walks one dictionary of options, entry by entry. The bytes were checked when the head was decoded, so that
/// a `WireError` here can only mean a caller's mistake; it is reported like a wrong type.
package struct OptionReader {
    private var cursor: Cursor
    private var entries: Container?
    private let range: ByteRange
    private var key = ByteRange.empty
    /// One option is the common case, and costs no array.
    private var firstKey = ByteRange.empty
    private var furtherKeys: [ByteRange] = []
    private var count = 0

    /// The longest dictionary without an entry: `{}`, or CBOR's of unknown length. Most messages have no options.
    static let emptyCountMax = 2
    private static let entriesMax = 64
    /// An option of payload passthru names a scheme, a cipher, a key.
    private static let forwardedBytesMax = 1024

    package init(_ serializer: Serializer, _ range: ByteRange) {
        cursor = Cursor(serializer, at: Int(range.lowerBound))
        self.range = range
    }

    /// The next entry's key, or nil at the end. Entries that are null are passed over: a client that writes every key,
    /// null where it has nothing to say, says nothing.
    package mutating func nextKey(_ bytes: Span<UInt8>) throws(OptionError) -> ByteRange? {
        while true {
            let isNull: Bool
            do throws(WireError) {
                if entries == nil {
                    guard !range.isEmpty, case .dictionary(let opened) = try cursor.next(bytes) else { return nil }
                    entries = opened
                }
                guard var entries, try cursor.more(&entries, bytes) else { return nil }
                self.entries = entries
                key = try cursor.key(bytes).range
                isNull = try cursor.passNull(bytes)
            } catch {
                throw OptionError(key: "", expected: "a dictionary with string keys")
            }
            try remember(bytes)
            if !isNull { return key }
        }
    }

    /// Whether the entry's key is this one.
    package func isKey(_ name: StaticString, _ bytes: Span<UInt8>) -> Bool {
        bytes.equals(key.range, name)
    }

    /// The key as text.
    package func keyText(_ bytes: Span<UInt8>) -> String {
        cursor.string(StringToken(range: key, isEscaped: false), bytes)
    }

    package mutating func skipValue(_ bytes: Span<UInt8>) throws(OptionError) {
        do { _ = try cursor.skip(bytes) } catch { throw OptionError(key: "", expected: "a well-formed value") }
    }

    /// Decodes the entry's value.
    package mutating func value(_ name: String, _ bytes: Span<UInt8>) throws(OptionError) -> Value {
        do throws(WireError) {
            return try Value.decode(&cursor, bytes)
        } catch {
            throw OptionError(key: name, expected: "a well-formed value")
        }
    }

    package mutating func bool(_ name: StaticString, _ bytes: Span<UInt8>) throws(OptionError) -> Bool {
        guard case .bool(let value) = try token(name, bytes) else {
            throw OptionError(key: name.description, expected: "a boolean")
        }
        return value
    }

    package mutating func natural(
        _ name: StaticString, _ bytes: Span<UInt8>, zeroAllowed: Bool = true
    ) throws(OptionError) -> UInt64 {
        switch try token(name, bytes) {
        case .integer(let value) where value > 0 || (zeroAllowed && value == 0): return UInt64(value)
        case .double(let value) where value >= (zeroAllowed ? 0 : 1) && value < 9e15:
            // JavaScript has one type of numbers; a fraction is none that was meant.
            guard value == Double(UInt64(value)) else { break }
            return UInt64(value)
        default: break
        }
        throw OptionError(key: name.description, expected: zeroAllowed ? "an integer >= 0" : "an integer >= 1")
    }

    /// One of a fixed set of words.
    package mutating func word<Word>(
        _ name: StaticString, _ bytes: Span<UInt8>, _ words: [Word], _ spelling: (Word) -> String
    ) throws(OptionError) -> Word {
        if case .string(let token) = try token(name, bytes) {
            let text = cursor.string(token, bytes)
            for word in words where spelling(word) == text { return word }
        }
        throw OptionError(key: name.description, expected: "one of " + words.map(spelling).joined(separator: ", "))
    }

    package mutating func text(_ name: StaticString, _ bytes: Span<UInt8>) throws(OptionError) -> String {
        guard case .string(let token) = try token(name, bytes) else {
            throw OptionError(key: name.description, expected: "a string")
        }
        return cursor.string(token, bytes)
    }

    /// A list of session ids.
    package mutating func sessions(_ name: StaticString, _ bytes: Span<UInt8>) throws(OptionError) -> [SessionID] {
        try list(name, bytes, of: "session ids") { element in
            element.integer.flatMap { $0 >= 1 ? SessionID(UInt64($0)) : nil }
        }
    }

    /// A list of strings.
    package mutating func strings(_ name: StaticString, _ bytes: Span<UInt8>) throws(OptionError) -> [String] {
        try list(name, bytes, of: "strings", \.string)
    }

    private mutating func list<Element>(
        _ name: StaticString, _ bytes: Span<UInt8>, of kind: String, _ element: (Value) -> Element?
    ) throws(OptionError) -> [Element] {
        var elements: [Element] = []
        for value in try value(name.description, bytes).list ?? [.null] {
            guard let element = element(value) else {
                throw OptionError(key: name.description, expected: "a list of \(kind)")
            }
            elements.append(element)
        }
        return elements
    }

    /// A resource or node key. It is kept for as long as its subscription, so it has a bound of its own.
    package mutating func shardKey(_ name: StaticString, _ bytes: Span<UInt8>) throws(OptionError) -> String {
        guard let text = try value(name.description, bytes).string, text.utf8.count <= 255 else {
            throw OptionError(key: name.description, expected: "a string of at most 255 bytes")
        }
        return text
    }

    /// Keeps what payload passthru carries, in its present form (`ppt_…`) and its older one (`enc_…`); skips the rest.
    package mutating func forwardOrSkip(
        _ forwarded: inout [ForwardedOption], _ bytes: Span<UInt8>
    ) throws(OptionError) {
        guard bytes.hasPrefix(key, "ppt_") || bytes.hasPrefix(key, "enc_") else {
            return try skipValue(bytes)
        }
        let name = keyText(bytes)
        let start = cursor.position
        let option = ForwardedOption(key: name, value: try value(name, bytes))
        // It may be kept for as long as an event or a call, so it has a bound of its own.
        guard cursor.position - start <= Self.forwardedBytesMax, option.value.list == nil,
            option.value.dictionary == nil
        else {
            throw OptionError(
                key: name, expected: "a string, a number or the like, of at most \(Self.forwardedBytesMax) bytes")
        }
        forwarded.append(option)
    }

    private mutating func token(_ name: StaticString, _ bytes: Span<UInt8>) throws(OptionError) -> Token {
        do throws(WireError) {
            // A container where a scalar belongs is refused by the caller, and nothing more is read.
            return try cursor.next(bytes)
        } catch {
            throw OptionError(key: name.description, expected: "a well-formed value")
        }
    }

    /// Duplicates are refused, so that no two readers of one message can understand it differently.
    private mutating func remember(_ bytes: Span<UInt8>) throws(OptionError) {
        guard count < Self.entriesMax else {
            throw OptionError(key: "", expected: "at most \(Self.entriesMax) options")
        }
        if count == 0 {
            firstKey = key
        } else {
            var isKnown = bytes.equal(firstKey, key)
            for other in furtherKeys where bytes.equal(other, key) { isKnown = true }
            guard !isKnown else { throw OptionError(key: keyText(bytes), expected: "the key only once") }
            furtherKeys.append(key)
        }
        count += 1
    }
}

extension Span<UInt8> {
    /// Whether the bytes at a range are this ASCII text.
    package func equals(_ range: Range<Int>, _ text: StaticString) -> Bool {
        range.count == text.utf8CodeUnitCount && hasPrefix(ByteRange(range.lowerBound, range.upperBound), text)
    }

    /// Whether the bytes at two ranges are the same.
    package func equal(_ one: ByteRange, _ other: ByteRange) -> Bool {
        guard one.count == other.count else { return false }
        for offset in 0..<one.count where self[one.range.lowerBound + offset] != self[other.range.lowerBound + offset] {
            return false
        }
        return true
    }

    package func equals(_ range: ByteRange, _ text: StaticString) -> Bool { equals(range.range, text) }

    /// Whether the bytes at a range begin with this ASCII text.
    package func hasPrefix(_ range: ByteRange, _ text: StaticString) -> Bool {
        let count = text.utf8CodeUnitCount
        guard range.count >= count, Int(range.upperBound) <= self.count else { return false }
        return text.withUTF8Buffer { expected in
            for offset in 0..<count where self[Int(range.lowerBound) + offset] != expected[offset] { return false }
            return true
        }
    }
}

extension Value {
    /// The value at a range of a frame.
    package static func decode(
        _ bytes: Span<UInt8>, _ range: ByteRange, _ serializer: Serializer
    ) throws(WireError) -> Value {
        var cursor = Cursor(serializer, at: Int(range.lowerBound))
        return try decode(&cursor, bytes)
    }
}
