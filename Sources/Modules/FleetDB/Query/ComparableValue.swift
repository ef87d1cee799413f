// How filters read values: the same rules for what a request compares with and for what lies inside a json column.
// nil means that the value cannot be read as that type; a comparison with it is neither true nor false.

import WAMP

/// A value that SQLite compares as its type wants it: texts byte by byte, timestamps as milliseconds, booleans as 0, 1.
enum ComparableValue: Sendable, Hashable {
    case integer(Int64)
    case real(Double)
    case text(String)
    /// A json value, compared whole.
    case json(Value)

    init?(_ value: Value?, as dataType: DataType) {
        guard let value, value != .null else { return nil }
        let read: ComparableValue? =
            switch dataType {
            case .string: Self.scalarText(value).map(ComparableValue.text)
            case .numeric: Self.number(value)
            case .bigint: Self.wholeNumber(value)
            case .boolean: Self.boolean(value).map { .integer($0 ? 1 : 0) }
            case .timestamp: Self.timestamp(value)
            case .json: Self.json(value).map(ComparableValue.json)
            }
        guard let read else { return nil }
        self = read
    }

    /// The type that a leaf of a json column is compared as when the request names none: that of the value.
    static func inferredType(_ value: Value?) -> DataType {
        switch value {
        case .bool: return .boolean
        case .integer, .unsigned, .double: return .numeric
        case .list, .dictionary: return .json
        case .string(let text):
            let trimmed = JavaScriptNumber.trim(text)
            if trimmed.first == "{" || trimmed.first == "[", json(.string(text)) != nil { return .json }
            if ["true", "false"].contains(trimmed.lowercased()) { return .boolean }
            return JavaScriptNumber.isDecimal(trimmed) ? .numeric : .string
        case .null, .bytes, nil: return .string
        }
    }

    /// `String(value)`; nil for what is no scalar.
    static func scalarText(_ value: Value) -> String? {
        switch value {
        case .bool(let bool): bool ? "true" : "false"
        case .integer(let integer): String(integer)
        case .unsigned(let unsigned): String(unsigned)
        case .double(let double): JavaScriptNumber.text(double)
        case .string(let string): string
        case .null, .bytes, .list, .dictionary: nil
        }
    }

    private static func number(_ value: Value) -> ComparableValue? {
        switch value {
        case .integer(let integer): return .integer(integer)
        case .unsigned(let unsigned): return .real(Double(unsigned))
        case .double(let double): return double.isFinite ? .real(double) : nil
        case .string(let text):
            let trimmed = JavaScriptNumber.trim(text)
            guard JavaScriptNumber.isDecimal(trimmed) else { return nil }
            if let integer = Int64(trimmed) { return .integer(integer) }
            guard let double = Double(trimmed), double.isFinite else { return nil }
            return .real(double)
        default: return nil
        }
    }

    private static func wholeNumber(_ value: Value) -> ComparableValue? {
        switch value {
        case .integer(let integer): return .integer(integer)
        case .unsigned(let unsigned): return .real(Double(unsigned))
        case .double(let double):
            guard double.isFinite, double.rounded() == double else { return nil }
            return Int64(exactly: double).map(ComparableValue.integer) ?? .real(double)
        case .string(let text):
            let trimmed = JavaScriptNumber.trim(text)
            guard trimmed.utf8.allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2B || $0 == 0x2D }) else {
                return nil
            }
            return Int64(trimmed).map(ComparableValue.integer)
        default: return nil
        }
    }

    private static func boolean(_ value: Value) -> Bool? {
        switch value {
        case .bool(let bool): return bool
        case .integer, .unsigned, .double:
            return value.integer == 1 ? true : value.integer == 0 ? false : nil
        case .string(let text):
            let word = JavaScriptNumber.trim(text).lowercased()
            if word == "on" || word == "1" { return true }
            if word == "off" || word == "of" || word == "0" { return false }
            guard !word.isEmpty else { return nil }
            if "true".hasPrefix(word) || "yes".hasPrefix(word) { return true }
            return "false".hasPrefix(word) || "no".hasPrefix(word) ? false : nil
        default: return nil
        }
    }

    private static func timestamp(_ value: Value) -> ComparableValue? {
        switch value {
        case .integer(let integer): return .integer(integer)
        case .unsigned(let unsigned): return .real(Double(unsigned))
        case .double(let double): return double.isFinite ? .real(double) : nil
        case .string(let text):
            let trimmed = String(JavaScriptNumber.trim(text))
            if let integer = Int64(trimmed), trimmed.utf8.count > 4 { return .integer(integer) }
            return (Timestamp.parse(trimmed) ?? dayFirst(trimmed)).map(ComparableValue.integer)
        default: return nil
        }
    }

    /// `24.12.2026` and `24/12/2026 08:00`, as people type dates into a filter.
    private static func dayFirst(_ text: String) -> Int64? {
        let parts = text.split(maxSplits: 1, whereSeparator: { $0 == " " || $0 == "T" })
        guard let date = parts.first?.split(whereSeparator: { $0 == "." || $0 == "/" }), date.count == 3,
            (1...2).contains(date[0].count), (1...2).contains(date[1].count), date[2].count == 4
        else { return nil }
        let padded = date.prefix(2).map { $0.count == 1 ? "0" + $0 : String($0) }
        let time = parts.count > 1 ? "T" + parts[1] : ""
        return Timestamp.parse("\(date[2])-\(padded[1])-\(padded[0])\(time)")
    }

    private static func json(_ value: Value) -> Value? {
        guard case .string(let text) = value else { return value }
        return try? Value.decode(Array(text.utf8).span, .json)
    }
}
