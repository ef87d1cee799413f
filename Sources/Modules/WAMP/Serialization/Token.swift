/// What a `Cursor` finds next: a scalar, or the opening of a container.
///
/// Integers are exact: `integer` holds everything that fits `Int64`, `unsigned` only what does not. What fits neither
/// (a longer JSON integer, a CBOR integer below `Int64.min`) is a `double`.
package enum Token: Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case unsigned(UInt64)
    case double(Double)
    case string(StringToken)
    case bytes(StringToken)
    case list(Container)
    case dictionary(Container)
}

/// A string or a byte string, where it lies in the frame: checked, not copied.
package struct StringToken: Sendable, Hashable, BitwiseCopyable {
    /// How the bytes in `range` stand for the contents.
    enum Form: UInt8, Sendable {
        /// They are the contents.
        case plain
        /// JSON text with escapes.
        case escapedText
        /// JSON text (escapes allowed) of base64: WAMP's convention for byte strings in JSON, the leading NUL left out.
        case base64
        /// CBOR chunks, headers included, the closing break left out.
        case chunks
    }

    /// The contents without quotes or header.
    package var range: ByteRange
    let form: Form

    @inline(__always)
    init(_ lowerBound: Int, _ upperBound: Int, _ form: Form = .plain) {
        range = ByteRange(lowerBound, upperBound)
        self.form = form
    }

    /// A text that lies in `range`, with JSON escapes or without.
    package init(range: ByteRange, isEscaped: Bool) {
        self.range = range
        form = isEscaped ? .escapedText : .plain
    }

    /// Whether the bytes in `range` are something else than the contents (escapes, base64, chunks): then only
    /// `Cursor.string` and `Cursor.unescaped` tell the contents.
    package var isEscaped: Bool { form != .plain }
}

/// A list or a dictionary that a `Cursor` has entered; `Cursor.more` walks it.
package struct Container: Sendable, BitwiseCopyable {
    enum Form: UInt8, Sendable {
        /// The header says how many elements there are.
        case counted
        /// JSON, up to `]`.
        case jsonList
        /// JSON, up to `}`.
        case jsonDictionary
        /// CBOR of indefinite length, up to the break.
        case indefinite
    }

    let form: Form
    /// Whether no element was asked for yet; JSON has no comma before the first.
    var isFirst = true
    /// Elements (of a list) or entries (of a dictionary) yet to come; counted containers only.
    var remaining: Int

    @inline(__always)
    init(_ form: Form, remaining: Int = 0) {
        self.form = form
        self.remaining = remaining
    }

    /// A container that has nothing in it, for a variable that waits for one.
    package init() { self.init(.counted) }

    /// How many elements or entries are to come, when the serializer says so in advance. Never more than the frame has
    /// bytes left.
    package var count: Int? { form == .counted ? remaining : nil }
}
