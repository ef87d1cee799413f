extension Value {
    /// The one value that `bytes` are, with nothing after it.
    package static func decode(
        _ bytes: Span<UInt8>, _ serializer: Serializer, depthMax: Int = Cursor.depthLimit
    ) throws(WireError) -> Value {
        var cursor = Cursor(serializer, depthMax: depthMax)
        let value = try decode(&cursor, bytes)
        try cursor.end(bytes)
        return value
    }

    /// The one value that `bytes` are, with nothing after it.
    package static func decode(_ bytes: [UInt8], _ serializer: Serializer) throws(WireError) -> Value {
        try decode(bytes.span, serializer)
    }

    /// The value that comes next at a cursor. Recursion ends with the cursor's depth.
    package static func decode(_ cursor: inout Cursor, _ bytes: Span<UInt8>) throws(WireError) -> Value {
        switch try cursor.next(bytes) {
        case .null: return .null
        case .bool(let value): return .bool(value)
        case .integer(let value): return .integer(value)
        case .unsigned(let value): return .unsigned(value)
        case .double(let value): return .double(value)
        case .string(let token): return .string(cursor.string(token, bytes))
        case .bytes(let token): return .bytes(cursor.unescaped(token, bytes))
        case .list(var list):
            // The count is a peer's word: it saves growing step by step, but no more than a little is taken on it.
            var elements: [Value] = []
            elements.reserveCapacity(min(list.count ?? 0, 16))
            while try cursor.more(&list, bytes) { elements.append(try decode(&cursor, bytes)) }
            return .list(elements)
        case .dictionary(var dictionary):
            var entries = [String: Value](minimumCapacity: min(dictionary.count ?? 0, 16))
            while try cursor.more(&dictionary, bytes) {
                let key = try cursor.key(bytes)
                entries[cursor.string(key, bytes)] = try decode(&cursor, bytes)
            }
            return .dictionary(entries)
        }
    }

    /// The value in bytes. Dictionaries come in no particular order.
    package func encoded(_ serializer: Serializer) -> [UInt8] {
        var writer = ValueWriter(serializer)
        writer.value(self)
        return writer.bytes
    }
}
