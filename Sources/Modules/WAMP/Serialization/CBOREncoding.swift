/// CBOR, always with a length and in the shortest form (RFC 8949 "Preferred Serialization", but doubles stay doubles).
enum CBOREncoding {
    /// The major type, in its place in the first byte.
    enum Major: UInt8 {
        case unsigned = 0x00
        case negative = 0x20
        case bytes = 0x40
        case text = 0x60
        case list = 0x80
        case dictionary = 0xA0
    }

    static func append(_ major: Major, _ argument: UInt64, to result: inout [UInt8]) {
        let head = major.rawValue
        switch argument {
        case 0..<24: result.append(head | UInt8(argument))
        case 0..<0x100: BigEndian.append(head | 24, UInt8(argument), to: &result)
        case 0..<0x1_0000: BigEndian.append(head | 25, UInt16(argument), to: &result)
        case 0..<0x1_0000_0000: BigEndian.append(head | 26, UInt32(argument), to: &result)
        default: BigEndian.append(head | 27, argument, to: &result)
        }
    }

    static func append(_ major: Major, _ contents: Span<UInt8>, to result: inout [UInt8]) {
        append(major, UInt64(contents.count), to: &result)
        contents.withUnsafeBufferPointer { unsafe result.append(contentsOf: $0) }
    }
}
