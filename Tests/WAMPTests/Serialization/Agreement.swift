import WAMP

/// The three ways to read a value, which must agree on every byte string: `Cursor.skip`, a walk over the tokens, and
/// `Value.decode`. Also compiled into the fuzz targets, so it says what is wrong instead of expecting.
enum Agreement {
    /// Where reading ended, or why it failed.
    enum Outcome: Equatable {
        case end(Int)
        case failure(WireError)
    }

    /// What differs; nil when nothing does.
    static func difference(_ bytes: [UInt8], _ serializer: Serializer) -> String? {
        let bySkipping = outcome { cursor throws(WireError) in _ = try cursor.skip(bytes.span) }
        let byWalking = outcome { cursor throws(WireError) in try walk(&cursor, bytes.span) }
        let byDecoding = outcome { cursor throws(WireError) in _ = try Value.decode(&cursor, bytes.span) }
        func outcome(_ read: (inout Cursor) throws(WireError) -> Void) -> Outcome {
            var cursor = Cursor(serializer)
            do throws(WireError) {
                try read(&cursor)
                return .end(cursor.position)
            } catch {
                return .failure(error)
            }
        }
        if case .failure(let error) = bySkipping, !(0...bytes.count).contains(error.offset) {
            return "an error outside of the bytes: \(error)"
        }
        guard bySkipping == byWalking, bySkipping == byDecoding else {
            return "skip: \(bySkipping), walk: \(byWalking), decode: \(byDecoding)"
        }
        return nil
    }

    /// Reads a value token by token, with the contents of its strings.
    static func walk(_ cursor: inout Cursor, _ bytes: Span<UInt8>) throws(WireError) {
        switch try cursor.next(bytes) {
        case .null, .bool, .integer, .unsigned, .double: break
        case .string(let token), .bytes(let token): _ = cursor.unescaped(token, bytes)
        case .list(var list):
            while try cursor.more(&list, bytes) { try walk(&cursor, bytes) }
        case .dictionary(var dictionary):
            while try cursor.more(&dictionary, bytes) {
                _ = cursor.string(try cursor.key(bytes), bytes)
                try walk(&cursor, bytes)
            }
        }
    }

    /// What is wrong with a value's way through the other serializers and back; nil when nothing is.
    ///
    /// Compared are values, as far as the serializers can carry them: see `throughJSON`.
    static func transcodingDifference(_ bytes: [UInt8], _ serializer: Serializer) -> String? {
        guard let value = try? Value.decode(bytes, serializer) else { return nil }
        for other in Serializer.allCases {
            do throws(WireError) {
                var writer = ValueWriter(other)
                var cursor = Cursor(serializer)
                let range = try cursor.skip(bytes.span)
                try Transcoder.transcode(bytes.span, range, from: serializer, into: &writer)
                let there = try Value.decode(writer.bytes, other)
                let isLossless = serializer == other || other != .json
                guard isSame(there, isLossless ? value : throughJSON(value)) else {
                    return "\(serializer.name) to \(other.name): \(value) became \(there)"
                }
                let encoded = try Value.decode(value.encoded(other), other)
                guard isSame(encoded, other == .json ? throughJSON(value) : value) else {
                    return "encoded as \(other.name): \(value) became \(encoded)"
                }
            } catch {
                return "\(serializer.name) to \(other.name): \(error)"
            }
        }
        return nil
    }

    /// Equal, where no number equals itself.
    static func isSame(_ left: Value, _ right: Value) -> Bool {
        switch (left, right) {
        case (.double(let left), .double(let right)):
            left.isNaN ? right.isNaN : left == right && left.sign == right.sign
        case (.list(let left), .list(let right)):
            left.count == right.count && zip(left, right).allSatisfy(isSame)
        case (.dictionary(let left), .dictionary(let right)):
            left.count == right.count
                && left.allSatisfy { key, value in right[key].map { isSame(value, $0) } ?? false }
        default: left == right
        }
    }

    /// What is left of a value that was written as JSON: no infinities, and a string that begins with NUL is its bytes.
    static func throughJSON(_ value: Value) -> Value {
        switch value {
        case .double(let number): number.isFinite ? value : .null
        case .string(let text): text.utf8.first == 0 ? .bytes(Array(text.utf8)) : value
        case .list(let elements): .list(elements.map(throughJSON))
        case .dictionary(let entries): .dictionary(entries.mapValues(throughJSON))
        default: value
        }
    }
}
