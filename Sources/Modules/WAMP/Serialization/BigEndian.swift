/// Big-endian integers after a first byte, as MessagePack and CBOR write them.
enum BigEndian {
    @inline(__always)
    static func append<Integer: FixedWidthInteger & UnsignedInteger>(
        _ head: UInt8, _ value: Integer, to result: inout [UInt8]
    ) {
        result.append(addingCapacity: 1 + MemoryLayout<Integer>.size) { span in
            span.append(head)
            var shift = Integer.bitWidth
            while shift > 0 {
                shift -= 8
                span.append(UInt8(truncatingIfNeeded: value >> Integer(shift)))
            }
        }
    }
}
