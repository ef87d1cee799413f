/// Appends encoded values to bytes of its own.
///
/// One writer serves many messages: take `bytes`, `reset()`, go on; the memory stays. Containers are opened and closed,
/// and a writer does not check that what lies between makes sense (a key before each value of a dictionary, as
/// many elements as announced): that is the caller's part, and the fuzz targets'. JSON's commas are the writer's.
///
/// Everything has a form in every serializer. What JSON has no number for (an infinity, no number at all) is null there;
/// bytes, and a string that begins with NUL and so would be taken for bytes, are base64 after an escaped NUL.
package struct ValueWriter: Sendable {
    /// What was written. Bytes may also be put here directly, ahead of a value (a frame header, say).
    package var bytes: [UInt8] = []
    package let serializer: Serializer
    /// Whether JSON wants a comma before the next value or key.
    fileprivate var needsComma = false

    package init(_ serializer: Serializer) { self.serializer = serializer }

    /// Empties the writer and keeps its memory.
    package mutating func reset() {
        bytes.removeAll(keepingCapacity: true)
        needsComma = false
    }

    // MARK: Scalars

    package mutating func null() {
        switch serializer {
        case .json: JSONEncoding.append(lead(), JSON.null, 4, to: &bytes)
        case .messagePack: bytes.append(head: 0xC0)
        case .cbor: bytes.append(head: 0xF6)
        }
    }

    package mutating func bool(_ value: Bool) {
        switch serializer {
        case .json: JSONEncoding.append(lead(), value ? JSON.true : JSON.false, value ? 4 : 5, to: &bytes)
        case .messagePack: bytes.append(head: value ? 0xC3 : 0xC2)
        case .cbor: bytes.append(head: value ? 0xF5 : 0xF4)
        }
    }

    package mutating func integer(_ value: Int64) {
        guard value < 0 else { return unsigned(value.magnitude) }
        switch serializer {
        case .json: JSONEncoding.append(lead().followed(by: JSON.minus), value.magnitude, to: &bytes)
        case .messagePack: MessagePackEncoding.append(negative: value, to: &bytes)
        case .cbor: CBOREncoding.append(.negative, UInt64(bitPattern: ~value), to: &bytes)
        }
    }

    package mutating func unsigned(_ value: UInt64) {
        switch serializer {
        case .json: JSONEncoding.append(lead(), value, to: &bytes)
        case .messagePack: MessagePackEncoding.append(value, to: &bytes)
        case .cbor: CBOREncoding.append(.unsigned, value, to: &bytes)
        }
    }

    /// A double stays a double: `1.0` in JSON, eight bytes elsewhere.
    package mutating func double(_ value: Double) {
        switch serializer {
        case .json: if value.isFinite { JSONEncoding.append(lead(), value, to: &bytes) } else { null() }
        case .messagePack: bytes.append(head: 0xCB, argument: value.bitPattern, width: 8)
        case .cbor: bytes.append(head: 0xFB, argument: value.bitPattern, width: 8)
        }
    }

    package mutating func string(_ value: String) {
        var value = value
        value.withUTF8 { string(utf8: $0.span) }
    }

    /// - Parameter utf8: UTF-8, as every `StringToken` of a text is.
    package mutating func string(utf8: Span<UInt8>) {
        switch serializer {
        case .json:
            if utf8.count > 0, utf8[0] == 0 {
                JSONEncoding.append(lead(), binary: utf8, to: &bytes)
            } else {
                JSONEncoding.append(lead(), text: utf8, to: &bytes)
            }
        case .messagePack: MessagePackEncoding.append(text: utf8, to: &bytes)
        case .cbor: CBOREncoding.append(.text, utf8, to: &bytes)
        }
    }

    /// A byte string.
    package mutating func bytes(_ value: Span<UInt8>) {
        switch serializer {
        case .json: JSONEncoding.append(lead(), binary: value, to: &bytes)
        case .messagePack: MessagePackEncoding.append(binary: value, to: &bytes)
        case .cbor: CBOREncoding.append(.bytes, value, to: &bytes)
        }
    }

    // MARK: Containers

    /// - Parameter count: exactly the elements that follow up to `endList`.
    package mutating func beginList(_ count: Int) {
        switch serializer {
        case .json: JSONEncoding.append(lead(), UInt64(JSON.listStart), 1, to: &bytes)
        case .messagePack: MessagePackEncoding.append(false, count, to: &bytes)
        case .cbor: CBOREncoding.append(.list, UInt64(count.magnitude), to: &bytes)
        }
        needsComma = false
    }

    package mutating func endList() {
        if serializer == .json { bytes.append(JSON.listEnd) }
        needsComma = true
    }

    /// - Parameter count: exactly the entries (a key and a value each) that follow up to `endDictionary`.
    package mutating func beginDictionary(_ count: Int) {
        switch serializer {
        case .json: JSONEncoding.append(lead(), UInt64(JSON.dictionaryStart), 1, to: &bytes)
        case .messagePack: MessagePackEncoding.append(true, count, to: &bytes)
        case .cbor: CBOREncoding.append(.dictionary, UInt64(count.magnitude), to: &bytes)
        }
        needsComma = false
    }

    package mutating func endDictionary() {
        if serializer == .json { bytes.append(JSON.dictionaryEnd) }
        needsComma = true
    }

    package mutating func key(_ key: StaticString) {
        // A literal outlives every call.
        let utf8 = unsafe UnsafeBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount)
        self.key(utf8: unsafe utf8.span)
    }

    package mutating func key(_ key: String) {
        var key = key
        key.withUTF8 { self.key(utf8: $0.span) }
    }

    /// - Parameter utf8: UTF-8, as every `StringToken` of a key is.
    package mutating func key(utf8: Span<UInt8>) {
        switch serializer {
        case .json:
            JSONEncoding.append(lead(), text: utf8, isKey: true, to: &bytes)
            needsComma = false
        case .messagePack: MessagePackEncoding.append(text: utf8, to: &bytes)
        case .cbor: CBOREncoding.append(.text, utf8, to: &bytes)
        }
    }

    /// A key that is encoded already.
    ///
    /// - Parameter encoded: what `key` has written as the first of an empty writer of the same serializer.
    package mutating func key(encoded: Span<UInt8>) {
        guard serializer == .json else { return bytes.append(encoded) }
        JSONEncoding.append(lead(), encoded, to: &bytes)
        needsComma = false
    }

    // MARK: Whole values

    /// A value that is encoded already.
    ///
    /// - Parameter encoded: one well-formed value of the same serializer.
    package mutating func raw(_ encoded: Span<UInt8>) {
        guard serializer == .json else { return bytes.append(encoded) }
        JSONEncoding.append(lead(), encoded, to: &bytes)
    }

    package mutating func value(_ value: Value) {
        switch value {
        case .null: null()
        case .bool(let value): bool(value)
        case .integer(let value): integer(value)
        case .unsigned(let value): unsigned(value)
        case .double(let value): double(value)
        case .string(let value): string(value)
        case .bytes(let value): bytes(value.span)
        case .list(let elements):
            beginList(elements.count)
            for element in elements { self.value(element) }
            endList()
        case .dictionary(let entries):
            beginDictionary(entries.count)
            for (key, value) in entries {
                self.key(key)
                self.value(value)
            }
            endDictionary()
        }
    }

    /// What JSON wants before the next value or key.
    @inline(__always)
    private mutating func lead() -> JSONEncoding.Lead {
        let comma = needsComma && !bytes.isEmpty
        needsComma = true
        return JSONEncoding.Lead(comma: comma)
    }
}

extension ValueWriter {
    /// How far a writer is, to go back to when what was begun cannot be ended.
    package struct Mark {
        fileprivate let count: Int
        fileprivate let needsComma: Bool
    }

    package var mark: Mark { Mark(count: bytes.count, needsComma: needsComma) }

    package mutating func goBack(to mark: Mark) {
        bytes.removeLast(max(0, bytes.count - mark.count))
        needsComma = mark.needsComma
    }
}

// MARK: Containers whose count is known only at their end

extension ValueWriter {
    /// A container that was opened without its count.
    struct Unsized {
        /// Where its header (one byte, so far) stands.
        fileprivate let offset: Int
        fileprivate let isDictionary: Bool
    }

    /// Opens a list or dictionary; `end` tells how many elements or entries it got.
    mutating func beginUnsized(isDictionary: Bool) -> Unsized {
        if isDictionary { beginDictionary(0) } else { beginList(0) }
        return Unsized(offset: bytes.count - 1, isDictionary: isDictionary)
    }

    /// Closes a container. A count that does not fit into the one byte left for it moves the contents.
    mutating func end(_ container: Unsized, count: Int) {
        if container.isDictionary { endDictionary() } else { endList() }
        var header: [UInt8] = []
        switch serializer {
        case .json: return
        case .messagePack where count < 16, .cbor where count < 24:
            // The header of an empty container, plus the count.
            bytes[container.offset] |= UInt8(truncatingIfNeeded: count)
            return
        case .messagePack: MessagePackEncoding.append(container.isDictionary, count, to: &header)
        case .cbor:
            CBOREncoding.append(container.isDictionary ? .dictionary : .list, UInt64(count.magnitude), to: &header)
        }
        bytes.replaceSubrange(container.offset...container.offset, with: header)
    }
}
