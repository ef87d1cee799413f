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

    /// - Parameter contents: of a string; its length is the argument.
    @inline(__always)
    static func append(
        _ major: Major, _ argument: UInt64, contents: Span<UInt8> = Span(), to result: inout [UInt8]
    ) {
        let head = major.rawValue
        let width: Int
        let info: UInt8
        switch argument {
        case 0..<24: (width, info) = (0, UInt8(truncatingIfNeeded: argument))
        case 0..<0x100: (width, info) = (1, 24)
        case 0..<0x1_0000: (width, info) = (2, 25)
        case 0..<0x1_0000_0000: (width, info) = (4, 26)
        default: (width, info) = (8, 27)
        }
        result.append(head: head | info, argument: argument, width: width, contents: contents)
    }

    static func append(_ major: Major, _ contents: Span<UInt8>, to result: inout [UInt8]) {
        append(major, UInt64(contents.count.magnitude), contents: contents, to: &result)
    }
}
