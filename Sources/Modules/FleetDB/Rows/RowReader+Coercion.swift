// What a value becomes in a column of a given type: the vendor's rules, which are JavaScript's. What cannot be read
// as the type is NULL.

import WAMP

extension RowReader {
    @inline(__always)
    mutating func coerce(_ slot: Slot, _ dataType: DataType, _ payload: Payload) throws(WireError) -> Cell {
        guard let token = slot.token else { return .absent }
        switch (token, dataType) {
        case (.null, _):
            return .null
        case (.integer(let value), .numeric):
            return .real(Double(value))
        case (.integer(let value), .bigint), (.integer(let value), .timestamp):
            return .integer(value)
        case (.double(let value), .numeric):
            return value.isFinite ? .real(value) : .null
        case (.string(let text), .string):
            guard text.isEscaped else { return .text(TextPlace(source: slot.source, range: text.range)) }
            return keep(unescaped(text, slot.source, payload))
        case (.bool(let value), .boolean):
            return .integer(value ? 1 : 0)
        case (_, .json):
            return try json(slot, payload)
        case (.string(let text), .timestamp) where !text.isEscaped:
            return timestamp(text.range, slot.source, payload)
        default:
            return uncommon(token, dataType, slot.source, payload)
        }
    }

    /// A text that stands for a value of the type.
    mutating func coerce(text: String, _ dataType: DataType) -> Cell {
        switch dataType {
        case .string: return keep(text.utf8)
        case .json: return keep(Value.string(text).encoded(.json))
        case .numeric: return JavaScriptNumber.number(text).map(Cell.real) ?? .null
        case .bigint: return JavaScriptNumber.integer(text).map(Cell.integer) ?? .null
        case .timestamp: return Timestamp.parse(text).map(Cell.integer) ?? .null
        case .boolean: return text == "true" ? .integer(1) : text == "false" ? .integer(0) : .null
        }
    }

    /// Number(value), as far as it is a whole number: what `DEVICE_KEY` is.
    func number(of slot: Slot, _ payload: Payload) -> Int64? {
        switch slot.token {
        case .integer(let value): return value
        case .double(let value): return Int64(exactly: value)
        case .string(let text):
            if let integer = digits(text, slot.source, payload) { return integer }
            let text = String(streamSafe: unescaped(text, slot.source, payload).span)
            if let integer = JavaScriptNumber.integer(text) { return integer }
            guard !JavaScriptNumber.trim(text).isEmpty else { return nil }
            return JavaScriptNumber.number(text).flatMap(Int64.init(exactly:))
        default: return nil
        }
    }

    /// A text that is digits alone, few enough for any `Int64`: what SDKs send as `DEVICE_KEY` with every row.
    private func digits(_ text: StringToken, _ source: TextPlace.Source, _ payload: Payload) -> Int64? {
        guard !text.isEscaped, (1...18).contains(text.range.count) else { return nil }
        let bytes =
            source == .argumentsKw
            ? payload.argumentsKw.span.extracting(text.range.range)
            : payload.arguments.span.extracting(text.range.range)
        var value: Int64 = 0
        for index in bytes.indices {
            let digit = bytes[index] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            value = value * 10 + Int64(digit)
        }
        return value
    }

    private mutating func uncommon(
        _ token: Token, _ dataType: DataType, _ source: TextPlace.Source, _ payload: Payload
    ) -> Cell {
        switch token {
        case .string(let text):
            // A text is kept as it is.
            guard dataType != .string else { return keep(unescaped(text, source, payload)) }
            return coerce(text: String(streamSafe: unescaped(text, source, payload).span), dataType)
        case .integer(let value):
            return scalar(Double(value), text: String(value), dataType)
        case .unsigned(let value):
            return dataType == .numeric ? .real(Double(value)) : scalar(Double(value), text: String(value), dataType)
        case .double(let value):
            return scalar(value, text: JavaScriptNumber.text(value), dataType)
        case .bool(let value):
            switch dataType {
            case .numeric: return .real(value ? 1 : 0)
            case .string: return keep((value ? "true" : "false").utf8)
            default: return .null
            }
        case .null, .bytes, .list, .dictionary:
            return .null
        }
    }

    /// A number in a column that is not numeric.
    private mutating func scalar(_ value: Double, text: String, _ dataType: DataType) -> Cell {
        switch dataType {
        case .string: return keep(text.utf8)
        case .boolean: return value == 1 ? .integer(1) : value == 0 ? .integer(0) : .null
        case .bigint: return Int64(exactly: value).map(Cell.integer) ?? .null
        case .timestamp: return Int64(exactly: value.rounded(.down)).map(Cell.integer) ?? .null
        case .numeric, .json: return .null
        }
    }

    private func timestamp(_ range: ByteRange, _ source: TextPlace.Source, _ payload: Payload) -> Cell {
        let milliseconds =
            source == .argumentsKw
            ? Timestamp.parse(payload.argumentsKw.span.extracting(range.range))
            : Timestamp.parse(payload.arguments.span.extracting(range.range))
        return milliseconds.map(Cell.integer) ?? .null
    }

    /// A json column keeps JSON text, whatever the value is. JSON that comes as JSON is kept as it is.
    private mutating func json(_ slot: Slot, _ payload: Payload) throws(WireError) -> Cell {
        if payload.serializer == .json {
            return .text(TextPlace(source: slot.source, range: slot.range))
        }
        var writer = ValueWriter(.json)
        if slot.source == .argumentsKw {
            try Transcoder.transcode(
                payload.argumentsKw.span, slot.range, from: payload.serializer, into: &writer)
        } else {
            try Transcoder.transcode(payload.arguments.span, slot.range, from: payload.serializer, into: &writer)
        }
        return keep(writer.bytes)
    }

    private func unescaped(_ text: StringToken, _ source: TextPlace.Source, _ payload: Payload) -> [UInt8] {
        let cursor = Cursor(payload.serializer)
        return source == .argumentsKw
            ? cursor.unescaped(text, payload.argumentsKw.span) : cursor.unescaped(text, payload.arguments.span)
    }
}
