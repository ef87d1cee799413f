// The two ways to read more than a byte at once. Both are checked here or by the guard that stands right before the
// call, never further away.

extension Span<UInt8> {
    /// Eight bytes, the first in the lowest bits.
    ///
    /// - Precondition: `0 <= offset && offset + 8 <= count`. The caller has just checked it; this does not.
    @inline(__always)
    func word(at offset: Int) -> UInt64 {
        unsafe UInt64(littleEndian: self.bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self))
    }

    /// A big-endian integer, as MessagePack and CBOR have them.
    @inline(__always)
    func bigEndian<Integer: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        _ offset: Int, _ type: Integer.Type
    ) throws(WireError) -> Integer {
        guard offset >= 0, offset <= count - MemoryLayout<Integer>.size else { throw WireError(.truncated, at: count) }
        return unsafe Integer(bigEndian: self.bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: type))
    }
}
