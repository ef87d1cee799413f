/// MessagePack, always in the shortest form.
enum MessagePackEncoding {
    static func append(_ value: UInt64, to result: inout [UInt8]) {
        switch value {
        case 0..<0x80: result.append(head: UInt8(truncatingIfNeeded: value))
        case 0..<0x100: result.append(head: 0xCC, argument: value, width: 1)
        case 0..<0x1_0000: result.append(head: 0xCD, argument: value, width: 2)
        case 0..<0x1_0000_0000: result.append(head: 0xCE, argument: value, width: 4)
        default: result.append(head: 0xCF, argument: value, width: 8)
        }
    }

    static func append(negative value: Int64, to result: inout [UInt8]) {
        let bits = UInt64(bitPattern: value)
        switch value {
        case -32...0: result.append(head: UInt8(truncatingIfNeeded: bits))
        case -0x80...0: result.append(head: 0xD0, argument: bits, width: 1)
        case -0x8000...0: result.append(head: 0xD1, argument: bits, width: 2)
        case -0x8000_0000...0: result.append(head: 0xD2, argument: bits, width: 4)
        default: result.append(head: 0xD3, argument: bits, width: 8)
        }
    }

    /// The header of a list or a dictionary. Nothing in memory has more than 2^32 elements.
    static func append(_ isDictionary: Bool, _ count: Int, to result: inout [UInt8]) {
        let argument = UInt64(count.magnitude)
        switch argument {
        case 0..<0x10: result.append(head: (isDictionary ? 0x80 : 0x90) | UInt8(truncatingIfNeeded: argument))
        case 0..<0x1_0000: result.append(head: isDictionary ? 0xDE : 0xDC, argument: argument, width: 2)
        default: result.append(head: isDictionary ? 0xDF : 0xDD, argument: argument, width: 4)
        }
    }

    static func append(text: Span<UInt8>, to result: inout [UInt8]) {
        let length = UInt64(text.count.magnitude)
        switch length {
        case 0..<0x20: result.append(head: 0xA0 | UInt8(truncatingIfNeeded: length), contents: text)
        case 0..<0x100: result.append(head: 0xD9, argument: length, width: 1, contents: text)
        case 0..<0x1_0000: result.append(head: 0xDA, argument: length, width: 2, contents: text)
        default: result.append(head: 0xDB, argument: length, width: 4, contents: text)
        }
    }

    static func append(binary: Span<UInt8>, to result: inout [UInt8]) {
        let length = UInt64(binary.count.magnitude)
        switch length {
        case 0..<0x100: result.append(head: 0xC4, argument: length, width: 1, contents: binary)
        case 0..<0x1_0000: result.append(head: 0xC5, argument: length, width: 2, contents: binary)
        default: result.append(head: 0xC6, argument: length, width: 4, contents: binary)
        }
    }
}
