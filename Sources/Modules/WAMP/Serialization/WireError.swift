/// Bytes that are no WAMP message, by kind and place. Never echoes the bytes.
package struct WireError: Error, Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        /// The bytes end inside a value.
        case truncated
        /// Bytes follow the end of the message.
        case trailingBytes
        case invalidUTF8
        case invalidNumber
        case invalidString
        case nestedTooDeep
        /// A type that WAMP has no use for (a MessagePack extension, a CBOR simple value, …).
        case unsupportedType
        /// A dictionary key that is not a string, or that is there twice where that is refused.
        case invalidKey
        /// Any other violation of the serializer's grammar.
        case malformed
        /// Well-formed, but not a message: wrong element count, wrong type of an element, unknown code.
        case invalidMessage
    }
    package var kind: Kind
    /// The offset of the first byte that does not fit.
    package var offset: Int

    package init(_ kind: Kind, at offset: Int) {
        self.kind = kind
        self.offset = offset
    }
}
