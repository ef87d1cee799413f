/// Byte strings as cryptosign and the SCRAM settings write them: two hexadecimal digits for each byte.
package enum Hexadecimal {
    /// In lower case.
    package static func encode(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 0xF)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Nil when the text is not exactly so many bytes.
    package static func decode(_ text: String, byteCount: Int) -> [UInt8]? {
        text.utf8.count == byteCount * 2 ? decode(text) : nil
    }

    /// Nil when a letter is no digit, or one of a pair is missing.
    package static func decode(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var high: UInt8?
        for letter in text.utf8 {
            guard let digit = digit(letter) else { return nil }
            if let first = high {
                bytes.append(first << 4 | digit)
                high = nil
            } else {
                high = digit
            }
        }
        return high == nil ? bytes : nil
    }

    private static func digit(_ letter: UInt8) -> UInt8? {
        switch letter {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): letter &- UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): letter &- UInt8(ascii: "a") &+ 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): letter &- UInt8(ascii: "A") &+ 10
        default: nil
        }
    }
}
