/// The bytes that JSON is made of (RFC 8259).
enum JSON {
    static let quote = UInt8(ascii: "\"")
    static let backslash = UInt8(ascii: "\\")
    static let comma = UInt8(ascii: ",")
    static let colon = UInt8(ascii: ":")
    static let listStart = UInt8(ascii: "[")
    static let listEnd = UInt8(ascii: "]")
    static let dictionaryStart = UInt8(ascii: "{")
    static let dictionaryEnd = UInt8(ascii: "}")
    static let minus = UInt8(ascii: "-")
    static let zero = UInt8(ascii: "0")

    // The literals, their first byte in the lowest bits.
    static let null: UInt64 = 0x6C_6C_75_6E
    static let `true`: UInt64 = 0x65_75_72_74
    static let `false`: UInt64 = 0x65_73_6C_61_66

    /// How a string begins that stands for bytes: an escaped NUL, then base64 (WAMP "Binary support of JSON").
    static let binaryPrefixCount = 6

    @inline(__always)
    static func isSpace(_ byte: UInt8) -> Bool {
        byte <= 0x20 && (byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09)
    }

    @inline(__always)
    static func isDigit(_ byte: UInt8) -> Bool { byte &- zero <= 9 }

    /// The value of a hexadecimal digit; nil for anything else.
    @inline(__always)
    static func hexValue(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte &- zero)
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte &- UInt8(ascii: "a") &+ 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte &- UInt8(ascii: "A") &+ 10)
        default: nil
        }
    }
}
