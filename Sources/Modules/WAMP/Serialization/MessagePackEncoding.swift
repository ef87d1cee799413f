/// MessagePack, always in the shortest form.
enum MessagePackEncoding {
    enum Container {
        case list, dictionary
    }

    static func append(_ value: UInt64, to result: inout [UInt8]) {
        switch value {
        case 0..<0x80: result.append(UInt8(value))
        case 0..<0x100: BigEndian.append(0xCC, UInt8(value), to: &result)
        case 0..<0x1_0000: BigEndian.append(0xCD, UInt16(value), to: &result)
        case 0..<0x1_0000_0000: BigEndian.append(0xCE, UInt32(value), to: &result)
        default: BigEndian.append(0xCF, value, to: &result)
        }
    }

    static func append(negative value: Int64, to result: inout [UInt8]) {
        switch value {
        case -32...0: result.append(UInt8(truncatingIfNeeded: value))
        case -0x80...0: BigEndian.append(0xD0, UInt8(truncatingIfNeeded: value), to: &result)
        case -0x8000...0: BigEndian.append(0xD1, UInt16(truncatingIfNeeded: value), to: &result)
        case -0x8000_0000...0: BigEndian.append(0xD2, UInt32(truncatingIfNeeded: value), to: &result)
        default: BigEndian.append(0xD3, UInt64(bitPattern: value), to: &result)
        }
    }

    static func append(_ container: Container, _ count: UInt64, to result: inout [UInt8]) {
        let isList = container == .list
        switch count {
        case 0..<0x10: result.append((isList ? 0x90 : 0x80) | UInt8(count))
        case 0..<0x1_0000: BigEndian.append(isList ? 0xDC : 0xDE, UInt16(count), to: &result)
        default: BigEndian.append(isList ? 0xDD : 0xDF, UInt32(clamping: count), to: &result)
        }
    }

    static func append(text: Span<UInt8>, to result: inout [UInt8]) {
        switch text.count {
        case 0..<0x20: result.append(0xA0 | UInt8(text.count))
        case 0..<0x100: BigEndian.append(0xD9, UInt8(text.count), to: &result)
        case 0..<0x1_0000: BigEndian.append(0xDA, UInt16(text.count), to: &result)
        default: BigEndian.append(0xDB, UInt32(clamping: text.count), to: &result)
        }
        text.withUnsafeBufferPointer { unsafe result.append(contentsOf: $0) }
    }

    static func append(binary: Span<UInt8>, to result: inout [UInt8]) {
        switch binary.count {
        case 0..<0x100: BigEndian.append(0xC4, UInt8(binary.count), to: &result)
        case 0..<0x1_0000: BigEndian.append(0xC5, UInt16(binary.count), to: &result)
        default: BigEndian.append(0xC6, UInt32(clamping: binary.count), to: &result)
        }
        binary.withUnsafeBufferPointer { unsafe result.append(contentsOf: $0) }
    }
}
